/**
 * The options of a TLS configuration, named as in node:tls, checked and put into the addon's form. Nothing here is
 * converted silently, and what is not known is refused: a misspelt or unsupported option must not look as if it were obeyed.
 */

import { Buffer } from 'node:buffer';
import type * as tls from 'node:tls';
import { own, ownOptions } from '../options.ts';
import { builtin } from './builtin.ts';
import type { TLSContextParameters } from './native.ts';

/** PEM, as text or bytes. */
export type PEM = string | Uint8Array;

/** A private key that needs a passphrase of its own. */
export interface EncryptedKey {
  readonly pem: PEM;
  readonly passphrase?: string | undefined;
}

/** As node:tls names them. 1.0 and 1.1 are spoken only where `minVersion` asks for them (RFC 8996). */
export type TLSVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** Undefined, or null, is always the default. */
export interface TLSOptions {
  /** Trusted certificates in place of the default ones: PEM, each text with one or more. */
  readonly ca?: PEM | readonly PEM[] | null | undefined;
  /** Our certificate, followed by its chain; an array for several keys. Needs `key`. */
  readonly cert?: PEM | readonly PEM[] | null | undefined;
  readonly key?: PEM | readonly (PEM | EncryptedKey)[] | null | undefined;
  /** For encrypted keys that do not bring their own. */
  readonly passphrase?: string | null | undefined;
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
  'passphrase',
  'servername',
  'minVersion',
  'maxVersion',
  'ciphers',
  'ALPNProtocols',
  'rejectUnauthorized',
  'allowPartialTrustChain',
  'session',
  'checkServerIdentity',
];

const TLS13 = 0x0304;

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
  const keys = keysOf(options);
  const pemKeys = keys.map(({ pem }) => pemText('key', pem));
  const session = sessionOf(options);
  const certificates = pems('cert', options.cert ?? []);
  if (certificates.length !== keys.length) {
    throw new TypeError(
      'the TLS options cert and key must come together: one certificate, with its chain, for each key',
    );
  }
  return {
    ca: options.ca === undefined || options.ca === null ? undefined : pems('ca', options.ca),
    servername: text(options, 'servername'),
    session,
    checkServerIdentity: checkerOf(options),
    parameters: {
      certificates,
      keys: pemKeys,
      passphrases: keys.map(({ passphrase }) => passphrase ?? ''),
      ciphers,
      ciphersuites,
      ...versionsOf(options, ciphers === ''),
      protocols: protocolsOf(options.ALPNProtocols ?? ['http/1.1']),
      verify: flag(options, 'rejectUnauthorized') ?? true,
      partialChain: flag(options, 'allowPartialTrustChain') ?? false,
      session: session ?? Buffer.alloc(0),
      keyLogFile: own(process.env, 'SSLKEYLOGFILE') ?? '',
    },
  };
}

function text(options: TLSOptions, name: 'passphrase' | 'servername' | 'ciphers'): string | undefined {
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

function pems(name: string, value: PEM | readonly PEM[]): string[] {
  return (isPEM(value) ? [value] : list(name, value)).map((pem) => pemText(name, pem));
}

const FORM_OF_KEYS = 'PEM as a string or a Uint8Array, or an array of these, or of objects with pem and passphrase';

function keysOf(options: TLSOptions): EncryptedKey[] {
  const { key } = options;
  const common = text(options, 'passphrase');
  if (key === undefined || key === null) return [];
  return (isPEM(key) ? [key] : list('key', key)).map((each) => {
    if (isPEM(each)) return { pem: each, passphrase: common };
    if (typeof each !== 'object' || each === null) throw wrong('key', FORM_OF_KEYS);
    const { pem, passphrase = common } = ownOptions('key', each, ['pem', 'passphrase']);
    if (passphrase !== undefined && typeof passphrase !== 'string') throw wrong('passphrase', 'a string');
    return { pem, passphrase };
  });
}

function isPEM(value: unknown): value is PEM {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function list<T>(name: string, value: readonly T[] | PEM): readonly T[] {
  if (!Array.isArray(value)) throw wrong(name, 'PEM as a string or a Uint8Array, or an array of these');
  return value;
}

function pemText(name: string, pem: PEM): string {
  if (!isPEM(pem)) throw wrong(name, 'PEM as a string or a Uint8Array, or an array of these');
  return typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1');
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

function wrong(name: string, expected: string): TypeError {
  return new TypeError(`the TLS option ${name} must be ${expected}`);
}
