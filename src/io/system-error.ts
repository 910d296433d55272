/**
 * The error numbers that the code compares results of native calls with, and the conversion of a result into a
 * SystemError, which has the shape of Node's own system errors.
 */

import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import { SystemError } from '../errors.ts';

/** libuv's numbers, which the addon returns. Those of `os.constants.errno` are others on Windows. */
const NUMBERS: ReadonlyMap<string, number> = new Map(
  Array.from(getSystemErrorMap(), ([number, [name]]): [string, number] => [name, number]),
);

/** The number of an error that libuv knows: not of ENETRESET, nor of EINPROGRESS. */
export function errorNumber(name: string): number {
  return NUMBERS.get(name) as number;
}

/** The result of a native call that would block. */
export const WOULD_BLOCK: number = errorNumber('EAGAIN');
export const CONNECTION_RESET: number = errorNumber('ECONNRESET');
export const PROTOCOL_ERROR: number = errorNumber('EPROTO');
export const BAD_DESCRIPTOR: number = errorNumber('EBADF');
export const ALREADY_THERE: number = errorNumber('EEXIST');
export const NOT_THERE: number = errorNumber('ENOENT');
export const OUT_OF_MEMORY: number = errorNumber('ENOMEM');

/** Results of sending or receiving that mean that the connection is lost. */
const LOST: ReadonlySet<number> = new Set(
  [
    'ECONNRESET',
    'EPIPE',
    'ECONNABORTED',
    'ENOTCONN',
    // The peer does not answer any more. Some kernels report EINVAL when sending to it.
    'ETIMEDOUT',
    'EINVAL',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENETDOWN',
  ].map(errorNumber),
);

/** Whether this result of sending or receiving means that the connection is lost. */
export function isConnectionLost(result: number): boolean {
  return LOST.has(result);
}

/** The address that a system call was about. */
interface Endpoint {
  readonly address: string | undefined;
  readonly port?: number;
}

/** Makes the error for a negative result of `syscall`. */
export function systemError(result: number, syscall: string, endpoint?: Endpoint): SystemError {
  return new SystemError(getSystemErrorName(result), { errno: result, syscall, ...endpoint });
}
