/**
 * HTTP servers of the world, with a log of what each saw and sent: the oracle for the client's claims. They understand what
 * the client may send, and no more; their faults are deliberate.
 */

import type { Endpoint } from '../network/endpoint.ts';
import { type Path, path, type Service } from '../network/network.ts';
import type { Random } from '../random.ts';
import { type Acting, act, Conversation } from './actors.ts';
import { chunk, closeOf, framed, hasContent, headOf, lastChunk } from './answer-bytes.ts';
import type { Answer, Ending, SeenRequest, SentAnswer, ServerLog } from './exchanges.ts';
import { coReadBody, coReadHead, type Pace } from './requests.ts';

export type { Answer, Ending, SeenRequest, SentAnswer, ServerLog } from './exchanges.ts';

/**
 * The reaction to `Expect: 100-continue`. `late`: after this many milliseconds. `refuse`: a response instead, 417 by default;
 * if that does not close, `body` says whether the body still follows, or was never meant to.
 */
export type Expectation =
  | 'grant'
  | 'refuse'
  | 'never'
  | { readonly late: number }
  | { readonly refuse: Answer; readonly body?: 'awaited' | 'none' };

/** An action on a connection with nothing under way; `race`: just as the next request is on its way. */
export interface Between {
  readonly after: number | 'race';
  /** `timeout`: it says 408 before. */
  readonly how: Ending | 'timeout';
}

export interface ServerOptions {
  readonly name: string;
  readonly path?: (random: Random, index: number) => Path;
  readonly answer: (request: SeenRequest, index: number) => Answer;
  /** Called once the head has arrived; its response is sent before the body is read. */
  readonly early?: (request: SeenRequest, index: number) => Answer | undefined;
  /** Informational responses that are sent once the head has arrived. */
  readonly hints?: (request: SeenRequest, index: number) => readonly string[];
  /** Requests of a connection before it is closed, announced or not. */
  readonly most?: number;
  readonly announce?: boolean;
  readonly expectation?: Expectation | ((request: SeenRequest, index: number) => Expectation);
  /** How request bodies are read. */
  readonly pace?: Pace;
  /** The fate of a new connection before anything is read: it ends, or unrequested bytes are sent. */
  readonly greeting?: (connection: number) => Ending | 'silence' | Buffer | undefined;
  /** Called before each wait for a request. */
  readonly between?: (served: number, connection: number) => Between | undefined;
  /** The layer below HTTP. False: it failed. */
  readonly secure?: (talk: Conversation) => Acting<boolean>;
  /** For a proxy whose CONNECT leads to itself: the layer below HTTP from there on. */
  readonly tunnel?: (talk: Conversation) => Acting<boolean>;
  /** A proxy's reaction to CONNECT: a response that refuses it, or, after a response of its own, whether HTTP goes on. */
  readonly connect?: (talk: Conversation, request: SeenRequest, index: number) => Acting<Answer | boolean>;
}

export class Server implements Service {
  readonly name: string;
  readonly log: ServerLog = { requests: [], answers: [], deeds: [] };
  readonly #options: ServerOptions;
  #answered = 0;
  #connections = 0;

  constructor(options: ServerOptions) {
    this.name = options.name;
    this.#options = options;
  }

  path(random: Random, index: number): Path {
    return this.#options.path?.(random, index) ?? path();
  }

  accept(endpoint: Endpoint): void {
    act(endpoint, this.coServe(new Conversation(endpoint)));
  }

