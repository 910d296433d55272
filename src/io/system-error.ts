/**
 * Errno values of native calls: the few that the code compares with, and how the others become errors in Node's own shape.
 */

import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { SystemError } from '../errors.ts';

const { errno } = constants;

/** What the native calls return when the operation would block. */
export const WOULD_BLOCK: number = -errno.EAGAIN;
export const IN_PROGRESS: number = -errno.EINPROGRESS;
export const CONNECTION_RESET: number = -errno.ECONNRESET;
export const PROTOCOL_ERROR: number = -errno.EPROTO;
export const BAD_DESCRIPTOR: number = -errno.EBADF;
export const ALREADY_THERE: number = -errno.EEXIST;
export const NOT_THERE: number = -errno.ENOENT;
export const OUT_OF_MEMORY: number = -errno.ENOMEM;

/** What sending or receiving returns when the connection is gone, however it went. */
const LOST: ReadonlySet<number> = new Set([
  -errno.ECONNRESET,
  -errno.EPIPE,
  -errno.ECONNABORTED,
  -errno.ENOTCONN,
  // A peer that has vanished without a word; EINVAL is how some kernels report it on sending.
  -errno.ETIMEDOUT,
  -errno.EINVAL,
  -errno.EHOSTUNREACH,
  -errno.ENETUNREACH,
  -errno.ENETDOWN,
  -errno.ENETRESET,
]);

export function isConnectionLost(result: number): boolean {
  return LOST.has(result);
}

/** The error for a negated errno that `syscall` returned. */
export function systemError(result: number, syscall: string, address?: string, port?: number): SystemError {
  return new SystemError(getSystemErrorName(result), { errno: result, syscall, address, port });
}
