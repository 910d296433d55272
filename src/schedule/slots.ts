/**
 * The rule of two slots: on one descriptor, at most one coroutine has the right to read and one that to write. Those whose
 * PollNeededs say that they share a direction only look on. Two readers of a stream would each get a part of its bytes.
 */

import { POLLIN, type PollNeeded } from '../coroutine.ts';
import { StateError } from '../errors.ts';

interface Waiting {
  readonly need: PollNeeded;
}

/** A descriptor's slot belongs to another coroutine. */
export class SlotTaken extends StateError {}

/** The directions that somebody in `waiting` waits for. */
export function directionsOf(waiting: readonly Waiting[]): number {
  return waiting.reduce((mask, { need }) => mask | need.mask, 0);
}

/** @throws SlotTaken if `need` wants a slot that one of `waiting` has for itself */
export function assertSlotsFree(need: PollNeeded, waiting: readonly Waiting[]): void {
  for (const other of waiting) {
    const taken = other.need.mask & need.mask & ~(other.need.shared | need.shared);
    if (taken === 0) continue;
    const verb = taken & POLLIN ? 'reading' : 'writing';
    throw new SlotTaken(`another coroutine is already waiting for ${verb} on fd ${need.fd}`);
  }
}
