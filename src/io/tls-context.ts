/**
 * A TLS configuration that connections share, with the sessions for resumption that servers gave. It parses
 * certificates and keys once; a context per connection works, but repeats this cost. It relies on tls-options.ts for
 * the check and on OpenSSL for the content; it knows no connection.
 */

import { TLSError } from '../errors.ts';
import { HIDDEN, shownAs } from '../inspection.ts';
import { own } from '../options.ts';
import { runtime } from './load-addon.ts';
import {
  native,
  type TLSContextHandle,
  type TLSContextParameters,
  type TLSRefusal,
  type TLSTrustHandle,
} from './native.ts';
import { shownValue } from './shown-value.ts';
import { OUT_OF_MEMORY, systemError } from './system-error.ts';
import { errorCode } from './tls-failure.ts';
import { identityOf } from './tls-identity.ts';
import { checkOptions, type TLSOptions } from './tls-options.ts';
import { defaultTrust, isRefusal, trustIn } from './tls-trust.ts';

let shared: TLSContext | undefined;

/** What a context holds for a handshake. */
export interface TLSSettings {
  /** The native SSL_CTX. */
  readonly handle: TLSContextHandle;
  /** Whether a connection is refused if the server's certificate is not valid. */
  readonly rejectUnauthorized: boolean;
  /**
   * The name that replaces the host's in the server_name extension and in verification; empty: send none, verify the
   * host's.
   */
  readonly servername: string | undefined;
  /** The session to resume. */
  readonly session: Uint8Array | undefined;
  /** The caller's check, which replaces the built-in comparison of names. */
  readonly checkServerIdentity: NonNullable<TLSOptions['checkServerIdentity']> | undefined;
}

/** The settings of a context, which are no member of it: a session is as secret as a key. */
export let settingsOf: (context: TLSContext) => TLSSettings;

/**
 * A TLS configuration that several connections share, with the sessions for resumption that servers gave (SSL_CTX of
 * OpenSSL). Certificates and keys are parsed once. Pass it as the option `tls` of connections. `console.log` shows no
 * keys.
 *
 * @example
 * ```js
 * import { HTTPConnection, TLSContext } from 'dugong';
 *
 * const tls = new TLSContext({ minVersion: 'TLSv1.3' });
 * const connections = ['a.example', 'b.example'].map((host) => new HTTPConnection(host, { tls }));
 * console.log(tls, connections.map(({ port }) => port)); // TLSContext { rejectUnauthorized: true } [ 443, 443 ]
 * ```
 */
export class TLSContext {
  readonly #settings: TLSSettings;

  /**
   * Checks `options` and makes the native context. Without options: the defaults of node:tls, with the certification
   * authorities that Node trusts.
   * @throws TypeError - an option is unknown, or of a wrong type
   * @throws RangeError - the versions, or the ciphers, leave nothing to offer
   * @throws TLSError - OpenSSL does not accept a certificate, key or cipher, or Node has no OpenSSL 3
   * (DUGONG_TLS_UNAVAILABLE)
   * @throws SystemError - memory or descriptors are short
   */
  constructor(options?: TLSOptions) {
    const { ca, servername, session, checkServerIdentity, parameters } = checkOptions(options);
    assertAvailable();
    if (servername) identityOf(servername);
    const trust = ca === undefined ? defaultTrust() : accepted<TLSTrustHandle>(trustIn(ca));
    const handle = makeContext({ ...parameters, trust });
    this.#settings = { handle, rejectUnauthorized: parameters.verify, servername, session, checkServerIdentity };
  }

  static {
    settingsOf = (context) => context.#settings;
    shownAs(TLSContext, (context) => {
      const { servername, rejectUnauthorized, session } = context.#settings;
      return {
        rejectUnauthorized,
        ...(servername !== undefined && { servername }),
        ...(session !== undefined && { session: HIDDEN }),
      };
    });
  }
}

/** Key log files that this thread has warned about. */
const unwritten = new Set<string>();

/**
 * Makes the native context. A key log that cannot be written must not prevent a connection: it is left out with one
 * warning.
 */
function makeContext(parameters: TLSContextParameters): TLSContextHandle {
  const result = native.tlsContext(parameters);
  if (!isRefusal(result) || result.option !== 'SSLKEYLOGFILE') return accepted(result);
  const { keyLogFile } = parameters;
  if (!unwritten.has(keyLogFile)) {
    process.emitWarning(`SSLKEYLOGFILE: ${keyLogFile} cannot be opened for appending: ${result.reason}`);
  }
  unwritten.add(keyLogFile);
  return accepted(native.tlsContext({ ...parameters, keyLogFile: '' }));
}

function assertAvailable(): void {
  const reason = native.tlsUnavailable();
  if (reason === undefined) return;
  throw new TLSError('DUGONG_TLS_UNAVAILABLE', `TLS is not available in ${runtime()}: ${reason}`, { reason });
}

/** Advice for options that OpenSSL rejects. */
const ADVICE: Readonly<Record<string, string>> = {
  ca: 'It must hold certificates in PEM, not the name of a file',
  cert: 'It must hold a certificate in PEM, and no other than those of its chain behind it',
  key: 'It must hold the private key of cert in PEM; if it is encrypted, the option passphrase must be right',
  pfx: 'It must be a PKCS #12 file (.p12, .pfx) that holds a key with its certificate, and the option passphrase must be right',
  session: 'It must be what getSession() gave',
  ciphers: 'The command "openssl ciphers" lists the names',
};

const UNSUPPORTED =
  'It is encrypted by an algorithm of old that OpenSSL 3 does not load, such as RC2: "openssl pkcs12 -legacy" reads it, to be exported anew';

function accepted<T extends object>(result: T | TLSRefusal): T {
  if (!isRefusal(result)) return result;
  const { option, library, reason } = result;
  if (option === 'memory') throw systemError(OUT_OF_MEMORY, 'SSL_CTX_new');
  const words = reason || 'OpenSSL gives no reason';
  const code = errorCode(library, reason);
  const advice = code === 'ERR_OSSL_EVP_UNSUPPORTED' ? UNSUPPORTED : own(ADVICE, option);
  const message = `the TLS option ${option} is not accepted: ${words}${advice === undefined ? '' : `. ${advice}`}`;
  throw new TLSError(code, message, { reason: words });
}

/**
 * The option `tls` of a connection: true for the default configuration, options named as in node:tls, or a {@link
 * TLSContext} that several connections share; false for plain text.
 *
 * @example
 * ```js
 * import { HTTPConnection, TLSContext } from 'dugong';
 *
 * console.log(new HTTPConnection('server.example', { tls: true }).port); // 443
 * console.log(new HTTPConnection('server.example', { tls: { minVersion: 'TLSv1.3' } }).port); // 443
 * console.log(new HTTPConnection('server.example', { tls: new TLSContext() }).port); // 443
 * console.log(new HTTPConnection('server.example', { tls: false }).port); // 80
 * ```
 */
export type TLSOption = boolean | TLSOptions | TLSContext;

/**
 * Returns the context for the option `tls`: a context itself, a new one for options, for `true` the default one, which
 * all connections of the thread share, and undefined for plain text.
 * @throws TypeError; TLSError if OpenSSL does not accept an option
 */
export function tlsContext(tls: TLSOption | undefined): TLSContext | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) {
    shared ??= new TLSContext();
    return shared;
  }
  if (typeof tls !== 'object' || tls === null) {
    throw new TypeError(`tls must be true, TLS options or a TLSContext, got ${shownValue(tls)}`);
  }
  return tls instanceof TLSContext ? tls : new TLSContext(tls);
}
