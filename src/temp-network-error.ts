/**
 * Decides which errors are worth a retry. It looks at errors only, those of the system and of the platform's fetch
 * included. It knows neither requests nor whether a request may be sent again.
 */

import { ConnectionClosed, ConnectionTimedOut, DNSUnavailable } from './errors.ts';
import { member } from './options.ts';

/**
 * System error codes for faults of the network, not of the request: those of python-dugong's is_temp_network_error, and
 * EAI_AGAIN.
 */
const TEMPORARY_CODES: ReadonlySet<string> = new Set([
  'EAGAIN',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EINTR',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOLINK',
  'ENONET',
  'ENOTCONN',
  'ENXIO',
  'EPIPE',
  'EREMCHG',
  'ESHUTDOWN',
  'ETIMEDOUT',
]);

/**
 * Whether the cause of `error` may go away by itself, so that it makes sense to try again later: lost and timed-out
 * connections, an unavailable resolver, unreachable hosts (ECONNREFUSED, EHOSTUNREACH, EPIPE, ...). A name that does
 * not exist is not such a cause. For a TypeError of fetch ("fetch failed", "terminated"), also of the platform's, its
 * `cause` decides; for an AggregateError, all of its errors.
 *
 * Whether the request may be sent again is another question: see {@link LostRequest} and {@link isIdempotent}.
 *
 * @example
 * ```js
 * import { HTTPConnection, isTempNetworkError } from 'dugong';
 *
 * for (const url of ['http://127.0.0.1:1', 'https://localhost:8080']) {
 *   try {
 *     new HTTPConnection(url).connect();
 *   } catch (error) {
 *     console.log(isTempNetworkError(error));
 *   }
 * }
 * // prints:
 * // true
 * // false
 * ```
 */
export function isTempNetworkError(error: unknown): boolean {
  if (error instanceof ConnectionClosed || error instanceof ConnectionTimedOut || error instanceof DNSUnavailable) {
    return true;
  }
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isTempNetworkError);
  if (error instanceof TypeError && Object.hasOwn(error, 'cause')) {
    return !(error.cause instanceof TypeError) && isTempNetworkError(error.cause);
  }
  if (!(error instanceof Error)) return false;
  const code = member(error as NodeJS.ErrnoException, 'code');
  return typeof code === 'string' && TEMPORARY_CODES.has(code);
}