  /** Serves a whole connection, also one that a proxy has made. */
  *coServe(talk: Conversation): Acting<void> {
    const connection = this.#connections++;
    const { secure } = this.#options;
    if (secure !== undefined && !(yield* secure(talk))) {
      talk.endpoint.close();
      return;
    }
    if (yield* this.#coGreet(talk, connection)) yield* this.#coExchanges(talk, connection);
  }

  /** For a proxy: the response to a request from another connection. Its fate is in the proxy's log. */
  answerTo(request: SeenRequest): Answer {
    this.log.requests.push(request);
    return this.#options.answer(request, this.#answered++);
  }

  *#coExchanges(talk: Conversation, connection: number): Acting<void> {
    for (let served = 0; ; served++) {
      const between = this.#options.between?.(served, connection);
      if (between !== undefined && !(yield* this.#coBetween(talk, between))) return;
      const request = yield* coReadHead(talk);
      if (typeof request === 'string') this.#note(talk, request);
      if (request === undefined || typeof request === 'string') break;
      this.log.requests.push(request);
      const kept =
        request.method === 'CONNECT'
          ? yield* this.#coConnect(talk, request, served)
          : yield* this.#coExchange(talk, request, served);
      if (!kept) return;
      if (!request.complete) break;
    }
    yield* talk.end('abrupt');
  }

  *#coConnect(talk: Conversation, request: SeenRequest, served: number): Acting<boolean> {
    const { connect, tunnel } = this.#options;
    if (connect === undefined && tunnel === undefined) return yield* this.#coExchange(talk, request, served);
    let next: Answer | boolean = false;
    if (connect !== undefined) {
      next = yield* connect(talk, request, this.#answered++);
    } else if (tunnel !== undefined) {
      yield* talk.send(Buffer.from('HTTP/1.1 200 Connected\r\n\r\n'));
      next = yield* tunnel(talk);
    }
    if (typeof next === 'object') return yield* this.#coAnswer(talk, request, next);
    if (!next) yield* talk.end('abrupt');
    return next;
  }

  /** False if the connection has ended. */
  *#coExchange(talk: Conversation, request: SeenRequest, served: number): Acting<boolean> {
    const { early: earlyOf, most = Number.POSITIVE_INFINITY, announce = true } = this.#options;
    const index = this.#answered++;
    const hints = this.#options.hints?.(request, index);
    if (hints !== undefined) yield* talk.send(Buffer.from(hints.join(''), 'latin1'));
    const close = served + 1 >= most ? (announce ? 'announced' : 'unannounced') : undefined;
    const closing = (answer: Answer): Answer => (close === undefined ? answer : { close, ...answer });
    const early = earlyOf?.(request, index) ?? (yield* this.#coExpected(talk, request, index));
    if (early === undefined) {
      yield* coReadBody(talk, request, this.#options.pace);
      return yield* this.#coAnswer(talk, request, closing(this.#options.answer(request, index)));
    }
    if (early.echo === true) return yield* this.#coEcho(talk, request, closing(early));
    if (!(yield* this.#coAnswer(talk, request, closing(early)))) return false;
    yield* coReadBody(talk, request, this.#options.pace);
    return true;
  }

  /** Grants the expectation, or returns the response that refuses it. */
  *#coExpected(talk: Conversation, request: SeenRequest, index: number): Acting<Answer | undefined> {
    if (request.complete || !request.headers.has('expect')) return undefined;
    const { expectation: given = 'grant' } = this.#options;
    const expectation = typeof given === 'function' ? given(request, index) : given;
    if (expectation === 'never') return undefined;
    if (expectation === 'refuse') return { status: 417, close: 'announced' };
    if (typeof expectation === 'object' && 'refuse' in expectation) {
      request.complete = expectation.body === 'none';
      return expectation.refuse;
    }
    if (expectation !== 'grant') yield* talk.sleep(expectation.late);
    request.granted = true;
    yield* talk.send(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
    return undefined;
  }

  // --- responses -----------------------------------------------------------------------------------------------------

  /** False if the connection has ended with it. */
  *#coAnswer(talk: Conversation, request: SeenRequest, answer: Answer): Acting<boolean> {
    const { body = Buffer.alloc(0), instead, cut } = answer;
    if (instead !== undefined) return yield* this.#coEnded(talk, instead, `instead ${instead}`);
    const sent = yield* this.#coBegin(talk, request, answer);
    const content = hasContent(request.method, sent.status) ? framed(body, answer) : Buffer.alloc(0);
    const whole = Buffer.concat([Buffer.from(headOf(answer), 'latin1'), content]);
    const bytes = whole.subarray(0, cut?.after);
    yield* this.#coSendInPieces(talk, sent, bytes);
    if (answer.twice === true) yield* talk.send(whole);
    if (answer.stray !== undefined) yield* talk.send(answer.stray);
    if (cut !== undefined) return yield* this.#coEnded(talk, cut.how, `cut ${cut.how}`);
    return yield* this.#coFinished(talk, sent);
  }

  /** Everything before a response's head. */
  *#coBegin(talk: Conversation, request: SeenRequest, answer: Answer): Acting<SentAnswer> {
    const { status = 200, body = Buffer.alloc(0), delay = 0, before = [], beforePause = 0 } = answer;
    if (delay > 0) yield* talk.sleep(delay);
    const connection = talk.endpoint.name;
    const sent: SentAnswer = { connection, request, status, body, complete: false, answer, bytes: 0 };
    this.log.answers.push(sent);
    for (const one of before) {
      sent.bytes += one.length;
      yield* talk.send(Buffer.from(one, 'latin1'));
      if (beforePause > 0) yield* talk.sleep(beforePause);
    }
    return sent;
  }

  *#coSendInPieces(talk: Conversation, sent: SentAnswer, bytes: Buffer): Acting<void> {
    const { piece = bytes.length, pause = 0, cut } = sent.answer;
    for (let start = 0; start < bytes.length; start += piece) {
      if (start > 0 && pause > 0) yield* talk.sleep(pause);
      const part = bytes.subarray(start, start + piece);
      if (!(yield* talk.send(part))) return;
      sent.bytes += part.length;
    }
    sent.complete = cut === undefined;
  }

  *#coEcho(talk: Conversation, request: SeenRequest, answer: Answer): Acting<boolean> {
    const sent = yield* this.#coBegin(talk, request, answer);
    sent.complete = yield* talk.send(Buffer.from(headOf({ ...answer, framing: 'chunked' }), 'latin1'));
    const coSendBack = function* (part: Buffer): Acting<void> {
      sent.body = Buffer.concat([sent.body, part]);
      sent.complete &&= part.length === 0 || (yield* talk.send(chunk(part)));
    };
    yield* coReadBody(talk, request, this.#options.pace, coSendBack);
    sent.complete &&= request.complete && (yield* talk.send(lastChunk(answer)));
    return yield* this.#coFinished(talk, sent);
  }

  /** False if the connection has ended with it. */
  *#coFinished(talk: Conversation, { answer, status, request, complete, bytes }: SentAnswer): Acting<boolean> {
    if (talk.world.traced)
      talk.world.note(talk.endpoint.name, `has answered ${request.target} with ${status}, ${bytes} bytes`);
    const close = answer.malformed === 'endless-head' ? 'unannounced' : closeOf(answer);
    if (complete && close === undefined) return true;
    yield* talk.end(complete ? (close ?? 'abrupt') : 'abrupt');
    return false;
  }

  // --- actions on connections ----------------------------------------------------------------------------------------

  #note(talk: Conversation, deed: string): void {
    this.log.deeds.push({ connection: talk.endpoint.name, deed });
    if (talk.world.traced) talk.world.note(talk.endpoint.name, deed);
  }

  *#coEnded(talk: Conversation, how: Ending | 'silence', deed: string): Acting<false> {
    this.#note(talk, deed);
    yield* talk.end(how);
    return false;
  }

  *#coGreet(talk: Conversation, connection: number): Acting<boolean> {
    const greeting = this.#options.greeting?.(connection);
    if (greeting === undefined) return true;
    if (typeof greeting === 'string') return yield* this.#coEnded(talk, greeting, `greeting ${greeting}`);
    this.#note(talk, 'greeting');
    return yield* talk.send(greeting);
  }

  /** False if the connection has ended. */
  *#coBetween(talk: Conversation, { after, how }: Between): Acting<boolean> {
    const until = after === 'race' ? Number.POSITIVE_INFINITY : talk.world.now + after;
    if (yield* talk.come(until, after === 'race')) return true;
    const deed = after === 'race' ? `race ${how}` : `idle ${how}`;
    if (how !== 'timeout') return yield* this.#coEnded(talk, how, deed);
    yield* talk.send(Buffer.from(headOf({ status: 408, close: 'announced' })));
    return yield* this.#coEnded(talk, 'unannounced', deed);
  }
}
