/**
 * HTTP servers of the world, and a log of what each really saw and sent: the oracle for what the client says. They understand what
 * the client may send, and no more; what they do wrong is done on purpose.
 */

import { type Acting, act, Conversation } from './actors.ts';
import type { Endpoint } from './endpoint.ts';
import { type Path, path, type Service } from './network.ts';
import type { Random } from './random.ts';

/** A request as a server saw it. */
export interface SeenRequest {
  readonly connection: string;
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  /** As much as came. */
  body: Buffer;
  /** Whether all of it came. */
  complete: boolean;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: readonly string[];
  readonly body?: Buffer;
  readonly trailers?: readonly string[];
  /** How the end of the body is known. `close` ends the connection. */
  readonly framing?: 'length' | 'chunked' | 'close';
  /** Sizes of chunks, in turn; and of what is sent at a time, with a pause after each. */
  readonly chunks?: readonly number[];
  readonly piece?: number;
  readonly pause?: number;
  /** Milliseconds before it. */
  readonly delay?: number;
  /** Informational responses before it. */
  readonly before?: readonly string[];
  /** Close behind it, saying so or not. */
  readonly close?: 'announced' | 'unannounced' | 'reset';
}

/** An answer as it was sent. */
export interface SentAnswer {
  readonly connection: string;
  readonly request: SeenRequest;
  readonly status: number;
  readonly body: Buffer;
  /** All of it was given to the kernel. */
  complete: boolean;
}

export interface ServerLog {
  readonly requests: SeenRequest[];
  readonly answers: SentAnswer[];
}

export interface ServerOptions {
  readonly name: string;
  readonly path?: (random: Random, index: number) => Path;
  readonly answer: (request: SeenRequest, index: number) => Answer;
  /** Asked when the head alone is there; what it gives is sent before the body is read. */
  readonly early?: (request: SeenRequest, index: number) => Answer | undefined;
  /** Requests of a connection before it is closed, announced or not. */
  readonly most?: number;
  readonly announce?: boolean;
  /** What `Expect: 100-continue` gets. `late`: after so many milliseconds. */
  readonly expectation?: 'grant' | 'refuse' | 'never' | { readonly late: number };
  /** How request bodies are read. */
  readonly pace?: { readonly size: number; readonly pause: number };
  /** What is spoken below HTTP. False: no. */
  readonly secure?: (talk: Conversation) => Acting<boolean>;
  /** As a proxy it is the server itself that CONNECT leads to: what is spoken from there on below HTTP. */
  readonly tunnel?: (talk: Conversation) => Acting<boolean>;
}

export class Server implements Service {
  readonly name: string;
  readonly log: ServerLog = { requests: [], answers: [] };
  readonly #options: ServerOptions;
  #answered = 0;

  constructor(options: ServerOptions) {
    this.name = options.name;
    this.#options = options;
  }

  path(random: Random, index: number): Path {
    return this.#options.path?.(random, index) ?? path();
  }

  accept(endpoint: Endpoint): void {
    act(endpoint, this.#coServe(new Conversation(endpoint)));
  }

  *#coServe(talk: Conversation): Acting<void> {
    const { most = Number.POSITIVE_INFINITY, announce = true, secure } = this.#options;
    if (secure !== undefined && !(yield* secure(talk))) {
      talk.endpoint.close();
      return;
    }
    for (let served = 1; ; served++) {
      const request = yield* this.#coReadHead(talk);
      if (request === undefined) break;
      if (request.method === 'CONNECT' && this.#options.tunnel !== undefined) {
        yield* talk.send(Buffer.from('HTTP/1.1 200 Connected\r\n\r\n'));
        if (yield* this.#options.tunnel(talk)) continue;
        break;
      }
      const index = this.#answered++;
      const early = this.#options.early?.(request, index);
      if (early === undefined) yield* this.#coReadBody(talk, request);
      const answer = early ?? this.#options.answer(request, index);
      const close = answer.close ?? (served >= most ? (announce ? 'announced' : 'unannounced') : undefined);
      const kept = yield* this.#coAnswer(talk, request, close === undefined ? answer : { ...answer, close });
      if (!kept) return;
      if (early !== undefined) yield* this.#coReadBody(talk, request);
      if (!request.complete) break;
    }
    talk.wire.finish();
    talk.endpoint.close();
  }

  *#coReadHead(talk: Conversation): Acting<SeenRequest | undefined> {
    const head = yield* talk.readThrough('\r\n\r\n');
    if (head === undefined) return undefined;
    const [first = '', ...lines] = head.trimEnd().split('\r\n');
    const [method = '', target = ''] = first.split(' ');
    const headers = new Map(lines.map((line) => fieldOf(line)));
    const connection = talk.endpoint.name;
    const request = { connection, method, target, headers, body: Buffer.alloc(0), complete: !hasBody(headers) };
    this.log.requests.push(request);
    if (talk.world.traced) talk.world.note(talk.endpoint.name, `has the head of ${method} ${target}`);
    return request;
  }

