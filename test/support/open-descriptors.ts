/** Descriptors of this process, whatever opened them. */

import { readdirSync, readlinkSync } from 'node:fs';

/** Number of open descriptors of this kind (Linux; otherwise NaN, which is equal to itself for assert.equal). */
export function openDescriptors(kind = ''): number {
  if (process.platform !== 'linux') return Number.NaN;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(kind);
    } catch {
      // This is the descriptor with which the folder was read.
      return false;
    }
  }).length;
}
