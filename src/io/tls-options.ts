/**
 * The options of a TLS configuration, named as in node:tls, checked and put into the addon's form. Nothing here is
 * converted silently, and what is not known is refused: a misspelt or unsupported option must not look as if it were obeyed.
 */

import { Buffer } from 'node:buffer';
import type * as tls from 'node:tls';
import { own, ownOptions } from '../options.ts';
import { builtin } from './builtin.ts';
import type { TLSContextParameters } from './native.ts';
import { type CredentialOptions, credentialsOf, type PEM, pems, wrong } from './tls-credentials.ts';

/** As node:tls names them. 1.0 and 1.1 are spoken only where `minVersion` asks for them (RFC 8996). */
export type TLSVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** Undefined, or null, is always the default. */
export interface TLSOptions extends CredentialOptions {
  /** Trusted certificates in place of the default ones: PEM, each text with one or more. */
  readonly ca?: PEM | readonly PEM[] | null | undefined;
  /** The name to ask for and to verify in place of the host's; empty: ask for none, verify the host's. */
  readonly servername?: string | null | undefined;
  /**
   * Default: TLSv1.2, or TLSv1.3 if Node was started with --tls-min-v1.3. What is older (RFC 8996) also needs `ciphers` with
   * `@SECLEVEL=0` in it.
   */
  readonly minVersion?: TLSVersion | null | undefined;
  readonly maxVersion?: TLSVersion | null | undefined;
  /** OpenSSL's list, with the names of TLS 1.3 (TLS_...) among the others. Default: `tls.DEFAULT_CIPHERS`. */
  readonly ciphers?: string | null | undefined;
  /** Default: http/1.1. An empty list: do not negotiate. */
  readonly ALPNProtocols?: readonly string[] | null | undefined;
  /** Only `false` itself switches the verification of the server off. */
  readonly rejectUnauthorized?: boolean | null | undefined;
  /** Take any certificate of `ca` for an anchor, self-signed or not. */
  readonly allowPartialTrustChain?: boolean | null | undefined;
  /**
   * Bits of `crypto.constants.SSL_OP_...`, set beside those that are set anyway, e.g. SSL_OP_LEGACY_SERVER_CONNECT for a server
   * without secure renegotiation (RFC 5746).
   */
  readonly secureOptions?: number | null | undefined;
  /** A session to resume, from `getSession()` of a connection to the same server. */
  readonly session?: Uint8Array | null | undefined;
  /** Checks in place of the built-in comparison of names, after the chain was verified: an Error it returns is a refusal. */
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
/** The end of a stream would pass for close_notify, and a body that was cut short for a whole one. */
const SSL_OP_IGNORE_UNEXPECTED_EOF = 0x80;

const VERSIONS: ReadonlyMap<unknown, number> = new Map([
  ['TLSv1', 0x0301],
  ['TLSv1.1', 0x0302],
  ['TLSv1.2', 0x0303],
  ['TLSv1.3', TLS13],
]);

/** What does not go to the addon as it is. */
export interface CheckedOptions {
  readonly ca: string[] | undefined;
  readonly servername: string | undefined;
  readonly session: Uint8Array | undefined;
  readonly checkServerIdentity: NonNullable<TLSOptions['checkServerIdentity']> | undefined;
  readonly parameters: Omit<TLSContextParameters, 'trust'>;
}

/** @throws TypeError, RangeError */
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
      ...versionsOf(options, ciphers === ''),
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

/** JavaScript's operators make a negative number of bit 31, which is in SSL_OP_ALL. */
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

/** TLS 1.3 has lists of its own in OpenSSL. Without a name for TLS 1.3 its defaults stay in force, as in Node. */
function splitCiphers(value: string): { ciphers: string; ciphersuites: string } {
  const names = value.split(':').filter((name) => name !== '');
  if (names.length === 0) throw new TypeError('the TLS option ciphers must name a cipher');
  return {
    ciphers: names.filter((name) => !name.startsWith('TLS_')).join(':'),
    ciphersuites: names.filter((name) => name.startsWith('TLS_')).join(':'),
  };
}

function versionsOf(options: TLSOptions, onlyTLS13: boolean): { minVersion: number; maxVersion: number } {
  const strict = builtin.tls.DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2';
  const minVersion = version('minVersion', options.minVersion ?? strict);
  const maxVersion = version('maxVersion', options.maxVersion ?? builtin.tls.DEFAULT_MAX_VERSION);
  if (minVersion > maxVersion) {
    throw new RangeError(`the TLS options minVersion (by default ${strict}) and maxVersion leave no version`);
  }
  if (!onlyTLS13) return { minVersion, maxVersion };
  if (maxVersion < TLS13) throw new RangeError('the TLS option ciphers is for TLS 1.3 only, which maxVersion excludes');
  return { minVersion: TLS13, maxVersion };
}

function version(name: string, value: unknown): number {
  const number = VERSIONS.get(value);
  if (number === undefined) throw wrong(name, `one of ${[...VERSIONS.keys()].join(', ')}`);
  return number;
}

/** In the form of the extension (RFC 7301, 3.1). */
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
