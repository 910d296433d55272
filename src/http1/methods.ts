/**
 * What the methods of requests mean for retries.
 */

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * Whether a request with this `method` may be sent again although the server may have processed it: the effect is that
 * of one request (RFC 9110 9.2.2). True for GET, HEAD, OPTIONS, TRACE, PUT and DELETE. Methods are case-sensitive (RFC
 * 9110 9.1).
 *
 * @example
 * ```js
 * import { isIdempotent } from 'dugong';
 *
 * console.log(['GET', 'PUT', 'POST', 'get'].map(isIdempotent)); // [ true, true, false, false ]
 * ```
 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
