/**
 * Plays one script on one accepted socket. It knows bytes, not HTTP, and no other connection; it is given the gates and
 * marks that connections share.
 */

import type { Socket } from 'node:net';
import { abort } from './abort.ts';
import { ByteLog } from './byte-log.ts';
import type { Pace, Script, Step } from './script.ts';
import { showDifference, showTail } from './show-bytes.ts';

/** Events that happen at most once, by name, and stay so. */
export class Cues {
  readonly #cues = new Map<string, { given: Promise<void>; give: () => void }>();

  give(name: string): void {
    this.#cue(name).give();
  }

  /** Settles when the cue is given, at once if it was given before. */
  given(name: string): Promise<void> {
    return this.#cue(name).given;
  }

  #cue(name: string): { given: Promise<void>; give: () => void } {
    let cue = this.#cues.get(name);
    if (cue === undefined) {
      let give = (): void => {};
      const given = new Promise<void>((resolve) => {
        give = resolve;
      });
      cue = { given, give };
      this.#cues.set(name, cue);
    }
    return cue;
  }
}

/** The script and the connection differ. */
class Mismatch extends Error {}

const headEnd = Buffer.from('\r\n\r\n');
/** Bytes that sendForever hands to the kernel at a time, unless a chunk size is given. */
const blockSize = 65536;

/** One accepted socket and the script that is played on it. */
export class ScriptedConnection {
  readonly log: ByteLog = new ByteLog();
  readonly heads: string[] = [];
  failure: string | undefined;

  readonly #socket: Socket;
  readonly #script: Script;
  readonly #gates: Cues;
  readonly #marks: Cues;
  #finished = false;
  /** Closed by the script: later or unread bytes do not matter. */
  #closed = false;
  #peerEnded = false;
  #peerError: string | undefined;
  #at = 'not begun';
  #wake = (): void => {};

