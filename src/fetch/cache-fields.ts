/**
 * The request fields that the cache mode of a fetch adds. This client has no cache; the fields are for caches on the
 * way (Fetch, "HTTP-network-or-cache fetch", steps 8.16 to 8.18).
 */

import type { HTTPHeaders } from '../http1/headers.ts';

/** If the caller sets one of these fields, the caller does the work of a cache. */
const CONDITIONS = ['If-Modified-Since', 'If-None-Match', 'If-Unmodified-Since', 'If-Match', 'If-Range'];

/**
 * Adds the fields of `mode`, unless the caller has set them. @throws TypeError for "only-if-cached", since there is no
 * cache
 */
export function addCacheFields(headers: HTTPHeaders, mode: Request['cache']): void {
  if (mode === 'only-if-cached') throw new TypeError('nothing can be had only if it is cached: there is no cache');
  if (mode === 'no-cache') addIfMissing(headers, 'Cache-Control', 'max-age=0');
  const conditional = mode === 'default' && CONDITIONS.some((name) => headers.has(name));
  if (!conditional && mode !== 'no-store' && mode !== 'reload') return;
  addIfMissing(headers, 'Pragma', 'no-cache');
  addIfMissing(headers, 'Cache-Control', 'no-cache');
}

function addIfMissing(headers: HTTPHeaders, name: string, value: string): void {
  if (!headers.has(name)) headers.append(name, value);
}
