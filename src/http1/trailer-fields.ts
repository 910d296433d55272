/**
 * Which fields a trailer section cannot hold: those that would change what was decided when the header section had been read
 * (RFC 9110 6.5.1). In responses they are dropped, since they may be a server's mistake; in requests they are the caller's.
 */

import type { HTTPHeaders } from './headers.ts';

/** Framing, routing, authentication, controls, and how the content is to be processed. */
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

/** The forbidden names among those of `fields`, each once. */
function forbiddenIn(fields: HTTPHeaders): string[] {
  const names = new Set([...fields.keys()].map((name) => name.toLowerCase()));
  return [...names].filter((name) => FORBIDDEN.has(name));
}

/** `trailers` as received, rid of what they cannot hold. */
export function withoutForbidden(trailers: HTTPHeaders): HTTPHeaders {
  for (const name of forbiddenIn(trailers)) trailers.delete(name);
  return trailers;
}

/** @throws TypeError if `trailers`, which are to be sent, hold what they cannot */
export function assertAllowed(trailers: HTTPHeaders): void {
  const [name] = forbiddenIn(trailers);
  if (name !== undefined) throw new TypeError(`${name} cannot be a trailer field (RFC 9110 6.5.1)`);
}