  constructor(socket: Socket, script: Script, cues: { gates: Cues; marks: Cues }) {
    this.#socket = socket;
    this.#script = script;
    this.#gates = cues.gates;
    this.#marks = cues.marks;
    socket.on('data', (bytes: Buffer) => {
      this.log.append(bytes);
      this.#wake();
    });
    socket.on('end', () => this.#peerLeft());
    socket.on('close', () => this.#peerLeft());
    socket.on('error', (error) => {
      this.#peerError = error.message;
      this.#peerLeft();
    });
    socket.pause();
  }

  /** Never rejects: a failure is in `failure`, and the connection is then reset. */
  async play(): Promise<void> {
    if (this.#script[0]?.do !== 'stopReading') this.#socket.resume();
    try {
      await this.#playAll(this.#script, 'step');
      this.#finished = true;
    } catch (error) {
      this.failure = `${this.#at}: ${error instanceof Mismatch ? error.message : (error as Error).stack}`;
      this.abort();
    }
  }

  abort(): void {
    this.#closed = true;
    abort(this.#socket);
  }

  /** Number of bytes after the end of the script. */
  get surplus(): number {
    return this.#finished && !this.#closed ? this.log.rest.length : 0;
  }

  /** One paragraph for a failing test. */
  describe(): string {
    const { total, consumed, all } = this.log;
    const state = this.failure ?? (this.#finished ? 'the script is finished' : `waiting at ${this.#at}`);
    const peer = this.#peerError ?? (this.#peerEnded ? 'the peer has closed' : 'the peer is connected');
    const surplus = this.surplus > 0 ? [`${this.surplus} bytes came after the end of the script`] : [];
    const received = `received ${total} bytes, ${consumed} of them expected: ${showTail(all)}`;
    return [state, ...surplus, peer, received].join('\n  ');
  }

  async #playAll(steps: Script, path: string): Promise<void> {
    for (const [index, step] of steps.entries()) {
      const label = `${path} ${index + 1} of ${steps.length}`;
      if (step.do === 'loop') {
        for (let round = 1; round <= step.count; round++)
          await this.#playAll(step.steps, `${label}, round ${round}, step`);
      } else {
        this.#at = `${label} (${'name' in step ? `${step.do} '${step.name}'` : step.do})`;
        await this.#playOne(step);
      }
    }
  }

  async #playOne(step: Exclude<Step, { do: 'loop' }>): Promise<void> {
    switch (step.do) {
      case 'expect':
        return this.#expect(Buffer.from(step.bytes));
      case 'expectHead':
        return this.#expectHead();
      case 'expectBytes':
        await this.#until(() => this.log.rest.length >= step.count, `${step.count} bytes`);
        this.log.consumed += step.count;
        return;
      case 'expectAnything':
        this.#socket.resume();
        return this.log.acceptAll();
      case 'expectEnd':
        return this.#expectEnd();
      case 'send':
        return this.#send(step.bytes, step.pace, step.peerMayLeave);
      case 'sendForever':
        return this.#sendForever(step.bytes, step.pace, step.limit);
      case 'gate':
        return this.#gates.given(step.name);
      case 'mark':
        return this.#marks.give(step.name);
      case 'delay':
        return sleep(step.ms);
      case 'stopReading':
        this.#socket.pause();
        return;
      case 'end':
        return new Promise((resolve) => this.#socket.end(() => resolve()));
      case 'close':
        this.#closed = true;
        return this.#gone(() => this.#socket.destroy());
      case 'reset':
        return this.#gone(() => this.abort());
    }
  }

  async #expect(expected: Buffer): Promise<void> {
    const arrived = (): Buffer => this.log.rest.subarray(0, expected.length);
    let compared = 0;
    await this.#until(() => {
      const received = arrived();
      const same = expected.subarray(compared, received.length).equals(received.subarray(compared));
      compared = received.length;
      return compared === expected.length || !same;
    }, `${expected.length} bytes`);
    const received = arrived();
    if (!expected.equals(received)) throw new Mismatch(showDifference(expected, received));
    this.log.consumed += expected.length;
  }

  async #expectHead(): Promise<void> {
    let searched = 0;
    let found = -1;
    await this.#until(() => {
      const { rest } = this.log;
      found = rest.indexOf(headEnd, searched);
      searched = Math.max(0, rest.length - headEnd.length + 1);
      return found >= 0;
    }, 'a head');
    const head = this.log.rest.subarray(0, found + headEnd.length);
    this.heads.push(head.toString('latin1'));
    this.log.consumed += head.length;
  }

  async #expectEnd(): Promise<void> {
    await this.#until(() => this.#peerEnded || this.log.rest.length > 0, 'the end');
    if (this.log.rest.length > 0) throw new Mismatch(`the peer goes on: ${showTail(this.log.rest)}`);
  }

  async #send(bytes: Uint8Array, pace: Pace, peerMayLeave: boolean): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      const part = bytes.subarray(offset, offset + (pace.chunk ?? bytes.length));
      if (!(await this.#write(part, pace))) {
        if (peerMayLeave) return;
        throw new Mismatch(`could not send bytes ${offset} to ${bytes.length}: ${this.#peerError ?? 'closed'}`);
      }
      offset += part.length;
    }
  }

  async #sendForever(bytes: Uint8Array, pace: Pace, limit: number): Promise<void> {
    const wanted = pace.chunk ?? blockSize;
    const repeated = Buffer.alloc(bytes.length * Math.ceil((wanted + bytes.length) / bytes.length), bytes);
    let sent = 0;
    while (sent < limit) {
      const phase = sent % bytes.length;
      const block = repeated.subarray(phase, phase + Math.min(wanted, limit - sent));
      if (!(await this.#write(block, pace))) return;
      sent += block.length;
    }
    throw new Mismatch(`the peer took all ${limit} bytes and did not go away`);
  }

  /** Returns whether the kernel took all bytes. */
  async #write(bytes: Uint8Array, pace: Pace): Promise<boolean> {
    const error = await new Promise<Error | null | undefined>((resolve) => this.#socket.write(bytes, resolve));
    if (error) this.#peerError ??= error.message;
    else if (pace.every !== undefined) await sleep(pace.every);
    else await new Promise(setImmediate);
    return !error;
  }

  /** Waits, reading, until `satisfied()`; a peer that leaves before is a mismatch. */
  async #until(satisfied: () => boolean, what: string): Promise<void> {
    this.#socket.resume();
    while (!satisfied()) {
      if (this.#peerEnded) {
        const how = this.#peerError ?? 'the peer closed';
        throw new Mismatch(
          `expected ${what}, but ${how} after ${this.log.rest.length} bytes: ${showTail(this.log.rest)}`,
        );
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #peerLeft(): void {
    this.#peerEnded = true;
    this.#wake();
  }

  #gone(leave: () => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once('close', () => resolve());
      leave();
    });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
