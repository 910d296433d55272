/**
 * Certificates for tests, made by the `openssl` command when they are asked for, in a folder that goes away with the process.
 * All keys are on P-256, which is quick. Only the test trusts what is made here.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CertificateOptions {
  /** E.g. `/CN=localhost`. */
  readonly subject?: string;
  /** In OpenSSL's configuration syntax, e.g. `DNS:localhost,IP:127.0.0.1`. */
  readonly san?: string;
  /** The signer; default: itself. */
  readonly issuer?: Certificate;
  /** Days from now. */
  readonly validFrom?: number;
  readonly validTo?: number;
  /** Further lines of the extension section; those for a CA with {@link CA_EXTENSIONS}. */
  readonly extensions?: readonly string[];
  readonly keyType?: 'ec' | 'rsa';
  /** Encrypts the key. */
  readonly passphrase?: string;
}

/** PEM, and the files that hold it. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export const CA_EXTENSIONS: readonly string[] = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
];

/**
 * For a test's `skip` option: false, or the reason why certificates cannot be made here.
 * @throws Error in CI, where such tests may not be skipped
 */
export function opensslMissing(): string | false {
  try {
    openssl(['version']);
    return false;
  } catch {
    if (process.env.CI !== undefined) throw new Error('openssl is not installed, and CI must not skip its tests');
    return 'openssl is not installed';
  }
}

export function openssl(args: readonly string[], input = ''): string {
  return execFileSync('openssl', args, { encoding: 'latin1', input, stdio: ['pipe', 'pipe', 'pipe'] });
}

let folder: string | undefined;
let count = 0;

/** A path in a folder that goes away with the process. */
export function scratchFile(name: string): string {
  if (folder === undefined) {
    const created = mkdtempSync(join(tmpdir(), 'dugong-certificates-'));
    process.on('exit', () => rmSync(created, { recursive: true, force: true }));
    folder = created;
  }
  return join(folder, name);
}

export function makeCertificate(options: CertificateOptions = {}): Certificate {
  const {
    subject = '/CN=dugong test',
    san,
    issuer,
    validFrom = -1,
    validTo = 30,
    keyType = 'ec',
    passphrase,
  } = options;
  const name = `${++count}`;
  const file = (suffix: string) => scratchFile(`${name}.${suffix}`);
  const keyFile = file('key');
  const kind =
    keyType === 'ec' ? ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
  const locked = passphrase === undefined ? [] : ['-aes256', '-pass', `pass:${passphrase}`];
  openssl(['genpkey', '-algorithm', ...kind, ...locked, '-out', keyFile]);
  const password = passphrase === undefined ? [] : ['-passin', `pass:${passphrase}`];
  openssl([
    'req',
    '-new',
    '-key',
    keyFile,
    ...password,
    '-subj',
    subject,
    '-out',
    file('csr'),
    '-config',
    configuration(name, options),
  ]);
  const signer = issuer === undefined ? ['-selfsign'] : ['-cert', issuer.certFile];
  openssl([
    ...['ca', '-batch', '-notext', '-preserveDN', '-config', file('cnf'), '-in', file('csr'), '-out', file('crt')],
    ...['-keyfile', issuer?.keyFile ?? keyFile, ...signer],
    ...['-startdate', date(validFrom), '-enddate', date(validTo), '-extensions', san === undefined ? 'plain' : 'named'],
  ]);
  const certFile = file('crt');
  return { cert: readFileSync(certFile, 'latin1'), key: readFileSync(keyFile, 'latin1'), certFile, keyFile };
}

/** A certification authority of this name. */
export function makeAuthority(name: string, options: CertificateOptions = {}): Certificate {
  return makeCertificate({ subject: `/CN=${name}`, extensions: CA_EXTENSIONS, ...options });
}

/** The bare minimum by which `openssl ca` signs anything: it alone lets the dates be chosen. */
function configuration(name: string, { san, extensions = [] }: CertificateOptions): string {
  writeFileSync(scratchFile(`${name}.index`), '');
  const path = scratchFile(`${name}.cnf`);
  const sections = [
    ['ca', 'default_ca=own'],
    [
      'own',
      `database=${scratchFile(`${name}.index`)}`,
      `new_certs_dir=${scratchFile('')}`,
      'rand_serial=yes',
      'default_md=sha256',
      'policy=any',
      'unique_subject=no',
    ],
    ['any', 'commonName=optional'],
    ['req', 'distinguished_name=name'],
    ['name'],
    ['plain', ...extensions],
    ['named', ...(san === undefined ? [] : [`subjectAltName=${san}`]), ...extensions],
  ];
  writeFileSync(path, sections.map(([title, ...lines]) => `[${title}]\n${lines.join('\n')}\n`).join('\n'));
  return path;
}

/** ASN.1 GeneralizedTime, so many days from now. */
function date(days: number): string {
  const iso = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${iso.replace(/[-:T]/g, '').slice(0, 14)}Z`;
}