  *#coReadBody(talk: Conversation, request: SeenRequest): Acting<void> {
    if (request.complete) return;
    if (request.headers.has('expect')) yield* this.#coExpected(talk);
    const length = request.headers.get('content-length');
    if (length === undefined) {
      request.complete = yield* this.#coReadChunks(talk, request);
    } else {
      request.body = yield* talk.readBytes(Number(length), this.#options.pace);
      request.complete = request.body.length === Number(length);
    }
  }

  *#coExpected(talk: Conversation): Acting<void> {
    const { expectation = 'grant' } = this.#options;
    if (expectation === 'never' || expectation === 'refuse') return;
    if (expectation !== 'grant') yield* talk.sleep(expectation.late);
    yield* talk.send(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
  }

  *#coReadChunks(talk: Conversation, request: SeenRequest): Acting<boolean> {
    for (;;) {
      const line = yield* talk.readThrough('\r\n');
      if (line === undefined) return false;
      const size = Number.parseInt(line, 16);
      if (size === 0) break;
      const chunk = yield* talk.readBytes(size + 2, this.#options.pace);
      request.body = Buffer.concat([request.body, chunk.subarray(0, size)]);
      if (chunk.length < size + 2) return false;
    }
    for (;;) {
      const line = yield* talk.readThrough('\r\n');
      if (line === undefined || line === '\r\n') return line !== undefined;
    }
  }

  /** False if the connection has ended with it. */
  *#coAnswer(talk: Conversation, request: SeenRequest, answer: Answer): Acting<boolean> {
    const { status = 200, body = Buffer.alloc(0), delay = 0, before = [], close, framing = 'length' } = answer;
    if (delay > 0) yield* talk.sleep(delay);
    const sent: SentAnswer = { connection: talk.endpoint.name, request, status, body, complete: false };
    this.log.answers.push(sent);
    const withBody = request.method !== 'HEAD' && status !== 204 && status !== 304;
    const wire = [...before, headOf(status, answer)].join('');
    const bytes = Buffer.concat([Buffer.from(wire, 'latin1'), withBody ? framed(body, answer) : Buffer.alloc(0)]);
    sent.complete = yield* coSendInPieces(talk, bytes, answer);
    if (talk.world.traced)
      talk.world.note(talk.endpoint.name, `has answered ${request.target} with ${status}, ${bytes.length} bytes`);
    if (sent.complete && close === undefined && framing !== 'close') return true;
    if (close === 'reset') talk.endpoint.reset();
    else if (sent.complete) yield* talk.closeInOrder();
    talk.endpoint.close();
    return false;
  }
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function hasBody(headers: ReadonlyMap<string, string>): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}

function headOf(status: number, answer: Answer): string {
  const { body, framing = 'length', headers = [], close } = answer;
  const lines = [`HTTP/1.1 ${status} Simulated`, ...headers];
  if (framing === 'length' && status !== 204) lines.push(`Content-Length: ${body?.length ?? 0}`);
  if (framing === 'chunked') lines.push('Transfer-Encoding: chunked');
  if (close === 'announced') lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function framed(body: Buffer, { framing = 'length', chunks = [1000], trailers = [] }: Answer): Buffer {
  if (framing !== 'chunked') return body;
  const parts: Buffer[] = [];
  for (let start = 0, index = 0; start < body.length; index++) {
    const part = body.subarray(start, start + (chunks[index % chunks.length] as number));
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
    start += part.length;
  }
  parts.push(Buffer.from(`0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`));
  return Buffer.concat(parts);
}

function* coSendInPieces(talk: Conversation, bytes: Buffer, { piece, pause = 0 }: Answer): Acting<boolean> {
  if (piece === undefined) return yield* talk.send(bytes);
  for (let start = 0; start < bytes.length; start += piece) {
    if (!(yield* talk.send(bytes.subarray(start, start + piece)))) return false;
    if (pause > 0) yield* talk.sleep(pause);
  }
  return true;
}
