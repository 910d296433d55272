/**
 * One run of a sender and a reader over a transport in memory: what happens next is chosen, as long as something can happen. Each run
 * ends in a verdict; session-interleavings.test.ts makes all runs.
 */

import assert from 'node:assert/strict';
import { Session } from '../../src/client/session.ts';
import type { Dial } from '../../src/client/shared-dial.ts';
import { now } from '../../src/clock.ts';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, waitFor } from '../../src/coroutine.ts';
import { DugongError } from '../../src/errors.ts';
import { systemError } from '../../src/io/system-error.ts';
import type { Transport } from '../../src/io/transport.ts';
import { runAs } from '../../src/schedule/running.ts';
import type { Choose } from '../support/every-choice.ts';
import type { MemoryClock } from '../support/memory-clock.ts';
import { MEMORY_FD, MemoryTransport } from '../support/memory-transport.ts';
import { type Actor, PARKED, Reader, Sender } from './session-actors.ts';
import { SessionLedger } from './session-ledger.ts';
import { HOST, type Script } from './session-scenarios.ts';

/**
 * runner: a coroutine is resumed when its descriptor is ready, its time has come, or its runner was called. by hand: the same without
 * runners. turns: both are resumed whenever a descriptor is ready, and what they wait for is checked.
 */
export type Way = 'runner' | 'by hand' | 'turns';

/** What interferes: the end of the stream, or of the connection, or of one coroutine. */
export type Interference = 'end' | 'reset' | 'close' | 'flush' | 'throw S' | 'return S' | 'throw R' | 'return R';

export interface RunOptions {
  readonly way: Way;
  /** Each happens once at most, at any point. */
  readonly interferences: readonly Interference[];
  /** How many of them happen. */
  readonly most: number;
}

/** What is thrown into a coroutine that is no longer wanted. */
export const STOPPED: Error = new Error('stopped');
/** Time may pass so often while nothing else happens. */
const MOST_JUMPS = 4;
const MOST_STEPS = 200;
/** What the connection needs before it can be begun: no descriptor of the kernel, either. */
const RESOLVING = new PollNeeded(MEMORY_FD + 1, POLLIN);

export class SessionRun {
  readonly script: Script;
  readonly transport: MemoryTransport = new MemoryTransport();
  readonly session: Session;
  readonly sender: Sender;
  readonly reader: Reader;
  /** What has happened, for messages. */
  readonly story: string[] = [];
  readonly interfered: Interference[] = [];
  /** The server has given up, since it waits for what no coroutine will send. */
  gaveUp = false;
  readonly ledger: SessionLedger;
  readonly #options: RunOptions;
  readonly #choose: Choose;
  readonly #clock: MemoryClock;
  #parts = 0;
  /** The server has said something before it was asked for anything. */
  saidUnasked = false;
  #room = 0;
  #accepted: boolean;
  readonly #resolves: boolean;
  #resolved: 'no' | 'yes' | 'taken' = 'no';
  #connected = false;
  #jumps = 0;

