/**
 * Gives errors that leave a fetch the codes that callers of fetch compare: the system's `code`, with `errno` and
 * `syscall`. The class of the error stays. Errors of HTTPConnection keep their own codes. This module decides nothing.
 */

import {
  ConnectionClosed,
  DNSUnavailable,
  type DugongError,
  HostnameNotResolvable,
  SystemError,
  withProperties,
} from '../errors.ts';
import { own } from '../options.ts';

/** libuv's numbers for errors of getaddrinfo(3), the same on each system. */
const UNKNOWN_NAME = { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo' };
const NO_RESOLVER = { code: 'EAI_AGAIN', errno: -3001, syscall: 'getaddrinfo' };
/** Codes that Node reports as ENOTFOUND. */
const UNKNOWN: readonly string[] = ['EAI_NONAME', 'EAI_NODATA'];
/** The server closed the connection, orderly or not: the exchange failed. */
const CLOSED = { code: 'ECONNRESET' };

/** Sets the `code` of `error` to the one of Node's own errors, if they have one for this failure. Returns `error`. */
export function inSystemWords<E extends DugongError>(error: E): E {
  const words = wordsFor(error);
  return words === undefined ? error : withProperties(error, words);
}

function wordsFor(error: DugongError): Readonly<Record<string, unknown>> | undefined {
  if (error instanceof HostnameNotResolvable) return UNKNOWN_NAME;
  const { cause } = error;
  // The class is more precise: systems without a resolver call every name unknown.
  if (error instanceof DNSUnavailable) return hasCode(cause, UNKNOWN) ? UNKNOWN_NAME : NO_RESOLVER;
  if (!(error instanceof ConnectionClosed)) return undefined;
  if (!(cause instanceof SystemError)) return CLOSED;
  const { code, errno, syscall } = cause;
  // Some kernels report EINVAL if sending finds the connection closed.
  return code === 'EINVAL' ? CLOSED : { code, errno, syscall };
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes(own(error as NodeJS.ErrnoException, 'code') ?? '');
}
