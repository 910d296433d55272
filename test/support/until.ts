/** Waits for what another process does, of which no event tells. */

import { readFileSync } from 'node:fs';
import { timeLimit } from './time-limit.ts';

/** Settles when `condition` is true, after a look every few milliseconds. @throws Error if that takes far too long */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + timeLimit(30_000);
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited for too long until ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether the command that this process runs has its handlers: that for SIGHUP, which Node has not by itself, is the last (Linux). */
export function listensToSignals(pid: number): boolean {
  const caught = /^SigCgt:.*(.)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';
  return (Number.parseInt(caught, 16) & 1) === 1;
}
