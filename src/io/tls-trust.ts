/**
 * The certification authorities that are trusted unless a context names its own: those of node:tls, those of
 * NODE_EXTRA_CA_CERTS, and those of SSL_CERT_FILE and SSL_CERT_DIR. Each thread parses them once.
 */

import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SystemError } from '../errors.ts';
import { own } from '../options.ts';
import { builtin } from './builtin.ts';
import { native, type TLSRefusal, type TLSTrustHandle } from './native.ts';
import { OUT_OF_MEMORY, systemError } from './system-error.ts';

/** Codes for a shortage of descriptors or memory. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

let trusted: TLSTrustHandle | undefined;

/**
 * Returns the default authorities. An additional file that cannot be read is left out with a warning, as in Node.
 * @throws SystemError if descriptors or memory are short
 */
export function defaultTrust(): TLSTrustHandle {
  trusted ??= parse([...nodeCertificates(), ...additions()]);
  return trusted;
}

/** Whether OpenSSL refused an option. */
export function isRefusal(result: object): result is TLSRefusal {
  return Object.hasOwn(result, 'reason');
}

/** Parses certificates. @throws SystemError if memory is short, since then no certificate is the cause */
export function trustIn(texts: readonly string[]): TLSTrustHandle | TLSRefusal {
  const result = native.tlsTrust(texts);
  if (isRefusal(result) && result.option === 'memory') throw systemError(OUT_OF_MEMORY, 'X509_STORE_add_cert');
  return result;
}

function parse(texts: readonly string[]): TLSTrustHandle {
  const result = trustIn(texts);
  if (isRefusal(result)) throw new Error(`the default certificates cannot be parsed: ${result.reason}`);
  return result;
}

function nodeCertificates(): readonly string[] {
  const tls: typeof builtin.tls & { getCACertificates?(type: 'default'): string[] } = builtin.tls;
  // Exists from Node 22.15 on. The list includes NODE_EXTRA_CA_CERTS and follows --use-system-ca.
  if (tls.getCACertificates !== undefined) return tls.getCACertificates('default');
  return [...tls.rootCertificates, ...fromFile('NODE_EXTRA_CA_CERTS', own(process.env, 'NODE_EXTRA_CA_CERTS'))];
}

function additions(): string[] {
  const file = own(process.env, 'SSL_CERT_FILE');
  const folders =
    own(process.env, 'SSL_CERT_DIR')
      ?.split(delimiter)
      .filter((folder) => folder !== '') ?? [];
  return [...fromFile('SSL_CERT_FILE', file), ...folders.flatMap((folder) => fromFolder(folder))];
}

/** Reads the files named by the hash of their subject, as OpenSSL looks them up (`openssl rehash`). */
function fromFolder(folder: string): string[] {
  try {
    const files = readdirSync(folder).filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name));
    return files.flatMap((name) => fromFile('SSL_CERT_DIR', join(folder, name)));
  } catch (error) {
    assertNoShortage(error, folder);
    return ignored('SSL_CERT_DIR', folder, error);
  }
}

function fromFile(variable: string, file: string | undefined): string[] {
  if (!file) return [];
  try {
    const text = readRegular(file);
    const result = trustIn([text]);
    return isRefusal(result) ? ignored(variable, file, new Error(result.reason)) : [text];
  } catch (error) {
    assertNoShortage(error, file);
    return ignored(variable, file, error);
  }
}

/** Reads a regular file. O_NONBLOCK, because opening a FIFO without a writer would block. */
function readRegular(file: string): string {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if (!fstatSync(fd).isFile()) throw new Error('it is no regular file');
    return readFileSync(fd, 'latin1');
  } finally {
    closeSync(fd);
  }
}

/** A shortage passes, but the parsed list is kept for ever: it must not lack certificates. @throws SystemError */
function assertNoShortage(error: unknown, path: string): void {
  if (error instanceof SystemError) throw error;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || errno === undefined || !SHORTAGES.has(code)) return;
  throw new SystemError(code, { errno, syscall: syscall ?? 'open', address: path, cause: error });
}

function ignored(variable: string, path: string, error: unknown): [] {
  process.emitWarning(`${variable}: ignoring ${path}: ${error instanceof Error ? error.message : String(error)}`);
  return [];
}