  constructor(script: Script, options: RunOptions, clock: MemoryClock, choose: Choose) {
    this.script = script;
    this.#options = options;
    this.#choose = choose;
    this.#clock = clock;
    clock.transport = this.transport;
    this.#accepted = script.scenario.connects === undefined;
    this.#resolves = !this.#accepted && options.way === 'runner';
    this.session = new Session({
      dial: this.#dial,
      host: HOST,
      peer: 'the peer',
      connectTimeout: 0,
      continueTimeout: 60_000,
      receiveBufferSize: 256,
    });
    this.sender = new Sender('S', this.session, script);
    this.reader = new Reader('R', this.sender);
    this.sender.readerEnded = () => this.reader.ended;
    this.ledger = new SessionLedger(this);
    if (this.#accepted) this.#take();
  }

  /** How many parts of the answers have arrived. */
  get partsSaid(): number {
    return this.#parts;
  }

  readonly #dial: Dial = () => this.#coDial();

  *#coDial(): Coroutine<Transport> {
    // A name is resolved, which only runners see: loops written by hand would wait for a descriptor of the kernel.
    if (this.#resolves) {
      while (this.#resolved === 'no') yield* waitFor(RESOLVING);
      this.#resolved = 'taken';
    }
    while (!this.#accepted) yield* waitFor(new PollNeeded(MEMORY_FD, POLLOUT));
    if (this.transport.ended) throw systemError(-111, 'connect');
    this.#connected = true;
    return this.transport;
  }

  /** Goes on until nothing can happen any more. */
  go(): void {
    this.#resume(this.sender);
    if (this.#options.way === 'turns') this.#takeTurns();
    else this.#takeEach();
    this.ledger.close();
    this.session.close();
  }

  // --- the loops -----------------------------------------------------------------------------------------------------

  #takeEach(): void {
    for (let steps = 0; ; steps++) {
      assert.ok(steps < MOST_STEPS, 'it does not end');
      const actors = [this.sender, this.reader].filter((actor) => this.#canGoOn(actor));
      const happenings: (() => void)[] = actors.map((actor) => () => this.#resume(actor));
      happenings.push(...this.#peerActs());
      if (happenings.length === 0 && !this.#goOnAnyway()) return;
      if (happenings.length === 0) continue;
      happenings.push(...this.#interferences());
      happenings[this.#choose(happenings.length)]?.();
    }
  }

  /** The loop of the document from which this library's interface comes: it ends with its reader. */
  #takeTurns(): void {
    const { sender, reader } = this;
    for (let turns = 0; ; turns++) {
      assert.ok(turns < MOST_STEPS, 'it does not end');
      const beside = reader.begun && reader.need !== PARKED;
      if (turns > 0) this.#turnOf(sender);
      this.#turnOf(reader);
      if (reader.ended) return;
      if (turns === 0 || beside) this.#assertMasks();
      if (!this.#select()) return;
    }
  }

  #turnOf(actor: Actor): void {
    if (!actor.ended && (actor.need !== PARKED || actor.unparked)) this.#resume(actor);
  }

  #assertMasks(): void {
    const { sender, reader } = this;
    if (this.interfered.length > 0) return;
    if (reader.need !== PARKED) assert.equal(reader.need?.mask, POLLIN, 'the reader waits to read');
    if (reader.need === PARKED || sender.ended || sender.need === PARKED) return;
    assert.equal(sender.need?.mask, POLLOUT, 'the sender waits to send');
  }

  /** Waits until a descriptor is ready; false if none will be. */
  #select(): boolean {
    const { sender, reader } = this;
    for (;;) {
      const ready = [sender, reader].some((actor) => this.#isReady(actor));
      const happenings = this.#peerActs();
      if (!ready && happenings.length === 0) {
        if (this.#passTime()) return true;
        if (!this.#giveUp()) this.#hangs();
        continue;
      }
      happenings.push(...this.#interferences());
      if (ready) happenings.unshift(() => undefined);
      const chosen = this.#choose(happenings.length);
      happenings[chosen]?.();
      if (reader.ended) return false;
      if (ready && chosen === 0) return true;
    }
  }

  #canGoOn(actor: Actor): boolean {
    if (actor.ended) return false;
    if (!actor.begun) return true;
    if (actor.woken && this.#options.way === 'runner') return true;
    return this.#isReady(actor) || (actor.need?.deadline ?? Number.POSITIVE_INFINITY) <= now();
  }

  #isReady({ need, unparked }: Actor): boolean {
    if (need === undefined) return false;
    if (need === PARKED) return unparked;
    if (need.fd === RESOLVING.fd) return this.#resolved === 'yes';
    if (need.fd !== MEMORY_FD) return need.fd >= 0 && new PollNeeded(need.fd, need.mask).poll(0);
    if (this.#connected) return (need.mask & this.transport.ready) !== 0;
    return this.#accepted && (need.mask & POLLOUT) !== 0;
  }

  /** Nothing more happens by itself. False if both coroutines have ended. @throws AssertionError if one waits in vain */
  #goOnAnyway(): boolean {
    if (this.sender.ended && this.reader.ended) return false;
    if (!this.#passTime() && !this.#giveUp()) this.#hangs();
    return true;
  }

  /** False if nothing waits for a time, or time has passed in vain. */
  #passTime(): boolean {
    const deadlines = [this.sender, this.reader].flatMap(({ need }) => need?.deadline ?? []);
    if (deadlines.length === 0 || this.#jumps++ >= MOST_JUMPS) return false;
    this.story.push('time passes');
    this.#clock.pass(Math.max(0, Math.min(...deadlines) - now()));
    return true;
  }

  /** A server that waits for the rest of a request, or for its answers to be read, resets the connection at some time. */
  #giveUp(): boolean {
    const { sender, reader, transport } = this;
    if (transport.ended || (!this.#stopped(sender) && !this.#unread)) return false;
    // A reader that can be called sends what an interrupted sender has left.
    const mustSend =
      this.#options.way === 'runner' && !reader.ended && sender.ended && (transport.ready & POLLOUT) !== 0;
    if (mustSend) assert.equal(this.session.protocol.output.length, 0, 'bytes that an interrupted sender has left');
    this.story.push('the server gives up');
    this.gaveUp = true;
    transport.reset();
    return true;
  }

  /** A reader that was stopped has left answers: a sender sees those only that are to its own request. */
  get #unread(): boolean {
    const { sender, reader } = this;
    return this.#stopped(reader) && reader.answers.length < sender.attempting && this.ledger.mayGoOn;
  }

  #stopped({ outcome }: Actor): boolean {
    return outcome === 'stopped';
  }

  #hangs(): never {
    const waiting = [this.sender, this.reader].filter(({ ended }) => !ended).map(({ name }) => name);
    assert.fail(`${waiting.join(' and ')} wait in vain`);
  }

  // --- what happens --------------------------------------------------------------------------------------------------

  #resume(actor: Actor): void {
    this.story.push(actor.name);
    this.#step(actor, () => actor.coroutine.next());
  }

  #step(actor: Actor, step: () => IteratorResult<PollNeeded, void>): void {
    actor.begun = true;
    actor.woken = false;
    actor.need = undefined;
    try {
      const { done, value } = this.#options.way === 'runner' ? runAs(actor.runner, step) : step();
      if (done) actor.outcome = 'done';
      else actor.need = value;
    } catch (error) {
      actor.outcome = error === STOPPED ? 'stopped' : { error };
    }
    this.ledger.note(actor);
  }

  #peerActs(): (() => void)[] {
    const acts: (() => void)[] = [];
    if (this.#resolved === 'no' && this.#resolves) return [() => this.#resolve()];
    if (!this.#accepted) return [() => this.#accept()];
    if (this.#room < this.script.room.length && !this.transport.closed) acts.push(() => this.#take());
    const part = this.script.parts[this.#parts];
    if (
      part !== undefined &&
      !this.transport.ended &&
      !this.transport.closed &&
      this.transport.takenBytes >= part.after
    ) {
      acts.push(() => this.#say(part.bytes));
    }
    if (part === undefined && this.script.scenario.ends && !this.transport.ended) acts.push(() => this.transport.end());
    return acts;
  }

  #resolve(): void {
    this.story.push('resolve');
    this.#resolved = 'yes';
  }

  #accept(): void {
    this.story.push('accept');
    this.#accepted = true;
    this.#take();
  }

  #take(): void {
    this.#jumps = 0;
    const count = this.script.room[this.#room++] ?? 0;
    this.story.push(`take ${count}`);
    this.transport.take(count);
  }

  #say(bytes: Buffer): void {
    this.#jumps = 0;
    this.story.push(`say ${bytes.length}`);
    this.#parts++;
    this.saidUnasked ||= this.transport.takenBytes === 0;
    this.transport.say(bytes);
  }

  #interferences(): (() => void)[] {
    const { interferences, most } = this.#options;
    if (this.interfered.length >= most) return [];
    return interferences.filter((what) => this.#canInterfere(what)).map((what) => () => this.#interfere(what));
  }

  #canInterfere(what: Interference): boolean {
    if (this.interfered.includes(what)) return false;
    if (what.endsWith('S') || what.endsWith('R')) {
      const { begun, ended } = what.endsWith('S') ? this.sender : this.reader;
      return begun && !ended;
    }
    return !this.transport.ended && !this.transport.closed && (what === 'reset' || what === 'close' || this.#accepted);
  }

  #interfere(what: Interference): void {
    this.story.push(what);
    this.interfered.push(what);
    this.#jumps = 0;
    if (what === 'flush') this.#flush();
    else if (what === 'end') this.transport.end();
    else if (what === 'reset') this.#resetByPeer();
    else if (what === 'close') this.#disconnect();
    else this.#stop(what.endsWith('S') ? this.sender : this.reader, what.startsWith('throw'));
  }

  /** What waits goes out beside the sender. */
  #flush(): void {
    try {
      this.session.uncork();
    } catch (error) {
      if (!(error instanceof DugongError)) throw error;
    }
  }

  #resetByPeer(): void {
    this.#accepted = true;
    if (this.#resolved === 'no') this.#resolved = 'yes';
    this.transport.reset();
  }

  /** Those that wait for a descriptor are resumed when it is closed. */
  #disconnect(): void {
    this.session.close();
    this.ledger.noteClosed();
    this.transport.close();
    this.#accepted = true;
    this.#resolved = 'yes';
  }

  #stop(actor: Actor, byThrowing: boolean): void {
    this.#step(actor, () => (byThrowing ? actor.coroutine.throw(STOPPED) : actor.coroutine.return()));
    assert.ok(actor.ended, `${actor.name} goes on although it was stopped`);
    if (actor.outcome === 'done') actor.outcome = 'stopped';
  }
}
