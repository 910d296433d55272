/**
 * One descriptor to wait for in place of others that come and go while several wait for the same thing. Whoever is resumed
 * first may close what the others wait for; a loop that was written by hand would then wait for a number that is gone, or
 * belongs to something else, and nobody could tell it.
 */

import { POLLIN, PollNeeded } from '../coroutine.ts';
import { Bell } from './bell.ts';
import { Poller } from './poller.ts';

/** Those who began to wait between two changes. */
interface Round {
  waiting: number;
}

export class StandIn {
  #poller: Poller | undefined;
  readonly #bell = new Bell();
  /** What the poller holds beside the bell. */
  #fd = -1;
  #round: Round = { waiting: 0 };
  /** How many wait, and how many of them are to look again. */
  #waiting = 0;
  #late = 0;
  #over = false;

  /** What is to be yielded in place of `need`. To be called before each wait, and what it returns with `left` after it. */
  join(need: PollNeeded): { readonly need: PollNeeded; readonly round: Round } {
    if (this.#poller === undefined) {
      this.#poller = new Poller();
      this.#hold(need);
    }
    this.#round.waiting++;
    this.#waiting++;
    const standIn = new PollNeeded(this.#poller.fd, POLLIN, { deadline: need.deadline, shared: POLLIN });
    return { need: standIn, round: this.#round };
  }

  /** One who waited was resumed, or has given up. */
  left(round: Round): void {
    round.waiting--;
    this.#waiting--;
    if (round !== this.#round && --this.#late === 0 && this.#poller !== undefined) this.#bell.silence(this.#poller);
    this.#freeUnused();
  }

  /** A step was taken: from now on `need` is waited for. What was before may be closed, and its number mean something else. */
  hold(need: PollNeeded): void {
    this.#poller?.remove(this.#fd);
    this.#hold(need);
  }

  /** Those who wait now are to look again, ready or not. */
  ring(): void {
    if (this.#round.waiting === 0 || this.#poller === undefined) return;
    this.#late += this.#round.waiting;
    this.#round = { waiting: 0 };
    this.#bell.ring(this.#poller);
  }

  /** There is nothing more to wait for. Those who wait are to look again; the last of them frees what this has. */
  finish(): void {
    this.#over = true;
    this.#poller?.remove(this.#fd);
    this.ring();
    this.#freeUnused();
  }

  /** Frees what this has. */
  close(): void {
    this.#poller?.close();
    this.#poller = undefined;
  }

  #freeUnused(): void {
    if (this.#over && this.#waiting === 0) this.close();
  }

  #hold({ fd, mask }: PollNeeded): void {
    this.#fd = fd;
    if (fd >= 0) this.#poller?.add(fd, mask);
  }
}
