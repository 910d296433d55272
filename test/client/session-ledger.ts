/**
 * What is true of the requests of one run, kept apart from the session: what the peer has taken, and what the reader has got. What the
 * session says is compared with it: the errors, the answers, and what lies on the wire.
 */

import assert from 'node:assert/strict';
import { ConnectionClosed, DugongError, type LostRequest, StateError } from '../../src/errors.ts';
import type { Actor } from './session-actors.ts';
import type { SessionRun } from './session-run.ts';
import type { Answer } from './session-scenarios.ts';

export class SessionLedger {
  readonly #run: SessionRun;
  /** How many bytes the peer had taken when it was clear that nothing more may be sent; undefined: it is not. */
  #mostTaken: number | undefined;

  constructor(run: SessionRun) {
    this.#run = run;
    run.sender.sent = (request, what) => this.#noteSent(request, what);
    run.reader.told = (request, last) => this.#noteLast(request, last);
  }

  /** Whether something may still be sent. */
  get mayGoOn(): boolean {
    return this.#mostTaken === undefined;
  }

  /** A coroutine was suspended, or has ended. */
  note(actor: Actor): void {
    const { sender } = this.#run;
    if (actor === sender && sender.need !== undefined) sender.registered = sender.attempting + 1;
    if (typeof actor.outcome === 'object') this.#noteError(actor, actor.outcome.error);
  }

  /** A call that sends has returned: the peer has got all of it. */
  #noteSent(request: number, what: 'head' | 'whole'): void {
    const { head, end } = this.#place(request);
    assert.ok(this.#run.transport.takenBytes >= (what === 'head' ? head : end), 'what was sent has not left');
  }

  /** The session was closed. */
  noteClosed(): void {
    this.#nothingMore();
  }

  /** An answer's head was read behind which nothing may be sent, or not the rest of its request. */
  #noteLast(request: number, last: Answer['last']): void {
    if (last === 'always' || this.#run.transport.takenBytes < this.#place(request).end) this.#nothingMore();
  }

  #nothingMore(): void {
    this.#mostTaken ??= this.#run.transport.takenBytes;
  }

  #noteError(actor: Actor, error: unknown): void {
    if (!(error instanceof DugongError)) throw error;
    if (error instanceof StateError) {
      assert.ok(this.#senderStopped, `${actor.name}: ${error.stack}`);
      return;
    }
    this.#nothingMore();
    if (error instanceof ConnectionClosed) this.#assertLost(error.lostRequests);
    else if (this.#run.script.scenario.connects === undefined) throw error;
  }

  get #senderStopped(): boolean {
    return this.#run.interfered.some((what) => what.endsWith('S'));
  }

  /** Each request that was not answered in full, and whether a byte of it was taken. */
  #assertLost(lost: readonly LostRequest[]): void {
    const { sender, script, transport } = this.#run;
    const { requests } = script.scenario;
    const given = requests.slice(0, Math.max(sender.registered, sender.attempting + 1));
    const answered = this.#run.reader.answers.length;
    const expected = given.slice(answered).map(({ path, how }, index) => {
      const begun = transport.takenBytes > this.#place(answered + index).start;
      return named({ method: how === 'get' ? 'GET' : 'PUT', path, mayHaveBeenProcessed: begun });
    });
    // A request that the session has refused at once is not there, one that failed at once is.
    const refused = expected.length > lost.length && sender.registered < given.length ? expected.pop() : undefined;
    assert.equal(lost.map(named).join(), expected.join(), 'lostRequests');
    assert.ok(refused?.endsWith('not sent') ?? true, 'a refused request was sent');
  }

  // --- the end -------------------------------------------------------------------------------------------------------

  /** Nothing can happen any more. */
  close(): void {
    const { transport, session } = this.#run;
    this.#assertWire();
    if (this.#mostTaken !== undefined)
      assert.equal(transport.takenBytes, this.#mostTaken, 'bytes sent behind the last ones');
    this.#assertAnswers();
    this.#assertLost(session.protocol.pendingRequests);
    this.#assertAsExpected();
    this.#assertRefusesMore();
  }

  #assertWire(): void {
    const { transport, script } = this.#run;
    const taken = Buffer.concat(transport.taken);
    assert.ok(taken.equals(script.wire.subarray(0, taken.length)), `on the wire: ${taken.toString('latin1')}`);
  }

  /** Each answer is that to its request, and all that have come are there, if a reader was. */
  #assertAnswers(): void {
    const { reader, script, transport } = this.#run;
    const { scenario } = script;
    const { requests, answers } = scenario;
    reader.answers.forEach((answer, index) => {
      const { path } = requests[index] ?? {};
      assert.equal(answer.path, path);
      assert.equal(answer.text, path, 'an answer is that to another request');
    });
    if (this.#run.saidUnasked) assert.equal(reader.answers.length, 0, 'what was there before a request is an answer');
    if (transport.closed || scenario.sender === 'any' || this.#run.interfered.some((what) => what.endsWith('R')))
      return;
    if (typeof reader.outcome === 'object' && reader.outcome.error instanceof StateError) return;
    const arrived = script.parts.slice(0, this.#run.partsSaid).reduce((sum, { bytes }) => sum + bytes.length, 0);
    const whole = answers.filter((_, index) => (script.answerEnds[index] ?? 0) <= arrived);
    // A body that only the end of the connection ends is not whole if that was reset.
    const cut = scenario.ends && transport.wasReset ? 'always' : 'no';
    const final = whole.filter(({ bytes, last }) => !bytes.startsWith('HTTP/1.1 100') && last !== cut);
    assert.equal(reader.answers.length, final.length, 'answers that were read');
  }

  /** What must come of it if nothing has interfered. */
  #assertAsExpected(): void {
    const { interfered, sender, reader, script, gaveUp } = this.#run;
    if (interfered.length > 0) return;
    assert.ok(!gaveUp);
    const { scenario } = script;
    if (scenario.sender === 'any') return;
    assert.equal(reader.answers.length, scenario.answered.length, 'answers that were read');
    if (reader.answers.length === scenario.requests.length) assert.equal(reader.outcome, 'done');
    const refused = typeof sender.outcome === 'object' && sender.outcome.error instanceof ConnectionClosed;
    // A loop that takes turns ends with its reader.
    if (sender.ended && scenario.sender === 'done') assert.equal(sender.outcome, 'done');
    else if (sender.ended) assert.ok(refused || (sender.outcome === 'done' && scenario.sender === 'either'));
  }

  /** A session whose connection has come to its end takes no other request. */
  #assertRefusesMore(): void {
    if (this.#mostTaken === undefined) return;
    const { session, transport } = this.#run;
    const { takenBytes } = transport;
    assert.throws(() => session.coSendRequest('GET', '/more', { request: {} }).next(), DugongError);
    assert.equal(transport.takenBytes, takenBytes);
  }

  #place(request: number): { readonly start: number; readonly head: number; readonly end: number } {
    const place = this.#run.script.places[request];
    assert.ok(place !== undefined);
    return place;
  }
}

/** Text, which is compared faster than an object. */
function named({ method, path, mayHaveBeenProcessed }: LostRequest): string {
  return `${method} ${path} ${mayHaveBeenProcessed ? 'begun' : 'not sent'}`;
}
