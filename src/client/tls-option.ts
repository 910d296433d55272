/**
 * What the option `tls` may be, of a server and of a proxy alike. Nothing but `false` and leaving it out means plain text.
 */

import { shownValue } from '../io/shown-value.ts';
import { TLSContext } from '../io/tls-context.ts';
import type { TLSOptions } from '../io/tls-options.ts';

/** With the defaults, with options named as in node:tls, or with a context that several connections share. */
export type TLSOption = boolean | TLSOptions | TLSContext;

/** @throws TypeError; TLSError for what OpenSSL does not accept */
export function tlsContext(tls: TLSOption | undefined): TLSContext | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true || (typeof tls === 'object' && tls !== null)) return TLSContext.from(tls);
  throw new TypeError(`tls must be true, TLS options or a TLSContext, got ${shownValue(tls)}`);
}
