/** Descriptors of this process, whoever opened them. */

import { readdirSync, readlinkSync } from 'node:fs';

/** How many descriptors this process has open, of that kind (Linux; else NaN, which is equal to itself for assert.equal). */
export function openDescriptors(kind = ''): number {
  if (process.platform !== 'linux') return Number.NaN;
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(kind);
    } catch {
      // It is the one by which the folder was read.
      return false;
    }
  }).length;
}
