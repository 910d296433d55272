/**
 * The errno values that the code compares results of native calls with, and the conversion of a result into a
 * SystemError, which has the shape of Node's own system errors.
 */

import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { SystemError } from '../errors.ts';

const { errno } = constants;

/** The result of a native call that would block. */
export const WOULD_BLOCK: number = -errno.EAGAIN;
export const IN_PROGRESS: number = -errno.EINPROGRESS;
export const CONNECTION_RESET: number = -errno.ECONNRESET;
export const PROTOCOL_ERROR: number = -errno.EPROTO;
export const BAD_DESCRIPTOR: number = -errno.EBADF;
export const ALREADY_THERE: number = -errno.EEXIST;
export const NOT_THERE: number = -errno.ENOENT;
export const OUT_OF_MEMORY: number = -errno.ENOMEM;

/** Results of sending or receiving that mean that the connection is lost. */
const LOST: ReadonlySet<number> = new Set([
  -errno.ECONNRESET,
  -errno.EPIPE,
  -errno.ECONNABORTED,
  -errno.ENOTCONN,
  // The peer does not answer any more. Some kernels report EINVAL when sending to it.
  -errno.ETIMEDOUT,
  -errno.EINVAL,
  -errno.EHOSTUNREACH,
  -errno.ENETUNREACH,
  -errno.ENETDOWN,
  -errno.ENETRESET,
]);

/** Whether this result of sending or receiving means that the connection is lost. */
export function isConnectionLost(result: number): boolean {
  return LOST.has(result);
}

/** The address that a system call was about. */
interface Endpoint {
  readonly address: string | undefined;
  readonly port?: number;
}

/** Makes the error for a negated errno that `syscall` returned. */
export function systemError(result: number, syscall: string, endpoint?: Endpoint): SystemError {
  return new SystemError(getSystemErrorName(result), { errno: result, syscall, ...endpoint });
}
