/**
 * The waits on this thread's event loop: a table over the addon's watchers, one for each descriptor.
 */

import { addDescriptorListener } from '../io/descriptor.ts';
import { native, ofAllCopies } from '../io/native.ts';
import { systemError } from '../io/system-error.ts';
import { ringDue } from './alarms.ts';
import { soon } from './running.ts';
import { directionsOf, type Wait, WaitTable } from './wait-table.ts';

/** A wait on the event loop. */
export interface LoopWait extends Wait {
  /** Whether the process is to stay alive for this wait. */
  readonly referenced: boolean;
}

/** By descriptor: the directions that the addon watches. An event ends the watching of its directions. */
const watched: number[] = [];

const table = new WaitTable<LoopWait>({
  watch(fd, waits): void {
    const unchanged = directionsOf(waits) === (watched[fd] ?? 0);
    if (!unchanged || waits.some(({ referenced }) => !referenced)) watch(fd, waits);
  },
});

/** Wakes `wait` once, when its need is ready, unless it is removed before. @throws SlotTaken, SystemError */
export function addWait(wait: LoopWait): void {
  table.add(wait);
}

/** `wait` is no longer wanted. */
export function removeWait(wait: LoopWait): void {
  table.remove(wait);
}

/** The `referenced` of a wait for `fd` has changed. */
export function referenceChanged(fd: number): void {
  watch(fd, table.waitsFor(fd));
}

/** Sets which directions of `fd` the event loop watches, and which of them keep it alive. */
function watch(fd: number, waits: readonly LoopWait[]): void {
  const mask = directionsOf(waits);
  const result = native.watch(fd, mask);
  if (result < 0) throw systemError(result, 'watch');
  watched[fd] = mask;
  if (waits.some(({ referenced }) => !referenced)) {
    native.release(fd, mask & ~directionsOf(waits.filter(({ referenced }) => referenced)));
  }
}

/** The addon calls this for each event, and no longer watches the directions in `events`. If `fd` < 0, the timer has expired. */
function ready(fd: number, events: number): void {
  if (fd < 0) {
    ringDue();
    return;
  }
  watched[fd] = (watched[fd] ?? 0) & ~events;
  for (const wait of table.take(fd, events)) wait.wake();
}

/** Wakes the waits for a closed descriptor, but not inside the closing call. */
function closed(fd: number): void {
  if (watched[fd] !== undefined) watched[fd] = 0;
  const woken = table.closed(fd);
  if (woken.length === 0) return;
  soon(() => {
    for (const wait of woken) wait.wake();
  });
}

/** The addon calls one function; a descriptor that another copy of this library waits for has no waits here. */
const listening = ofAllCopies<typeof ready>('ready');
listening.push(ready);
native.onReady((fd, events) => {
  for (const listener of listening) listener(fd, events);
});
addDescriptorListener(closed);
