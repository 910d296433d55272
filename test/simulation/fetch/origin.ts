/**
 * Origins of a world of fetches: servers that answer by the plans of the calls, each response with a number and a body of its own;
 * and the book in which they record what they saw and sent.
 */

import { gzipSync } from 'node:zlib';
import { Departures } from '../kernel/departures.ts';
import type { Buffers, Endpoint } from '../network/endpoint.ts';
import { type Path, path, type Service } from '../network/network.ts';
import type { Random } from '../random.ts';
import { type Acting, act, Conversation } from '../servers/actors.ts';
import { coSecure, type SecureOptions } from '../tls/secure.ts';
import { type AnswerPlan, baseOf, content, hostOf, type OriginPlan, SOUND, targetOf } from './plan.ts';

/** A request whose whole head has arrived. */
export interface Seen {
  readonly origin: number;
  readonly connection: number;
  /** Number of requests before it on the connection. */
  readonly before: number;
  readonly call: number;
  readonly hop: number;
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  body: Buffer;
  complete: boolean;
}

export interface Made {
  readonly serial: number;
  readonly seen: Seen;
  readonly plan: AnswerPlan;
  readonly body: Buffer;
}

/** A connection, as its server saw it. */
export interface Met {
  readonly origin: number;
  /** Its index among the origin's, from 0; connections that were never established count as well. */
  readonly index: number;
  requests: number;
  /** Whether its server has ended it without an announcement. */
  closed: boolean;
}

export class Book {
  readonly seen: Seen[] = [];
  readonly made: Made[] = [];
  readonly connections: Met[] = [];
  readonly problems: string[] = [];
  readonly departures: Departures = new Departures();
  /** Number of attempts to connect, by origin. */
  readonly attempts: number[] = [];
  /** Responses, by call and hop. */
  readonly answerOf: (call: number, hop: number) => AnswerPlan | undefined;
  /** Called for each request when its head has arrived, and when its response begins. */
  readonly asked: (seen: Seen) => void;
  readonly answered: (seen: Seen) => void;

  constructor(hooks: Pick<Book, 'answerOf' | 'asked' | 'answered'>) {
    this.answerOf = hooks.answerOf;
    this.asked = hooks.asked;
    this.answered = hooks.answered;
  }
}

export class Origin implements Service {
  readonly name: string;
  readonly #plan: OriginPlan;
  readonly #index: number;
  readonly #bases: readonly string[];
  readonly #book: Book;
  /** Drawn paths, by the buffers of a connection, which belong to it alone. */
  readonly #drawn = new Map<Buffers, number>();

  constructor(plans: readonly OriginPlan[], index: number, book: Book) {
    this.name = hostOf(index);
    this.#plan = plans[index] as OriginPlan;
    this.#index = index;
    this.#bases = plans.map(baseOf);
    this.#book = book;
    book.attempts[index] = 0;
  }

