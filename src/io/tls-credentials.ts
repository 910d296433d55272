/**
 * The client's own certificates and private keys of a TLS configuration, in PEM or PKCS #12, with their passphrases:
 * checked and put into the addon's form. OpenSSL checks whether they match. No passphrase appears in a message.
 */

import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import { ownOptions } from '../options.ts';
import type { TLSContextParameters } from './native.ts';

/**
 * Certificates or keys in PEM (RFC 7468), as text or bytes: what the options `ca`, `cert` and `key` take. The content
 * of a file, not its name.
 *
 * @example
 * ```js
 * import { rootCertificates } from 'node:tls';
 * import { TLSContext } from 'dugong';
 *
 * const [pem] = rootCertificates;
 * console.log(pem?.slice(0, 27)); // -----BEGIN CERTIFICATE-----
 * console.log(new TLSContext({ ca: pem })); // TLSContext { rejectUnauthorized: true }
 * ```
 */
export type PEM = string | Uint8Array;

/**
 * A private key with a passphrase of its own, for the option `key` if several keys have different ones.
 *
 * @example
 * ```js no-run
 * import { readFileSync } from 'node:fs';
 * import { TLSContext } from 'dugong';
 *
 * const key = [{ pem: readFileSync('client-key.pem'), passphrase: readFileSync('passphrase.txt', 'utf8').trim() }];
 * console.log(new TLSContext({ cert: [readFileSync('client.pem')], key }));
 * ```
 */
export interface EncryptedKey {
  /** The private key in PEM, encrypted or not. */
  readonly pem: PEM;
  /** The passphrase of this key. Default: the option `passphrase`. */
  readonly passphrase?: string | undefined;
}

/**
 * A PKCS #12 file (RFC 7292) with a passphrase of its own, for the option `pfx` if several files have different ones.
 *
 * @example
 * ```js no-run
 * import { readFileSync } from 'node:fs';
 * import { TLSContext } from 'dugong';
 *
 * const pfx = [{ buf: readFileSync('client.p12'), passphrase: readFileSync('passphrase.txt', 'utf8').trim() }];
 * console.log(new TLSContext({ pfx }));
 * ```
 */
export interface EncryptedPfx {
  /** The content of the file; a string has one character for each byte. */
  readonly buf: string | Uint8Array;
  /** The passphrase of this file. Default: the option `passphrase`. */
  readonly passphrase?: string | undefined;
}

/**
 * The options for the client's own certificate, which a server may ask for: a part of {@link TLSOptions}, named as in
 * node:tls.
 *
 * @example
 * ```js no-run
 * import { readFileSync } from 'node:fs';
 * import { HTTPConnection } from 'dugong';
 *
 * const tls = { cert: readFileSync('client.pem'), key: readFileSync('client-key.pem') };
 * const connection = new HTTPConnection('https://server.example', { tls });
 * console.log(connection.request('GET', '/').response.status);
 * connection.disconnect();
 * ```
 */
export interface CredentialOptions {
  /** The client's certificate, followed by its chain; an array for several keys. Needs `key`. */
  readonly cert?: PEM | readonly PEM[] | null | undefined;
  /** The private key of `cert`; an array with one key for each certificate. Needs `cert`. */
  readonly key?: PEM | readonly (PEM | EncryptedKey)[] | null | undefined;
  /**
   * PKCS #12 files (.p12, .pfx), each with a key and its certificate. A string has one character for each byte. The
   * other certificates of a file are its chain; they are trusted in addition to those of `ca`, or to the default ones.
   * If `cert` and `key` are given, too, the pfx prevails for keys of the same kind.
   */
  readonly pfx?: string | Uint8Array | readonly (string | Uint8Array | EncryptedPfx)[] | null | undefined;
  /** The passphrase for encrypted keys and PKCS #12 files without one of their own. */
  readonly passphrase?: string | null | undefined;
}

type Credentials = Pick<TLSContextParameters, 'certificates' | 'keys' | 'passphrases' | 'pfx' | 'pfxPassphrases'>;

/** A key or file that may be encrypted; the passphrase is empty if there is none. */
interface Secret {
  readonly data: string | Uint8Array;
  readonly passphrase: string;
}

const FORM_OF_PEM = 'PEM as a string or a Uint8Array, or an array of these';
const FORMS = {
  key: `${FORM_OF_PEM}, or of objects with pem and passphrase`,
  pfx: 'a Uint8Array, or an array of these, or of objects with buf and passphrase',
};

/** Checks the options and returns the credentials in the addon's form. @throws TypeError */
export function credentialsOf(options: CredentialOptions): Credentials {
  const common = passphraseOf(options.passphrase);
  const keys = secrets('key', options.key, { field: 'pem', common });
  const pfx = secrets('pfx', options.pfx, { field: 'buf', common });
  const pemKeys = keys.map(({ data }) => pemText(data));
  const certificates = pems('cert', options.cert ?? []);
  if (certificates.length !== keys.length) {
    throw new TypeError(
      'the TLS options cert and key must come together: one certificate, with its chain, for each key',
    );
  }
  return {
    certificates,
    keys: pemKeys,
    passphrases: keys.map(({ passphrase }) => passphrase),
    pfx: pfx.map(({ data }) => fileBytes(data)),
    pfxPassphrases: pfx.map(({ passphrase }) => passphrase),
  };
}

/** The texts of an option that takes PEM. @throws TypeError */
export function pems(name: string, value: unknown): string[] {
  const all: unknown = isBytes(value) ? [value] : value;
  if (!Array.isArray(all) || !all.every(isBytes)) throw wrong(name, FORM_OF_PEM);
  return all.map(pemText);
}

/** Makes the error for an option of the wrong form. */
export function wrong(name: string, expected: string): TypeError {
  return new TypeError(`the TLS option ${name} must be ${expected}`);
}

function secrets(
  name: keyof typeof FORMS,
  value: unknown,
  { field, common }: { field: 'pem' | 'buf'; common: string },
): Secret[] {
  const all: unknown = isBytes(value) ? [value] : (value ?? []);
  if (!Array.isArray(all)) throw wrong(name, FORMS[name]);
  return all.map((each: unknown) => {
    if (isBytes(each)) return { data: each, passphrase: common };
    if (typeof each !== 'object' || each === null) throw wrong(name, FORMS[name]);
    const given = ownOptions<Record<string, unknown>>(name, each as Record<string, unknown>, [field, 'passphrase']);
    const data = given[field];
    // As in node:tls, an empty passphrase means none.
    const passphrase = passphraseOf(given['passphrase']) || common;
    if (!isBytes(data)) throw wrong(name, FORMS[name]);
    return { data, passphrase };
  });
}

function passphraseOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw wrong('passphrase', 'a string');
  if (value.includes('\0')) throw new TypeError('the TLS option passphrase must not contain a NUL');
  return value;
}

function isBytes(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || types.isUint8Array(value);
}

function pemText(pem: PEM): string {
  return typeof pem === 'string' ? pem : Buffer.from(pem).toString('latin1');
}

function fileBytes(file: string | Uint8Array): Uint8Array {
  if (typeof file !== 'string') return file;
  if (!/^[\0-\xff]*$/.test(file)) throw wrong('pfx', 'bytes: a file that is read as UTF-8 loses some');
  return Buffer.from(file, 'latin1');
}
