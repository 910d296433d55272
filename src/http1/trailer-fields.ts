/**
 * The fields that a trailer section must not contain, because they would change decisions that were made with the
 * header section (RFC 9110 6.5.1). In responses the client drops them, since they may be a server's mistake. In
 * requests they are an error of the caller.
 */

import type { HTTPHeaders } from './headers.ts';

/** Fields for framing, routing, authentication, controls, and processing of the content. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
]);

/** The forbidden names of `fields` in lower case, each once. */
function forbiddenIn(fields: HTTPHeaders): string[] {
  const names = new Set([...fields.keys()].map((name) => name.toLowerCase()));
  return [...names].filter((name) => FORBIDDEN.has(name));
}

/** Removes forbidden fields from received trailers. Returns `trailers`. */
export function withoutForbidden(trailers: HTTPHeaders): HTTPHeaders {
  for (const name of forbiddenIn(trailers)) trailers.delete(name);
  return trailers;
}

/** Checks trailers that are to be sent. @throws TypeError if they contain a forbidden field */
export function assertAllowed(trailers: HTTPHeaders): void {
  const [name] = forbiddenIn(trailers);
  if (name !== undefined) throw new TypeError(`${name} cannot be a trailer field (RFC 9110 6.5.1)`);
}
