/**
 * The options of a TLS configuration, named as in node:tls, checked and put into the addon's form. No value is
 * converted silently. Unknown options are refused, because a misspelt option would silently have no effect.
 */

import { Buffer } from 'node:buffer';
import type * as tls from 'node:tls';
import { own, ownOptions } from '../options.ts';
import { builtin } from './builtin.ts';
import type { TLSContextParameters } from './native.ts';
import { type CredentialOptions, credentialsOf, type PEM, pems, wrong } from './tls-credentials.ts';

/**
 * The versions of TLS by their names in node:tls. TLS 1.0 and 1.1 are offered only if `minVersion` asks for them (RFC
 * 8996).
 *
 * @example
 * ```js
 * import { TLSContext } from 'dugong';
 *
 * try {
 *   new TLSContext({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' });
 * } catch (error) {
 *   console.log(error instanceof RangeError); // true
 * }
 * ```
 */
export type TLSVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/**
 * The options of a TLS configuration, named as in node:tls: of {@link TLSContext}, and of the option `tls`. Undefined
 * and null mean the default. An unknown name is a TypeError. Servers are verified unless `rejectUnauthorized` is false.
 *
 * @example
 * ```js no-run
 * import { readFileSync } from 'node:fs';
 * import { HTTPConnection } from 'dugong';
 *
 * const tls = { ca: readFileSync('company-ca.pem'), servername: 'intranet.example' };
 * const connection = new HTTPConnection('https://server.example', { tls });
 * console.log(connection.request('GET', '/').response.status, connection.getProtocol());
 * connection.disconnect();
 * ```
 */
export interface TLSOptions extends CredentialOptions {
  /** Trusted certificates that replace the default ones: PEM, each text with one or more. */
  readonly ca?: PEM | readonly PEM[] | null | undefined;
  /**
   * The name for the server_name extension and for verification, in place of the host's. Empty: send no extension,
   * verify the host's name.
   */
  readonly servername?: string | null | undefined;
  /**
   * Lowest version to offer. Default: TLSv1.2, or TLSv1.3 if Node was started with --tls-min-v1.3. Older versions (RFC
   * 8996) also need `@SECLEVEL=0` in `ciphers`.
   */
  readonly minVersion?: TLSVersion | null | undefined;
  /** Highest version to offer. Default: `tls.DEFAULT_MAX_VERSION`. */
  readonly maxVersion?: TLSVersion | null | undefined;
  /** OpenSSL's cipher list; names of TLS 1.3 (TLS_...) may be among the others. Default: `tls.DEFAULT_CIPHERS`. */
  readonly ciphers?: string | null | undefined;
  /** The protocols for ALPN. Default: http/1.1. An empty list sends no ALPN extension. */
  readonly ALPNProtocols?: readonly string[] | null | undefined;
  /** Whether to refuse a server whose certificate is not valid. Default true. Only `false` switches verification off. */
  readonly rejectUnauthorized?: boolean | null | undefined;
  /**
   * Whether any certificate of `ca` is an anchor, self-signed or not (X509_V_FLAG_PARTIAL_CHAIN of OpenSSL). Default
   * false.
   */
  readonly allowPartialTrustChain?: boolean | null | undefined;
  /**
   * Bits of `crypto.constants.SSL_OP_...`, added to those that are always set, e.g. SSL_OP_LEGACY_SERVER_CONNECT for a
   * server without secure renegotiation (RFC 5746).
   */
  readonly secureOptions?: number | null | undefined;
  /** A session to resume, from `getSession()` of a connection to the same server. */
  readonly session?: Uint8Array | null | undefined;
  /**
   * Replaces the built-in comparison of names (RFC 9525). It is called with the host name and the server's certificate
   * after the chain has been verified; an Error that it returns refuses the server, with a TLSError whose `cause` it is.
   */
  readonly checkServerIdentity?:
    | ((hostname: string, certificate: tls.DetailedPeerCertificate) => Error | undefined)
    | null
    | undefined;
}

const NAMES: readonly (keyof TLSOptions)[] = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'servername',
  'minVersion',
  'maxVersion',
  'ciphers',
  'ALPNProtocols',
  'rejectUnauthorized',
  'allowPartialTrustChain',
  'secureOptions',
  'session',
  'checkServerIdentity',
];

const TLS13 = 0x0304;
/**
 * With this option OpenSSL would take the end of the stream for close_notify, and a body that is cut short for a
 * complete one.
 */
const SSL_OP_IGNORE_UNEXPECTED_EOF = 0x80;

const VERSIONS: ReadonlyMap<unknown, number> = new Map([
  ['TLSv1', 0x0301],
  ['TLSv1.1', 0x0302],
  ['TLSv1.2', 0x0303],
  ['TLSv1.3', TLS13],
]);

/** The checked options: `parameters` for the addon, the others for this side. */
export interface CheckedOptions {
  readonly ca: string[] | undefined;
  readonly servername: string | undefined;
  readonly session: Uint8Array | undefined;
  readonly checkServerIdentity: NonNullable<TLSOptions['checkServerIdentity']> | undefined;
  readonly parameters: Omit<TLSContextParameters, 'trust'>;
}

