/**
 * The fields of a response in the form of node:http's `message.headers`, for the drop-in replacements of packages that
 * return it.
 */

import type { HTTPHeaders } from '../http1/headers.ts';

/** Fields with one value: of several lines, node:http takes the first (documentation of `message.headers`). */
const SINGLE = [
  ...['age', 'content-length', 'content-type', 'etag', 'expires', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent', 'authorization', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since'],
];

/** A record with lower-case names and without a prototype. Several lines are joined; `set-cookie` is always a list. */
export function incomingHeaders(headers: HTTPHeaders): Record<string, string | string[]> {
  const record = headers.toObject();
  for (const name of SINGLE) {
    const [first] = name in record ? headers.getAll(name) : [];
    if (first !== undefined) record[name] = first;
  }
  return record;
}
