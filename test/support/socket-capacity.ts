/**
 * How much a loopback connection swallows while its peer does not read: what both kernel buffers may grow to.
 */

import { existsSync, readFileSync } from 'node:fs';

/** The largest of the three sizes (least, default, largest) that Linux allows. */
function largest(setting: string): number {
  const path = `/proc/sys/net/ipv4/${setting}`;
  return existsSync(path) ? Number(readFileSync(path, 'utf8').trim().split(/\s+/)[2]) : 8 << 20;
}

/** So many bytes do not fit for certain: a sender has to wait. */
export const MORE_THAN_FITS: number = largest('tcp_rmem') + largest('tcp_wmem') + (1 << 20);
