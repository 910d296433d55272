/**
 * The option `tls` of a server or a proxy. Only `false`, or no value, means plain text.
 */

import { shownValue } from '../io/shown-value.ts';
import { TLSContext } from '../io/tls-context.ts';
import type { TLSOptions } from '../io/tls-options.ts';

/**
 * True for the default configuration, options named as in node:tls, or a context that several connections share; false
 * for none.
 */
export type TLSOption = boolean | TLSOptions | TLSContext;

/** Returns the context; undefined for plain text. @throws TypeError; TLSError if OpenSSL does not accept an option */
export function tlsContext(tls: TLSOption | undefined): TLSContext | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true || (typeof tls === 'object' && tls !== null)) return TLSContext.from(tls);
  throw new TypeError(`tls must be true, TLS options or a TLSContext, got ${shownValue(tls)}`);
}
