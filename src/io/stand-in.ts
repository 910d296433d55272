/**
 * One descriptor to wait for in place of others that come and go while several wait for the same thing. Whoever is resumed
 * first may close what the others wait for; a loop that was written by hand would then wait for a number that is gone, or
 * belongs to something else, and nobody could tell it.
 */

import { POLLIN, PollNeeded } from '../coroutine.ts';
import { Bell } from './bell.ts';
import { Poller } from './poller.ts';

/**
 * Those who began to wait for the same need. When it is another one, or there is nothing to wait for any more, they are called
 * by a bell of their own, which those who have looked already do not hear.
 */
class Round {
  waiting = 0;
  readonly #poller = new Poller();
  readonly #bell: Bell;
  #fd = -1;
  #closed = false;

  /** @throws SystemError (EMFILE, ...) */
  constructor(need: PollNeeded) {
    try {
      this.#bell = new Bell();
    } catch (error) {
      this.#poller.close();
      throw error;
    }
    this.hold(need);
  }

  get fd(): number {
    return this.#poller.fd;
  }

  /** What was held before may be closed, and its number mean something else. */
  hold({ fd, mask }: PollNeeded): void {
    this.#poller.remove(this.#fd);
    this.#bell.silence(this.#poller);
    this.#fd = fd;
    if (fd < 0) return;
    try {
      this.#poller.add(fd, mask);
    } catch {
      // What a poller does not take is always ready for poll(2), a regular file for one: they look again at once.
      this.#bell.ring(this.#poller);
    }
  }

  /** They look again, ready or not. */
  call(): void {
    this.#poller.remove(this.#fd);
    this.#bell.ring(this.#poller);
  }

  /** May be called again. */
  close(): void {
    if (!this.#closed) this.#bell.close();
    this.#closed = true;
    this.#poller.close();
  }
}

/** What is to be yielded, and what to call when the coroutine has been resumed, or has given up. */
export interface Joined {
  readonly need: PollNeeded;
  readonly leave: () => void;
}

export class StandIn {
  /** Those who wait for what is waited for now. */
  #round: Round | undefined;

  /** To be called before each wait. @throws SystemError (EMFILE, ...) */
  join(need: PollNeeded): Joined {
    this.#round ??= new Round(need);
    const round = this.#round;
    round.waiting++;
    return {
      need: new PollNeeded(round.fd, POLLIN, { deadline: need.deadline, shared: POLLIN }),
      leave: () => {
        round.waiting--;
        if (round.waiting === 0 && round !== this.#round) round.close();
      },
    };
  }

  /** A step was taken: from now on `need` is waited for. If it is not the `same` as before, those who wait are to look again. */
  hold(need: PollNeeded, same: boolean): void {
    if (same || this.#round?.waiting === 0) this.#round?.hold(need);
    else this.call();
  }

  /** Those who wait now are to look again, ready or not; the last of them frees what they had. */
  call(): void {
    const round = this.#round;
    this.#round = undefined;
    if (round === undefined) return;
    if (round.waiting > 0) round.call();
    else round.close();
  }

  /** Frees what there is, also under those who wait: a closed descriptor is no longer waited for. */
  close(): void {
    this.#round?.close();
    this.#round = undefined;
  }
}
