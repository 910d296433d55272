/**
 * The flags about the way to the server: names, proxies, TLS.
 */

import { type FlagGroup, flagGroup } from './flag.ts';

export const CONNECTION_FLAGS: FlagGroup = flagGroup(
  'Connection',
  ['get', 'check', 'put'],
  [
    ['--connect-timeout SECONDS', 'most time for making a connection (10)', { kind: 'seconds' }],
    [
      '-x, --proxy URL',
      'send the requests through this HTTP proxy, whatever the environment says; empty: through none',
    ],
    ['--noproxy HOSTS', "reach these hosts (with commas; '*': all) without a proxy", { rare: true }],
    [
      '--resolve HOST:PORT:ADDRESS',
      'take this address, or several with commas, for the host at this port; *: any host, any port',
      { kind: 'list', rare: true },
    ],
    ['--unix-socket FILE', 'connect to this Unix socket', { kind: 'file', rare: true, excludes: ['proxy', 'resolve'] }],
    ['-4, --ipv4', 'use IPv4 addresses only', { rare: true, excludes: ['ipv6'] }],
    ['-6, --ipv6', 'use IPv6 addresses only', { rare: true }],
  ],
);

export const TLS_FLAGS: FlagGroup = flagGroup(
  'TLS',
  ['get', 'check', 'put'],
  [
    ['--cacert FILE', 'trust the certificates in this file (PEM) only', { kind: 'file' }],
    ['-k, --insecure', 'take any certificate: anyone in between can read and change everything'],
    ['--cert FILE', "this client's certificate (PEM), with its key, or with --key", { kind: 'file', rare: true }],
    ['--key FILE', 'the key for --cert (PEM)', { kind: 'file', rare: true }],
  ],
);