/** Checks options and fills in the defaults. @throws TypeError, RangeError */
export function checkOptions(given: TLSOptions | undefined): CheckedOptions {
  const options = ownOptions('tls', given, NAMES);
  const { ciphers, ciphersuites } = splitCiphers(text(options, 'ciphers') ?? builtin.tls.DEFAULT_CIPHERS);
  const credentials = credentialsOf(options);
  const session = sessionOf(options);
  return {
    ca: options.ca === undefined || options.ca === null ? undefined : pems('ca', options.ca),
    servername: text(options, 'servername'),
    session,
    checkServerIdentity: checkerOf(options),
    parameters: {
      ...credentials,
      ciphers,
      ciphersuites,
      ...versionsOf(options, ciphers),
      protocols: protocolsOf(options.ALPNProtocols ?? ['http/1.1']),
      verify: flag(options, 'rejectUnauthorized') ?? true,
      partialChain: flag(options, 'allowPartialTrustChain') ?? false,
      secureOptions: secureOptionsOf(options),
      session: session ?? Buffer.alloc(0),
      keyLogFile: own(process.env, 'SSLKEYLOGFILE') ?? '',
    },
  };
}

function text(options: TLSOptions, name: 'servername' | 'ciphers'): string | undefined {
  const value = options[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw wrong(name, 'a string');
  if (value?.includes('\0')) throw new TypeError(`the TLS option ${name} must not contain a NUL`);
  return value;
}

function flag(options: TLSOptions, name: 'rejectUnauthorized' | 'allowPartialTrustChain'): boolean | undefined {
  const value = options[name] ?? undefined;
  if (value !== undefined && typeof value !== 'boolean') throw wrong(name, 'true or false');
  return value;
}

/** JavaScript's bit operators make a negative number of bit 31, which is in SSL_OP_ALL. */
function secureOptionsOf({ secureOptions }: TLSOptions): number {
  const bits = secureOptions ?? 0;
  if (!Number.isSafeInteger(bits) || bits < -0x80000000)
    throw wrong('secureOptions', 'bits of crypto.constants.SSL_OP_...');
  if ((bits & SSL_OP_IGNORE_UNEXPECTED_EOF) !== 0) {
    throw new TypeError(
      'the TLS option secureOptions must not contain SSL_OP_IGNORE_UNEXPECTED_EOF (0x80): bodies cut short would pass for whole',
    );
  }
  return bits < 0 ? bits >>> 0 : bits;
}

function sessionOf({ session }: TLSOptions): Uint8Array | undefined {
  if (session === undefined || session === null) return undefined;
  if (!(session instanceof Uint8Array) || session.length === 0)
    throw wrong('session', 'a Uint8Array from getSession()');
  return session;
}

function checkerOf({ checkServerIdentity }: TLSOptions): CheckedOptions['checkServerIdentity'] {
  if (checkServerIdentity === undefined || checkServerIdentity === null) return undefined;
  if (typeof checkServerIdentity !== 'function') throw wrong('checkServerIdentity', 'a function');
  return checkServerIdentity;
}

/**
 * OpenSSL has a separate list for TLS 1.3. If `value` names no cipher of TLS 1.3, OpenSSL's default for it applies, as
 * in Node.
 */
function splitCiphers(value: string): { ciphers: string; ciphersuites: string } {
  const names = value.split(':').filter((name) => name !== '');
  if (names.length === 0) throw new TypeError('the TLS option ciphers must name a cipher');
  return {
    ciphers: names.filter((name) => !name.startsWith('TLS_')).join(':'),
    ciphersuites: names.filter((name) => name.startsWith('TLS_')).join(':'),
  };
}

/** No `ciphers` of earlier versions leave TLS 1.3 alone. */
function versionsOf(options: TLSOptions, ciphers: string): { minVersion: number; maxVersion: number } {
  const strict = builtin.tls.DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2';
  const minVersion = version('minVersion', options.minVersion ?? strict);
  const maxVersion = version('maxVersion', options.maxVersion ?? builtin.tls.DEFAULT_MAX_VERSION);
  if (minVersion > maxVersion) {
    throw new RangeError(`the TLS options minVersion (by default ${strict}) and maxVersion leave no version`);
  }
  if (ciphers !== '') return { minVersion, maxVersion };
  if (maxVersion < TLS13) throw new RangeError('the TLS option ciphers is for TLS 1.3 only, which maxVersion excludes');
  return { minVersion: TLS13, maxVersion };
}

function version(name: string, value: unknown): number {
  const number = VERSIONS.get(value);
  if (number === undefined) throw wrong(name, `one of ${[...VERSIONS.keys()].join(', ')}`);
  return number;
}

/** The names in the form of the ALPN extension (RFC 7301 3.1). */
function protocolsOf(names: readonly string[]): Buffer {
  if (!Array.isArray(names)) throw wrong('ALPNProtocols', 'an array of strings');
  return Buffer.concat(
    names.map((name) => {
      const bytes = typeof name === 'string' ? Buffer.from(name, 'latin1') : Buffer.alloc(0);
      if (bytes.length === 0 || bytes.length > 255) throw wrong('ALPNProtocols', 'names of 1 to 255 bytes');
      return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    }),
  );
}
