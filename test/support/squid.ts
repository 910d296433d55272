/** A real squid: HTTP/1.1, connections that last; with Debian's package its TLS is that of GnuTLS. Debian: squid. */

import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openssl } from './certificates.ts';
import { type Credentials, type Demands, installCertificate, type RealProxy, startRealProxy } from './real-proxy.ts';

const helpers = ['/usr/lib/squid', '/usr/lib64/squid', '/usr/libexec/squid', '/opt/homebrew/opt/squid/libexec'];

export function startSquid(demands: Demands = {}): Promise<RealProxy> {
  const { credentials } = demands;
  const options = (port: number) => ({
    program: 'squid',
    ready: /Accepting HTTPS? Socket connections/,
    prepare(folder: string): string[] {
      const path = join(folder, 'squid.conf');
      const access = credentials === undefined ? ['http_access allow all'] : authentication(folder, credentials);
      writeFileSync(path, `${[listening(port, folder, demands), ...CONFIGURATION, ...access].join('\n')}\n`);
      return ['-N', '-d', '1', '-f', path];
    },
  });
  return startRealProxy(demands, options);
}

function listening(port: number, folder: string, { certificate }: Demands): string {
  if (certificate === undefined) return `http_port 127.0.0.1:${port}`;
  const { cert, key } = installCertificate(certificate, folder);
  return `https_port 127.0.0.1:${port} tls-cert=${cert} tls-key=${key}`;
}

/** Nothing is cached or logged, and nothing is written anywhere. */
const CONFIGURATION: readonly string[] = [
  'visible_hostname localhost',
  'cache deny all',
  'cache_mem 0 MB',
  'access_log none',
  'cache_log /dev/null',
  'pid_filename none',
  'netdb_filename none',
  'pinger_enable off',
  'max_filedescriptors 512',
  'shutdown_lifetime 0 seconds',
  'forward_timeout 5 seconds',
  'dns_nameservers 127.0.0.1',
];

function authentication(folder: string, { user, password }: Credentials): string[] {
  const users = join(folder, 'users');
  writeFileSync(users, `${user}:${openssl(['passwd', '-apr1', password]).trim()}\n`);
  // Started by root, squid goes on as another user.
  chmodSync(folder, 0o755);
  const helper = helpers.map((path) => join(path, 'basic_ncsa_auth')).find((path) => existsSync(path));
  return [
    `auth_param basic program ${helper} ${users}`,
    'auth_param basic children 1 startup=1 idle=1',
    'acl known proxy_auth REQUIRED',
    'http_access allow known',
    'http_access deny all',
  ];
}
