/** The hosts of a bulk transfer: servers that answer by the plans of the jobs, and the book of what they have seen and sent. */

import { createHash } from 'node:crypto';
import type { Endpoint } from '../network/endpoint.ts';
import { type Path, path, type Service } from '../network/network.ts';
import type { Random } from '../random.ts';
import { type Acting, act, Conversation } from '../servers/actors.ts';
import { closeOf, framed, hasContent, headOf } from '../servers/answer-bytes.ts';
import type { Answer, SeenRequest } from '../servers/exchanges.ts';
import { coReadBody, coReadHead, HALF } from '../servers/requests.ts';
import {
  documentOf,
  etagOf,
  type HostPlan,
  hostName,
  hostOf,
  type JobPlan,
  SOUND,
  type Surroundings,
  targetOf,
  uploadOf,
} from './plan.ts';

/** A request for a hop of a job. */
export interface Asked {
  readonly request: SeenRequest;
  /** The status that it got. */
  status: number | undefined;
  /** Whether the whole response was given to the kernel. */
  whole: boolean;
}

/** What was asked of one hop of a job. */
export class Page {
  readonly job: JobPlan;
  readonly hop: number;
  readonly asked: Asked[] = [];

  constructor(job: JobPlan, hop: number) {
    this.job = job;
    this.hop = hop;
  }

  get target(): string {
    return targetOf(this.job.id, this.hop);
  }

  /** Whether the document is here, and no redirect. */
  get isLast(): boolean {
    return this.hop === this.job.redirects.length;
  }
}

export class Book {
  readonly problems: string[] = [];
  readonly #jobs: ReadonlyMap<number, JobPlan>;
  readonly #pages = new Map<string, Page>();
  /** Connections that were made, that were not as planned for a sound one, and attempts to connect, by host. */
  readonly connections: number[];
  readonly broken: number[];
  readonly attempts: number[];
  requests = 0;
  faults = 0;

  constructor({ jobs, hosts }: Surroundings) {
    this.#jobs = new Map(jobs.map((job) => [job.id, job]));
    this.connections = hosts.map(() => 0);
    this.broken = hosts.map(() => 0);
    this.attempts = hosts.map(() => 0);
  }

  page(target: string): Page | undefined {
    const known = this.#pages.get(target);
    if (known !== undefined) return known;
    const [, id, hop] = /^\/j(\d+)\/(\d+)$/.exec(target) ?? [];
    const job = this.#jobs.get(Number(id));
    if (job === undefined || Number(hop) > job.redirects.length) return undefined;
    const page = new Page(job, Number(hop));
    this.#pages.set(target, page);
    return page;
  }
}

const REFUSED: Answer = { status: 400, close: 'announced' };

export class BulkHost implements Service {
  readonly name: string;
  readonly #index: number;
  readonly #plan: HostPlan;
  readonly #book: Book;
  #overloads: number;
  #requests = 0;

  constructor({ hosts }: Surroundings, index: number, book: Book) {
    this.name = hostName(index);
    this.#index = index;
    this.#plan = hosts[index] as HostPlan;
    this.#book = book;
    this.#overloads = this.#plan.overload.left;
  }

  path(_random: Random, index: number): Path {
    const { latency, bandwidth, segment, buffer, connections, later } = this.#plan;
    this.#book.attempts[this.#index] = index;
    const { connect, cut } = connections[index - 1] ?? { ...SOUND, connect: later };
    const direction = { latency, jitter: 0, bandwidth, segment };
    const buffers = { send: buffer, receive: buffer };
    if (connect !== 'accept' || cut !== null) this.#broke();
    return path({
      ...{ connect, up: direction, client: buffers, server: buffers },
      down: cut === null ? direction : { ...direction, cut },
    });
  }

