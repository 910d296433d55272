/**
 * What callers of fetch compare: the system's word for a failure, where they look for it, as `code` with what goes with it. The
 * errors of HTTPConnection keep codes of their own, so that this happens where an error leaves a fetch; its class stays. It
 * decides nothing.
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

/** Node's numbers for what getaddrinfo(3) says are libuv's, the same on each system. */
const UNKNOWN_NAME = { code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo' };
const NO_RESOLVER = { code: 'EAI_AGAIN', errno: -3001, syscall: 'getaddrinfo' };
/** What libuv makes one of. */
const UNKNOWN: readonly string[] = ['EAI_NONAME', 'EAI_NODATA'];
/** Closed by the server, in order or not: whatever there was to be done is not done. */
const CLOSED = { code: 'ECONNRESET' };

/** `error`, the `code` of which is from now on the one that Node's own errors have for such a failure, if they have one. */
export function inSystemWords<E extends DugongError>(error: E): E {
  const words = wordsFor(error);
  return words === undefined ? error : withProperties(error, words);
}

function wordsFor(error: DugongError): Readonly<Record<string, unknown>> | undefined {
  if (error instanceof HostnameNotResolvable) return UNKNOWN_NAME;
  const { cause } = error;
  // The class knows better: systems without a resolver to ask say of each name that it is unknown.
  if (error instanceof DNSUnavailable) return hasCode(cause, UNKNOWN) ? UNKNOWN_NAME : NO_RESOLVER;
  if (!(error instanceof ConnectionClosed)) return undefined;
  if (!(cause instanceof SystemError)) return CLOSED;
  const { code, errno, syscall } = cause;
  // Some kernels say so where sending finds the connection gone.
  return code === 'EINVAL' ? CLOSED : { code, errno, syscall };
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes(own(error as NodeJS.ErrnoException, 'code') ?? '');
}
