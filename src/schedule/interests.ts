/**
 * Who waits for which descriptor on this thread's event loop: a reader slot and a writer slot per descriptor, one watcher of
 * the addon for both. Coroutines may share a slot only while their PollNeeded says so; a second reader of a stream is an
 * error, since each would get a part of the bytes.
 */

import { POLLIN, POLLOUT, type PollNeeded } from '../coroutine.ts';
import { addDescriptorListener } from '../io/descriptor.ts';
import { native } from '../io/native.ts';
import { systemError } from '../io/system-error.ts';
import type { Runner } from './running.ts';
import { assertSlotsFree, directionsOf } from './slots.ts';

interface Interest {
  readonly need: PollNeeded;
  readonly waiter: Runner;
}

/** By descriptor; most have one interest, at most one reader and one writer that are not shared. */
const interests = new Map<number, Interest[]>();

/**
 * `waiter` is woken once when `need` is ready; until then it can be withdrawn.
 * @throws StateError if the slot is taken, SystemError if the descriptor cannot be watched
 */
export function addInterest(need: PollNeeded, waiter: Runner): void {
  const present = interests.get(need.fd);
  if (present === undefined) {
    watch(need.fd, need.mask);
    interests.set(need.fd, [{ need, waiter }]);
    return;
  }
  assertSlotsFree(need, present);
  watch(need.fd, directionsOf(present) | need.mask);
  present.push({ need, waiter });
}

/** `waiter` no longer waits for `fd`. */
export function removeInterest(fd: number, waiter: Runner): void {
  const present = interests.get(fd);
  if (present === undefined) return;
  const left = present.filter((interest) => interest.waiter !== waiter);
  if (left.length === present.length) return;
  if (left.length === 0) interests.delete(fd);
  else interests.set(fd, left);
  native.watch(fd, directionsOf(left));
}

function watch(fd: number, mask: number): void {
  const result = native.watch(fd, mask);
  if (result < 0) throw systemError(result, 'watch');
}

/** The addon's one call per event: the directions in `events` are no longer watched. */
function ready(fd: number, events: number): void {
  const present = interests.get(fd);
  if (present === undefined) return;
  const woken = present.filter(({ need }) => need.mask & events);
  const left = present.filter(({ need }) => !(need.mask & events));
  if (left.length === 0) interests.delete(fd);
  else interests.set(fd, left);
  // A waiter for both directions that was woken by one no longer waits for the other.
  if ((directionsOf(woken) & ~events & (POLLIN | POLLOUT)) !== 0) native.watch(fd, directionsOf(left));
  for (const { waiter } of woken) waiter.wake();
}

/** Whoever waited for a descriptor that was closed finds out by going on, but not in the middle of the closing call. */
function closed(fd: number): void {
  const present = interests.get(fd);
  if (present === undefined) return;
  interests.delete(fd);
  wakeSoon(present);
}

function wake(fd: number): void {
  const present = interests.get(fd);
  if (present !== undefined) wakeSoon(present);
}

/** A waiter that is woken withdraws its interest, if there still is one. */
function wakeSoon(woken: readonly Interest[]): void {
  queueMicrotask(() => {
    for (const { waiter } of woken) waiter.wake();
  });
}

native.onReady(ready);
addDescriptorListener({ closed, wake });
