/**
 * Which errors are worth a retry: it looks at errors, those of the system and of the platform's fetch included, and knows neither
 * requests nor whether one of them may be sent again.
 */

import { ConnectionClosed, ConnectionTimedOut, DNSUnavailable } from './errors.ts';
import { member } from './options.ts';

/** Codes of the system that say "the network, not the request": those of python-dugong's is_temp_network_error, and EAI_AGAIN. */
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
 * Whether `error` is of the kind that may go away by itself, so that trying again later is worth it: lost and timed-out
 * connections, an unavailable resolver, unreachable hosts. A name that does not exist is not. A TypeError of fetch ("fetch
 * failed", "terminated"), also of the platform's, is what its `cause` is.
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
