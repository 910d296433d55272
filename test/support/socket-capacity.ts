/**
 * How many bytes a loopback connection takes while its peer does not read: the sender's kernel buffer, which grows to its largest
 * size, and the receiver's, which Linux lets grow with the bytes that were read before.
 */

import { existsSync, readFileSync } from 'node:fs';

/** The sizes that a buffer of the kernel has at first and at most. */
function sizes(setting: 'tcp_rmem' | 'tcp_wmem'): { initial: number; largest: number } {
  const path = `/proc/sys/net/ipv4/${setting}`;
  if (!existsSync(path)) return { initial: 1 << 18, largest: 8 << 20 };
  const [, initial = 0, largest = 0] = readFileSync(path, 'utf8').trim().split(/\s+/).map(Number);
  return { initial, largest };
}

const received = sizes('tcp_rmem');
const sent = sizes('tcp_wmem');

/** More bytes than fit while a peer reads only a head: a sender has to wait. (Measured: 4.3 MB of 7.3.) */
export const MORE_THAN_FITS: number = 16 * received.initial + sent.largest + (1 << 20);

/** More bytes than ever fit, also where the peer has read a great deal before it stops. */
export const MORE_THAN_EVER_FITS: number = received.largest + sent.largest + (1 << 20);
