/**
 * The cases of certificate verification, as data: which certificate, under which name, and what becomes of it here and in
 * node:https. Run as a program, it writes docs/tls-matrix.md; tls-matrix.test.ts sees to it that all of it is true.
 */

import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TLSOptions } from '../../src/io/tls-options.ts';
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.ts';
import type { RawAnswer, TLSServerOptions } from '../support/tls-server.ts';

export interface MatrixCase {
  /** Of the matrix in the issue. */
  readonly row: number;
  readonly server: string;
  readonly host: string;
  readonly options?: Omit<TLSOptions, 'ca'>;
  /** 'accepted' or the code of the error; several where it differs between versions of OpenSSL. */
  readonly ours: string | readonly string[];
  readonly https: string | readonly string[];
  /** Why the two differ, if they do. */
  readonly why?: string;
}

const ALTNAME = 'ERR_TLS_CERT_ALTNAME_INVALID';
const LOCALHOST = ['localhost'];
const NO_COMMON_NAME = 'RFC 9110, 4.3.4: the common name must not be used. node:https falls back to it.';
const NO_PARTIAL = 'RFC 9525, 6.3: a wildcard is a whole label. node:https takes it for a part of one.';
const NO_NAME = 'No name to compare a certificate with: refused before anything is sent.';
const EPROTO = 'The same, which node:https has in its message only: its write fails, with EPROTO.';
const CLOSED =
  'The same under other names: ConnectionClosed (phase handshake) has the errno in its cause, if there is one.';

function cases(
  row: number,
  server: string,
  hosts: readonly string[],
  ours: string,
  https: string,
  why?: string,
): MatrixCase[] {
  return hosts.map((host) => ({ row, server, host, ours, https, ...(why !== undefined && { why }) }));
}

/** The same verdict. */
function same(row: number, server: string, hosts: readonly string[], verdict: string): MatrixCase[] {
  return cases(row, server, hosts, verdict, verdict);
}

/** Accepted; but node:https of Node 22.23 refuses it. */
function not22(row: number, server: string, hosts: readonly string[]): MatrixCase[] {
  const why = 'Node 22.23 refuses what Node 20, 24 and 26 accept: a fault of that version.';
  return hosts.map((host) => ({ row, server, host, ours: 'accepted', https: ['accepted', ALTNAME], why }));
}

const SWITCHED_OFF = ['self-signed', 'expired', 'CN=localhost, SAN DNS:other', 'issued by no CA'];

