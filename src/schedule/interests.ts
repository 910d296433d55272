/**
 * Who waits for which descriptor on this thread's event loop: a reader slot and a writer slot per descriptor, one watcher of
 * the addon for both. Coroutines may share a slot only while their PollNeeded says so; a second reader of a stream is an
 * error, since each would get a part of the bytes.
 */

import { POLLIN, POLLOUT, type PollNeeded } from '../coroutine.ts';
import { addDescriptorListener } from '../io/descriptor.ts';
import { native, ofAllCopies } from '../io/native.ts';
import { systemError } from '../io/system-error.ts';
import { ringDue } from './alarms.ts';
import { type Runner, soon } from './running.ts';
import { assertSlotsFree, directionsOf } from './slots.ts';

/** Who waits on the event loop. */
export interface Waiter extends Runner {
  /** Whether the process is to stay alive while this one waits. */
  readonly referenced: boolean;
}

interface Interest {
  readonly need: PollNeeded;
  readonly waiter: Waiter;
}

/**
 * By descriptor; most have one interest, at most one reader and one writer that are not shared. Entries are emptied, never
 * deleted: a Map remembers deleted keys for as long as it is large, and the same key is looked for among all of its former selves.
 */
const interests = new Map<number, readonly Interest[]>();
const NOBODY: readonly Interest[] = [];

function interestsIn(fd: number): readonly Interest[] {
  return interests.get(fd) ?? NOBODY;
}

/**
 * `waiter` is woken once when `need` is ready; until then it can be withdrawn.
 * @throws StateError if the slot is taken, SystemError if the descriptor cannot be watched
 */
export function addInterest(need: PollNeeded, waiter: Waiter): void {
  const present = interestsIn(need.fd);
  assertSlotsFree(need, present);
  const all = [...present, { need, waiter }];
  const result = watch(need.fd, all);
  if (result < 0) throw systemError(result, 'watch');
  interests.set(need.fd, all);
}

/** The `referenced` of one who waits for `fd` has changed. */
export function referenceChanged(fd: number): void {
  watch(fd, interestsIn(fd));
}

/** `waiter` no longer waits for `fd`. */
export function removeInterest(fd: number, waiter: Waiter): void {
  const present = interestsIn(fd);
  const left = present.filter((interest) => interest.waiter !== waiter);
  if (left.length === present.length) return;
  interests.set(fd, left);
  watch(fd, left);
}

/** Tells the event loop what is waited for, and whether it is to be kept alive for that. */
function watch(fd: number, waiting: readonly Interest[]): number {
  const mask = directionsOf(waiting);
  const result = native.watch(fd, mask);
  if (waiting.some(({ waiter }) => !waiter.referenced)) {
    native.release(fd, mask & ~directionsOf(waiting.filter(({ waiter }) => waiter.referenced)));
  }
  return result;
}

/** The addon's one call per event: the directions in `events` are no longer watched. No descriptor: a time has come. */
function ready(fd: number, events: number): void {
  if (fd < 0) {
    ringDue();
    return;
  }
  const present = interestsIn(fd);
  const woken = present.filter(({ need }) => need.mask & events);
  const left = present.filter(({ need }) => !(need.mask & events));
  interests.set(fd, left);
  // A waiter for both directions that was woken by one no longer waits for the other.
  if ((directionsOf(woken) & ~events & (POLLIN | POLLOUT)) !== 0) watch(fd, left);
  for (const { waiter } of woken) waiter.wake();
}

/** Whoever waited for a descriptor that was closed finds out by going on, but not in the middle of the closing call. */
function closed(fd: number): void {
  const present = interestsIn(fd);
  if (present.length > 0) interests.set(fd, NOBODY);
  wakeSoon(present);
}

function wake(fd: number): void {
  wakeSoon(interestsIn(fd));
}

/** A waiter that is woken withdraws its interest, if there still is one. */
function wakeSoon(woken: readonly Interest[]): void {
  if (woken.length === 0) return;
  soon(() => {
    for (const { waiter } of woken) waiter.wake();
  });
}

/** The addon calls one function; a descriptor that another copy of this library waits for has no interests here. */
const listening = ofAllCopies<typeof ready>('ready');
listening.push(ready);
native.onReady((fd, events) => {
  for (const listener of listening) listener(fd, events);
});
addDescriptorListener({ closed, wake });