  accept(endpoint: Endpoint): void {
    (this.#book.connections[this.#index] as number)++;
    act(endpoint, this.#coServe(new Conversation(endpoint)));
  }

  #broke(): void {
    (this.#book.broken[this.#index] as number)++;
    this.#book.faults++;
  }

  *#coServe(talk: Conversation): Acting<void> {
    const { most } = this.#plan;
    for (let served = 1; ; ) {
      const request = yield* this.#coRead(talk);
      if (request === undefined) break;
      const requests = yield* this.#coDisordered(talk, request);
      for (const [place, each] of requests.entries()) {
        if (!(yield* this.#coAnswer(talk, each, { last: most > 0 && served >= most, behind: place > 0 }))) return;
        served++;
      }
      if (this.#plan.disorder === 'closes' && talk.left.length > 0) {
        this.#broke();
        yield* talk.end('abrupt');
        return;
      }
    }
    yield* talk.end('abrupt');
  }

  *#coRead(talk: Conversation): Acting<SeenRequest | undefined> {
    const request = yield* coReadHead(talk);
    if (request === HALF) return undefined;
    if (typeof request === 'string') return noRequest(talk);
    if (request !== undefined && !this.#refuses(request)) yield* coReadBody(talk, request);
    return request;
  }

  /** Whether it is answered although its body has not arrived. */
  #refuses({ target, complete }: SeenRequest): boolean {
    const page = this.#book.page(target);
    return !complete && page?.job.fault === 'early' && page.asked.length < page.job.times;
  }

  /** The requests to answer now, in this order. */
  *#coDisordered(talk: Conversation, request: SeenRequest): Acting<readonly SeenRequest[]> {
    const { disorder } = this.#plan;
    const { left } = talk;
    if (this.#refuses(request)) return [request];
    const more = left.includes('\r\n\r\n');
    if (disorder === 'drops-rest' && left.length > 0) {
      this.#broke();
      yield* talk.readBytes(left.length);
    }
    if (!more || (disorder !== 'swaps' && disorder !== 'loses-second' && disorder !== 'fails-behind')) return [request];
    const second = yield* this.#coRead(talk);
    if (second === undefined) return [request];
    yield* coReadBody(talk, second);
    this.#broke();
    if (disorder === 'loses-second') return [request];
    return disorder === 'swaps' ? [second, request] : [request, second];
  }

  /** False if the connection has ended with it. */
  *#coAnswer(
    talk: Conversation,
    request: SeenRequest,
    { last, behind }: { last: boolean; behind: boolean },
  ): Acting<boolean> {
    const page = this.#pageOf(request);
    const asked: Asked = { request, status: undefined, whole: false };
    const early = this.#refuses(request);
    page?.asked.push(asked);
    this.#book.requests++;
    if (talk.world.traced) talk.world.note(talk.endpoint.name, `has read ${request.method} ${request.target}`);
    if (!request.complete && !early) return yield* coAbrupt(talk);
    const ending = this.#plan.resets ? 'reset' : 'unannounced';
    let answer = page === undefined ? REFUSED : this.#answerTo(page, { asked, behind });
    if (last && answer.close === undefined) answer = { ...answer, close: this.#plan.announces ? 'announced' : ending };
    if (early) answer = { ...answer, close: 'announced' };
    if (answer.delay !== undefined && answer.delay > 0) yield* talk.sleep(answer.delay);
    if (answer.instead !== undefined) {
      this.#broke();
      yield* talk.end(answer.instead);
      return false;
    }
    asked.status = answer.status ?? 200;
    if (answer.twice === true || answer.stray !== undefined || answer.malformed !== undefined) this.#broke();
    const { body = Buffer.alloc(0) } = answer;
    const content = hasContent(request.method, asked.status) ? framed(body, answer) : Buffer.alloc(0);
    const whole = Buffer.concat([Buffer.from(headOf(answer), 'latin1'), content]);
    if (!(yield* coSend(talk, whole.subarray(0, answer.cut?.after ?? whole.length), answer)))
      return yield* coAbrupt(talk);
    if (answer.cut !== undefined) {
      this.#broke();
      yield* talk.end(answer.cut.how);
      return false;
    }
    asked.whole = true;
    if (talk.world.traced) talk.world.note(talk.endpoint.name, `has answered ${request.target} with ${asked.status}`);
    if (answer.twice === true) yield* talk.send(whole);
    const close = closeOf(answer);
    if (answer.stray !== undefined && close === undefined) yield* talk.send(answer.stray);
    if (close === undefined) return true;
    // A response without a body, or one to HTTP/1.0, does not announce its end.
    if (close !== 'announced') this.#broke();
    yield* talk.end(close);
    return false;
  }

  #pageOf(request: SeenRequest): Page | undefined {
    const page = this.#book.page(request.target);
    if (page === undefined) {
      if (this.#plan.disorder !== 'drops-rest') this.#problem(`is asked for ${request.target}`);
      return undefined;
    }
    if (hostOf(page.job, page.hop) !== this.#index) this.#problem(`is asked for ${request.target}, which is elsewhere`);
    if (request.headers.get('host') !== this.name) this.#problem(`is asked as ${request.headers.get('host')}`);
    const { upload, method } = page.job;
    if (upload !== null && request.method === method && request.complete && !request.body.equals(uploadOf(page.job))) {
      this.#problem(`gets another body with ${request.method} ${request.target}`);
    }
    return page;
  }

  #problem(what: string): void {
    this.#book.problems.push(`${this.name} ${what}`);
  }

  #answerTo(page: Page, { asked, behind }: { asked: Asked; behind: boolean }): Answer {
    const { job, hop, target } = page;
    const { disorder } = this.#plan;
    const overload = this.#overload();
    if (overload !== undefined)
      return this.#inVersion({ ...overload, headers: [`X-Document: ${target}`, ...(overload.headers ?? [])] });
    const times = page.asked.length;
    const faulty = job.fault !== 'no' && page.isLast && times <= job.times;
    if (faulty) this.#book.faults++;
    const fine = this.#fine(page, asked.request);
    const failing = behind && disorder === 'fails-behind' ? { ...plainStatus(500, target) } : fine;
    const answer = faulty ? withFault(failing, { job, target }) : failing;
    const twice =
      disorder === 'twice' && closeOf(this.#inVersion(answer)) === undefined && (job.id + hop + times) % 7 === 0;
    if (twice) this.#book.faults++;
    return this.#inVersion(twice ? { ...answer, twice } : answer);
  }

  #fine({ job, hop, target, isLast }: Page, { method }: SeenRequest): Answer {
    const headers = [`X-Document: ${target}`];
    if (!isLast) {
      const { status = 302, host = 0 } = job.redirects[hop] ?? {};
      const next = targetOf(job.id, hop + 1);
      const there = host === this.#index && job.id % 2 === 0 ? next : `http://${hostName(host)}${next}`;
      return { status, headers: [...headers, `Location: ${there}`], body: Buffer.alloc(job.id % 50, '>') };
    }
    const body = job.status === 204 ? Buffer.alloc(0) : documentOf(job.size, target);
    headers.push(`ETag: ${etagOf(target)}`);
    if (this.#plan.digests && method !== 'HEAD')
      headers.push(`Repr-Digest: sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
    const { status, framing, delay, piece, pause } = job;
    return {
      ...{ status, framing, delay, pause, headers, body, chunks: [1000, 3, 60_000] },
      piece: piece === 0 ? Number.MAX_SAFE_INTEGER : piece,
    };
  }

  #inVersion(answer: Answer): Answer {
    const { version } = this.#plan;
    if (version === '1.1') return answer;
    const framing = answer.framing === 'chunked' ? 'close' : answer.framing;
    return {
      ...answer,
      version: '1.0',
      keepAlive: version === '1.0-keeps' && framing !== 'close',
      framing: framing ?? 'length',
    };
  }

  #overload(): Answer | undefined {
    const { every, burst, status, retryAfter } = this.#plan.overload;
    if (every === 0 || this.#overloads === 0 || this.#requests++ % (every + burst) < every) return undefined;
    this.#overloads--;
    this.#book.faults++;
    return { status, headers: retryAfter < 0 ? [] : [`Retry-After: ${retryAfter}`] };
  }
}

function plainStatus(status: number, target: string, headers: readonly string[] = []): Answer {
  return { status, headers: [`X-Document: ${target}`, ...headers], body: Buffer.from('sorry') };
}

function withFault(fine: Answer, { job, target }: { job: JobPlan; target: string }): Answer {
  const { fault, retryAfter } = job;
  const [, status] = /^status-(\d+)$/.exec(fault) ?? [];
  if (status !== undefined) {
    return plainStatus(Number(status), target, retryAfter < 0 ? [] : [`Retry-After: ${retryAfter}`]);
  }
  if (fault === 'short') return { ...fine, cut: { after: headOf(fine).length + (job.size >> 1), how: 'unannounced' } };
  if (fault === 'early') return plainStatus(413, target);
  if (fault === 'silent') return { ...fine, instead: 'silence' };
  if (fault === 'instead') return { ...fine, instead: 'unannounced' };
  if (fault === 'malformed') return { ...fine, malformed: 'status-line' };
  return fine.framing === 'close' ? fine : { ...fine, stray: Buffer.from('~~~~') };
}

function* coAbrupt(talk: Conversation): Acting<false> {
  yield* talk.end('abrupt');
  return false;
}

/** What is left of a request after something of it was thrown away. */
function noRequest({ endpoint }: Conversation): SeenRequest {
  const nothing = { headers: new Map(), body: Buffer.alloc(0), trailers: new Map(), granted: false };
  return { connection: endpoint.name, method: 'GET', target: '', version: 'HTTP/1.1', complete: true, ...nothing };
}

function* coSend(talk: Conversation, bytes: Buffer, { piece = bytes.length, pause = 0 }: Answer): Acting<boolean> {
  for (let start = 0; start < bytes.length; start += piece) {
    if (start > 0 && pause > 0) yield* talk.sleep(pause);
    if (!(yield* talk.send(bytes.subarray(start, start + piece)))) return false;
  }
  return true;
}