export const matrix: readonly MatrixCase[] = [
  ...same(1, 'untrusted root', LOCALHOST, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  ...same(1, 'untrusted root, sent along', LOCALHOST, 'SELF_SIGNED_CERT_IN_CHAIN'),
  ...same(1, 'self-signed', LOCALHOST, 'DEPTH_ZERO_SELF_SIGNED_CERT'),
  ...same(2, 'expired', LOCALHOST, 'CERT_HAS_EXPIRED'),
  ...same(2, 'not yet valid', LOCALHOST, 'CERT_NOT_YET_VALID'),
  ...cases(3, 'CN=localhost, no SAN', LOCALHOST, ALTNAME, 'accepted', NO_COMMON_NAME),
  ...same(4, 'CN=localhost, SAN DNS:other', LOCALHOST, ALTNAME),
  ...cases(5, 'CN=localhost, SAN email', LOCALHOST, ALTNAME, 'accepted', NO_COMMON_NAME),
  ...cases(6, 'DNS:f*.example.com', ['foo.example.com'], ALTNAME, 'accepted', NO_PARTIAL),
  ...same(7, 'DNS:xn--*.example.com', ['xn--abc.example.com'], ALTNAME),
  ...same(8, 'DNS:*.example.com', ['a.example.com', 'A.EXAMPLE.COM', 'a.example.com.'], 'accepted'),
  ...not22(8, 'DNS:*.example.com', ['xn--abc.example.com']),
  ...same(8, 'DNS:*.example.com', ['a.b.example.com', 'example.com'], ALTNAME),
  ...cases(8, 'DNS:*.example.com', ['.example.com'], 'TypeError', 'accepted', NO_NAME),
  ...cases(8, 'DNS:*.example.com', ['a..example.com'], 'TypeError', ALTNAME, NO_NAME),
  ...same(9, 'IP:127.0.0.1', ['127.0.0.1'], 'accepted'),
  ...same(10, 'DNS:127.0.0.1', ['127.0.0.1'], ALTNAME),
  ...same(11, 'DNS:localhost', ['127.0.0.1'], ALTNAME),
  ...same(12, 'IP:127.0.0.1', ['::ffff:127.0.0.1', 'localhost'], ALTNAME),
  ...not22(13, 'IP:::1', ['::1', '0:0:0:0:0:0:0:1']),
  ...not22(13, 'IP:fe80::1', ['fe80::1%lo']),
  ...same(14, 'DNS:*.com', ['example.com'], ALTNAME),
  ...same(15, 'NUL in a dNSName', ['localhost', 'localhost.evil.example'], ALTNAME),
  ...cases(15, 'DNS:localhost', ['localhost\0.evil.example'], 'TypeError', 'ERR_INVALID_CHAR', 'The same.'),
  ...same(16, 'for clients only', LOCALHOST, 'INVALID_PURPOSE'),
  ...same(17, 'intermediate left out', LOCALHOST, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  ...same(17, 'issued by no CA', LOCALHOST, 'INVALID_PURPOSE'),
  ...same(17, 'with its intermediate', LOCALHOST, 'accepted'),
  ...cases(18, 'TLS 1.1 at most', LOCALHOST, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'EPROTO', EPROTO),
  ...same(19, 'DNS:proxy.example', ['origin.example'], ALTNAME),
  ...cases(20, 'DNS:localhost', [''], 'TypeError', 'accepted', `${NO_NAME} node:https takes it for localhost.`),
  ...same(22, 'DNS:localhost', ['localhost', 'LOCALHOST', 'localhost.'], 'accepted'),
  ...SWITCHED_OFF.map((server) => ({
    ...{ row: 22, server, host: 'localhost', options: { rejectUnauthorized: false } },
    ...{ ours: 'accepted', https: 'accepted' },
  })),
  ...[undefined, null].map((rejectUnauthorized) => ({
    ...{ row: 22, server: 'self-signed', host: 'localhost', options: { rejectUnauthorized } },
    ...{ ours: 'DEPTH_ZERO_SELF_SIGNED_CERT', https: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  })),
  ...cases(23, 'plain HTTP', LOCALHOST, 'ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', EPROTO),
  {
    ...{ row: 23, server: 'an alert: handshake_failure', host: 'localhost', https: 'EPROTO', why: EPROTO },
    ours: ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
  },
  ...cases(23, 'an alert: protocol_version', LOCALHOST, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'EPROTO', EPROTO),
  ...['a close_notify', 'FIN', 'RST'].flatMap((server) =>
    cases(23, server, LOCALHOST, 'DUGONG_CONNECTION_CLOSED', 'ECONNRESET', CLOSED),
  ),
];

export interface MatrixServers {
  readonly ca: string;
  readonly tls: ReadonlyMap<string, TLSServerOptions>;
  readonly raw: ReadonlyMap<string, RawAnswer>;
}

/** Certificates for the servers that the cases name; what they are is in their names. */
export function matrixServers(): MatrixServers {
  const root = makeAuthority('root of the tests');
  const stranger = makeAuthority('a root that nobody trusts');
  const intermediate = makeAuthority('intermediate', { issuer: root });
  const noCA = makeCertificate({ subject: '/CN=no CA', issuer: root, extensions: ['basicConstraints=CA:FALSE'] });
  const localhost = { subject: '/CN=server', san: 'DNS:localhost' };
  const signed = (options: Parameters<typeof makeCertificate>[0]) => makeCertificate({ issuer: root, ...options });
  const san = (names: string) => signed({ subject: '/CN=server', san: names });
  const certificates: readonly (readonly [string, Certificate, ...Certificate[]])[] = [
    ['untrusted root', makeCertificate({ ...localhost, issuer: stranger })],
    ['untrusted root, sent along', makeCertificate({ ...localhost, issuer: stranger }), stranger],
    ['self-signed', makeCertificate(localhost)],
    ['expired', signed({ ...localhost, validFrom: -9, validTo: -1 })],
    ['not yet valid', signed({ ...localhost, validFrom: 1, validTo: 9 })],
    ['CN=localhost, no SAN', signed({ subject: '/CN=localhost' })],
    ['CN=localhost, SAN DNS:other', signed({ subject: '/CN=localhost', san: 'DNS:other' })],
    ['CN=localhost, SAN email', signed({ subject: '/CN=localhost', san: 'email:a@localhost' })],
    ['DNS:f*.example.com', san('DNS:f*.example.com')],
    ['DNS:xn--*.example.com', san('DNS:xn--*.example.com')],
    ['DNS:*.example.com', san('DNS:*.example.com')],
    ['IP:127.0.0.1', san('IP:127.0.0.1')],
    ['DNS:127.0.0.1', san('DNS:127.0.0.1')],
    ['DNS:localhost', signed(localhost)],
    ['IP:::1', san('IP:::1')],
    ['IP:fe80::1', san('IP:fe80::1')],
    ['DNS:*.com', san('DNS:*.com')],
    ['NUL in a dNSName', signed({ subject: '/CN=server', extensions: [`subjectAltName=DER:${NUL_IN_NAME}`] })],
    ['for clients only', signed({ ...localhost, extensions: ['extendedKeyUsage=clientAuth'] })],
    ['intermediate left out', makeCertificate({ ...localhost, issuer: intermediate })],
    ['with its intermediate', makeCertificate({ ...localhost, issuer: intermediate }), intermediate],
    ['issued by no CA', makeCertificate({ ...localhost, issuer: noCA }), noCA],
    ['DNS:proxy.example', san('DNS:proxy.example')],
  ];
  const servers = new Map<string, TLSServerOptions>(
    certificates.map(([name, leaf, ...chain]) => [
      name,
      { cert: [leaf, ...chain].map(({ cert }) => cert).join(''), key: leaf.key },
    ]),
  );
  const old = servers.get('DNS:localhost') as TLSServerOptions;
  const ciphers = 'DEFAULT@SECLEVEL=0';
  servers.set('TLS 1.1 at most', { ...old, ciphers, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
  return { ca: root.cert, tls: servers, raw: RAW };
}

/** A SEQUENCE with one dNSName: localhost, NUL, .evil.example. */
const NUL_IN_NAME = (() => {
  const name = Buffer.from('localhost\0.evil.example', 'latin1');
  return Buffer.concat([Buffer.from([0x30, name.length + 2, 0x82, name.length]), name]).toString('hex');
})();

const RAW: ReadonlyMap<string, RawAnswer> = new Map([
  ['plain HTTP', { bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'), ending: 'end' }],
  ['an alert: handshake_failure', { bytes: Buffer.from('15030300020228', 'hex'), ending: 'end' }],
  ['an alert: protocol_version', { bytes: Buffer.from('15030300020246', 'hex'), ending: 'end' }],
  ['a close_notify', { bytes: Buffer.from('15030300020100', 'hex'), ending: 'end' }],
  ['FIN', { bytes: Buffer.alloc(0), ending: 'end' }],
  ['RST', { bytes: Buffer.alloc(0), ending: 'reset' }],
]);

const TITLE = `# Which servers are accepted

Every line is a test (\`test/io/tls-matrix.test.ts\`): the certificate is made, a server of node:tls presents it, and both
this client and node:https connect to it as the host in the second column, both with the root of the tests as their only
trusted authority. Codes are those of \`TLSError\`; where two are given, the version of OpenSSL decides.

Row 21 is not in the table: no SNI is sent for IP addresses, and a name is sent without its final dot
(\`test/io/tls.test.ts\`). Row 19 is the check that a tunnel ends in; the tunnel itself is tested with proxies.

`;

/** docs/tls-matrix.md. */
export function matrixDocument(): string {
  const head = ['Row', 'The server has, or sends', 'Host', 'Dugong', 'node:https', 'Why they differ'];
  const lines = matrix.map(({ row, server, host, options, ours, https, why = '' }) => {
    const given = options === undefined ? '' : `, rejectUnauthorized: ${options.rejectUnauthorized}`;
    return [`${row}`, `${server}${given}`, code(JSON.stringify(host)), codes(ours), codes(https), why];
  });
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return `${TITLE}${table.join('\n')}\n`.replaceAll('|  |', '| |');
}

function codes(verdict: string | readonly string[]): string {
  return (typeof verdict === 'string' ? [verdict] : verdict)
    .map((each) => (each === 'accepted' ? each : code(each)))
    .join(' or ');
}

function code(text: string): string {
  return `\`${text}\``;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../../docs/tls-matrix.md', import.meta.url), matrixDocument());
}