  path(random: Random, index: number): Path {
    this.#book.attempts[this.#index] = index;
    const { connect, direction, cut } = this.#plan.connections[index - 1] ?? SOUND;
    const drawn = drawnPath(random, this.#plan);
    const { up, down, server } = drawn;
    this.#drawn.set(server, index - 1);
    const cuts = cut === null ? {} : direction === 'up' ? { up: { cut, ...up } } : { down: { cut, ...down } };
    return { ...drawn, connect, ...cuts };
  }

  accept(endpoint: Endpoint): void {
    const index = this.#drawn.get(endpoint.buffers) ?? 0;
    const met: Met = { origin: this.#index, index, requests: 0, closed: false };
    const number = this.#book.connections.push(met) - 1;
    act(endpoint, this.#coServe(new Conversation(endpoint), met, number));
  }

  *#coServe(talk: Conversation, met: Met, number: number): Acting<void> {
    const { secure, most, idle, announces } = this.#plan;
    if (secure !== 'no' && !(yield* coSecure(secureOptions(this.name, secure))(talk))) {
      met.closed = true;
      talk.endpoint.close();
      return;
    }
    for (let served = 1; ; served++) {
      if (served > 1 && idle > 0 && !(yield* coMoreWithin(talk, idle))) break;
      const seen = yield* this.#coHead(talk, met, number);
      if (seen === undefined) break;
      const plan = this.#book.answerOf(seen.call, seen.hop);
      if (plan === undefined) {
        this.#book.problems.push(`${this.name} is asked for ${seen.target}, which no call asks for`);
        break;
      }
      if (!plan.early) yield* coBody(talk, seen);
      if (plan.close === 'instead' && this.#isFirst(seen)) break;
      const last = most > 0 && served >= most;
      const close = plan.close === 'no' && last ? (announces ? 'announced' : 'unannounced') : plan.close;
      if (!(yield* this.#coAnswer(talk, seen, { ...plan, close }))) {
        met.closed = true;
        return;
      }
      if (plan.early) yield* coBody(talk, seen);
      if (!seen.complete) break;
    }
    met.closed = true;
    talk.wire.finish();
    talk.endpoint.close();
  }

  #isFirst({ target }: Seen): boolean {
    return this.#book.seen.filter((each) => each.target === target).length === 1;
  }

  *#coHead(talk: Conversation, met: Met, connection: number): Acting<Seen | undefined> {
    const head = yield* talk.readThrough('\r\n\r\n');
    if (head === undefined) return undefined;
    const [first = '', ...lines] = head.trimEnd().split('\r\n');
    const [method = '', target = ''] = first.split(' ');
    const headers = new Map(lines.map(fieldOf));
    const [, , call, hop] = target.split('/');
    const seen: Seen = {
      origin: this.#index,
      connection,
      before: met.requests++,
      call: Number(call),
      hop: Number(hop),
      method,
      target,
      headers,
      body: Buffer.alloc(0),
      complete: !announcesBody(headers),
    };
    if (headers.get('host') !== this.name) this.#book.problems.push(`${this.name} is asked as ${headers.get('host')}`);
    this.#book.seen.push(seen);
    this.#book.asked(seen);
    if (talk.world.traced) talk.world.note(talk.endpoint.name, `has the head of ${method} ${target}`);
    return seen;
  }

  /** False if the connection has ended with it. */
  *#coAnswer(talk: Conversation, seen: Seen, plan: AnswerPlan): Acting<boolean> {
    const { delay, close, framing } = plan;
    if (delay < 0) {
      while (yield* talk.more());
      talk.endpoint.close();
      return false;
    }
    if (delay > 0) yield* talk.sleep(delay);
    const serial = this.#book.made.length;
    const withBody = hasContent(seen.method, plan.status);
    const made: Made = { serial, seen, plan, body: withBody ? content(plan.size, serial) : Buffer.alloc(0) };
    this.#book.made.push(made);
    this.#book.answered(seen);
    const complete = yield* coSendInPieces(talk, this.#bytesOf(made, plan), plan);
    if (talk.world.traced) talk.world.note(talk.endpoint.name, `has made answer ${serial}, to ${seen.target}`);
    if (close === 'reset') talk.endpoint.reset();
    const ends =
      (close !== 'no' && close !== 'instead') || (framing === 'close' && withBody) || this.#plan.version === '1.0';
    if (complete && !ends) return true;
    if (close === 'announced' && complete) yield* talk.end('announced');
    talk.wire.finish();
    talk.endpoint.close();
    return false;
  }

  #bytesOf(made: Made, plan: AnswerPlan): Buffer {
    const { status, informational, stray, malformed } = plan;
    const zipped = plan.gzip && /gzip/.test(made.seen.headers.get('accept-encoding') ?? '');
    const body = zipped && made.body.length > 0 ? gzipSync(made.body) : made.body;
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(informational);
    const number = this.#plan.version === '1.1' ? '1.1' : '1.0';
    const lines = [
      malformed === 'head' ? 'Simulated' : `HTTP/${number} ${status} Simulated`,
      `X-Serial: ${made.serial}`,
    ];
    if (zipped && body !== made.body) lines.push('Content-Encoding: gzip');
    lines.push(...this.#connectionFields(plan));
    if (plan.redirect !== null) lines.push(`Location: ${this.#locationOf(made.seen, plan)}`);
    if (status !== 204 && plan.framing === 'length') {
      lines.push(`Content-Length: ${made.seen.method === 'HEAD' || status === 304 ? plan.size : body.length}`);
    }
    if (status !== 204 && plan.framing === 'chunked') lines.push('Transfer-Encoding: chunked');
    const head = Buffer.from(`${early}${lines.join('\r\n')}\r\n\r\n`);
    if (!hasContent(made.seen.method, status)) return Buffer.concat([head, Buffer.alloc(stray, '~')]);
    return Buffer.concat([head, framed(body, plan), Buffer.alloc(plan.framing === 'close' ? 0 : stray, '~')]);
  }

  #connectionFields({ close }: AnswerPlan): string[] {
    const { keepAlive, version } = this.#plan;
    const fields = keepAlive > 0 ? [`Keep-Alive: timeout=${keepAlive}`] : [];
    if (close === 'announced') fields.push('Connection: close');
    else if (version === '1.0-keeps') fields.push('Connection: keep-alive');
    return fields;
  }

  #locationOf({ call, hop }: Seen, { redirect }: AnswerPlan): string {
    if (redirect?.answer === null) return targetOf(call, hop);
    const target = targetOf(call, hop + 1);
    const origin = redirect?.origin ?? 0;
    return origin === this.#index && call % 2 === 0 ? target : `${this.#bases[origin]}${target}`;
  }
}

