/**
 * A sender and a reader on one session, as a program has them: two coroutines. Each writes down what it came to. What they wait for
 * besides the session, they wait for on `PARKED`, which session-run.ts knows.
 */

import type { Session } from '../../src/client/session.ts';
import { type Coroutine, PollNeeded, waitFor } from '../../src/coroutine.ts';
import type { Runner } from '../../src/schedule/running.ts';
import type { Answer, Script, SentRequest } from './session-scenarios.ts';
import { requestOf } from './session-scenarios.ts';

/** The coroutine waits for the other one, not for the session. */
export const PARKED: PollNeeded = new PollNeeded(-1, 0);

/** What a coroutine came to; undefined: it goes on. */
export type Outcome = 'done' | 'stopped' | { readonly error: unknown } | undefined;

/** One of the two coroutines. */
export abstract class Actor {
  readonly name: string;
  readonly session: Session;
  readonly script: Script;
  /** What it waits for; undefined before it has begun, while it runs, and behind its end. */
  need: PollNeeded | undefined;
  begun = false;
  outcome: Outcome;
  /** Something has called the runner since the coroutine was suspended. */
  woken = false;
  readonly runner: Runner = {
    driver: 'blocked thread',
    wake: () => {
      if (this.need !== undefined) this.woken = true;
    },
  };
  readonly coroutine: Coroutine<void>;

  constructor(name: string, session: Session, script: Script) {
    this.name = name;
    this.session = session;
    this.script = script;
    this.coroutine = this.coRun();
  }

  get ended(): boolean {
    return this.outcome !== undefined;
  }

  /** Whether something that is no part of the session lets it go on. */
  abstract get unparked(): boolean;

  protected abstract coRun(): Coroutine<void>;
}

export class Sender extends Actor {
  /** How many requests the session has for certain. */
  registered = 0;
  /** The request that is being given to the session. */
  attempting = -1;
  /** What the server has said to an expectation. */
  permission: 'granted' | 'refused' | undefined;
  readerEnded: () => boolean = () => false;
  /** Called with the number of a request that was sent to its end, as the session says, or with its head only. */
  sent: (request: number, what: 'head' | 'whole') => void = () => undefined;

  override get unparked(): boolean {
    return this.permission !== undefined || this.readerEnded();
  }

  protected override *coRun(): Coroutine<void> {
    for (const request of this.script.scenario.requests) {
      this.attempting++;
      yield* this.#coSend(request);
      this.registered = this.attempting + 1;
    }
  }

  *#coSend(request: SentRequest): Coroutine<void> {
    const { session } = this;
    const { path, how, body } = request;
    const bytes = how === 'whole' ? Buffer.from(body.join('')) : undefined;
    try {
      yield* session.coSendRequest(how === 'get' ? 'GET' : 'PUT', path, { request: requestOf(request), body: bytes });
    } finally {
      // What the caller does with its memory behind the call is nothing to the session.
      bytes?.fill('!');
    }
    this.registered = this.attempting + 1;
    this.sent(this.attempting, 'head');
    if (how === 'pieces') yield* session.coWriteAll(body, requestOf(request));
    if (how !== 'expecting') {
      this.sent(this.attempting, 'whole');
      return;
    }
    while (!this.unparked) yield* waitFor(PARKED);
    if (this.permission !== 'granted') return;
    yield* session.coSend(({ protocol }) => protocol.sendData(Buffer.from(body.join(''))));
    this.sent(this.attempting, 'whole');
  }
}

/** A response that was read to its end. */
export interface ReadAnswer {
  readonly path: string;
  readonly text: string;
}

export class Reader extends Actor {
  readonly answers: ReadAnswer[] = [];
  /** Called with the number of the request when an answer's head was read that lets nothing more be sent. */
  told: (request: number, last: Answer['last']) => void = () => undefined;
  readonly #sender: Sender;

  constructor(name: string, sender: Sender) {
    super(name, sender.session, sender.script);
    this.#sender = sender;
  }

  /** A reader asks for the next response when there is a request for it, and a coroutine at work on its body. */
  override get unparked(): boolean {
    const { pendingRequest, awaitingBody } = this.session.protocol;
    if (this.#sender.ended) return true;
    return pendingRequest !== undefined && (!awaitingBody || this.#sender.need !== PARKED);
  }

  protected override *coRun(): Coroutine<void> {
    const { session, script } = this;
    while (this.answers.length < script.scenario.requests.length) {
      while (!this.unparked) yield* waitFor(PARKED);
      if (session.protocol.pendingRequest === undefined) return;
      const response = yield* session.coNextResponse();
      const granted = response === undefined || response.head.status === 100;
      if (session.protocol.latestRequest?.path === (response?.path ?? '/4'))
        this.#sender.permission ??= granted ? 'granted' : 'refused';
      if (granted) continue;
      const request = script.scenario.requests.findIndex(({ path }) => path === response.path);
      for (const { to, last } of script.scenario.answers)
        if (to === request && last !== undefined) this.told(request, last);
      const rest = response.body === undefined ? undefined : yield* session.bodies.coReadAll(response.body);
      this.answers.push({
        path: response.path,
        text: rest?.toString('latin1') ?? response.head.headers.get('X-For') ?? '',
      });
    }
  }
}