const FINE: readonly (readonly [number, number])[] = [
  [1, 7],
  [1, 100],
  [50, 100],
  [100, 1460],
  [1, 1460],
];
const COARSE: readonly (readonly [number, number])[] = [
  [1460, 1460],
  [1460, 16384],
  [500, 65536],
];

/** Small segments for small bodies only: a pool does not depend on single bytes. */
function drawnPath(random: Random, { fine }: OriginPlan): Path {
  const latency = random.pick([0, 0.25, 1, 20, 100]);
  const jitter = random.pick([0, 0, 10]);
  const bandwidth = random.pick([Number.POSITIVE_INFINITY, 10_000, fine ? 50 : 1000]);
  const direction = (): Path['up'] => ({ latency, jitter, bandwidth, segment: random.pick(fine ? FINE : COARSE) });
  const buffers = (): Buffers => ({ send: random.size(fine ? 512 : 8192, 65536), receive: random.size(8192, 65536) });
  return path({ up: direction(), down: direction(), client: buffers(), server: buffers() });
}

function secureOptions(name: string, secure: OriginPlan['secure']): SecureOptions {
  return {
    name: secure === 'wrong-name' ? 'other.test' : name,
    refuses: secure === 'refuses',
    truncates: secure === 'truncates',
    tickets: 1,
    largest: 4096,
  };
}

/** Whether more bytes arrive within this many milliseconds. */
function* coMoreWithin(talk: Conversation, milliseconds: number): Acting<boolean> {
  if (talk.left.length > 0) return true;
  const until = talk.world.now + milliseconds;
  const more = talk.more();
  for (;;) {
    const step = more.next();
    if (step.done) return step.value;
    if (talk.world.now >= until) return false;
    yield until - talk.world.now;
  }
}

function* coBody(talk: Conversation, seen: Seen): Acting<void> {
  if (seen.complete) return;
  const length = seen.headers.get('content-length');
  if (length === undefined) {
    seen.complete = yield* coChunks(talk, seen);
  } else {
    seen.body = yield* talk.readBytes(Number(length));
    seen.complete = seen.body.length === Number(length);
  }
}

function* coChunks(talk: Conversation, seen: Seen): Acting<boolean> {
  for (;;) {
    const line = yield* talk.readThrough('\r\n');
    if (line === undefined) return false;
    const size = Number.parseInt(line, 16);
    if (size === 0) return (yield* talk.readThrough('\r\n')) !== undefined;
    const chunk = yield* talk.readBytes(size + 2);
    seen.body = Buffer.concat([seen.body, chunk.subarray(0, size)]);
    if (chunk.length < size + 2) return false;
  }
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function announcesBody(headers: ReadonlyMap<string, string>): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}

/** Whether a response has a body on the wire (RFC 9112 6.3). */
export function hasContent(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

function framed(body: Buffer, { framing, chunk, malformed }: AnswerPlan): Buffer {
  if (framing !== 'chunked') return body;
  const parts: Buffer[] = [];
  for (let start = 0; start < body.length; start += chunk) {
    const part = body.subarray(start, start + chunk);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(malformed === 'chunk' ? 'xyz\r\n\r\n' : '0\r\n\r\n'));
  return Buffer.concat(parts);
}

function* coSendInPieces(talk: Conversation, bytes: Buffer, { piece, pause }: AnswerPlan): Acting<boolean> {
  if (piece === 0) return yield* talk.send(bytes);
  for (let start = 0; start < bytes.length; start += piece) {
    if (!(yield* talk.send(bytes.subarray(start, start + piece)))) return false;
    if (pause > 0) yield* talk.sleep(pause);
  }
  return true;
}
