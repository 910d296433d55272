/**
 * The way to the servers, from the flags: names, proxies, TLS. It reads the files with certificates and keys.
 */

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  type Coroutine,
  coAwait,
  type FetchRouting,
  HostnameNotResolvable,
  HTTPConnection,
  TLSContext,
  TLSError,
  type TLSOptions,
} from '../index.ts';
import type { Given } from './given.ts';
import { contentOf } from './request.ts';
import { UsageError } from './usage-error.ts';

/** The routing of all requests. It may set the variables of this process for proxies. @throws UsageError */
export function routingOf(given: Given): FetchRouting {
  const { unixSocket, ipv4, ipv6, resolve, connectTimeout } = given;
  const resolver = resolve && lookupOf(resolve);
  const tls = tlsOf(given);
  const proxy = proxyOf(given);
  return {
    ...(tls !== undefined && { tls }),
    ...(proxy !== undefined && { proxy }),
    connection: {
      ...(unixSocket !== undefined && { socketPath: unixSocket }),
      ...((ipv4 || ipv6) && { family: ipv4 ? 4 : 6 }),
      ...(resolver !== undefined && { lookup: resolver }),
      ...(connectTimeout !== undefined && { connectTimeout }),
    },
  };
}

function tlsOf({ cacert, insecure, cert, key }: Given): TLSContext | undefined {
  if (key !== undefined && cert === undefined) throw new UsageError('--key: --cert names the certificate for it');
  const options: TLSOptions = {
    ...(insecure && { rejectUnauthorized: false }),
    ...(cacert !== undefined && { ca: certificates(cacert) }),
    ...(cert !== undefined && credentials(cert, key)),
  };
  return Object.keys(options).length === 0 ? undefined : new TLSContext(options);
}

function certificates(file: string): Buffer {
  const ca = contentOf(file, `--cacert ${file}`);
  explained(`--cacert ${file}: no certificates in PEM form`, () => new TLSContext({ ca }));
  return ca;
}

/** The certificate and its key, which may be in the same file. */
function credentials(certFile: string, keyFile: string = certFile): { cert: Buffer; key: Buffer } {
  const cert = contentOf(certFile, `--cert ${certFile}`);
  const key = contentOf(keyFile, `--key ${keyFile}`);
  explained('--cert, --key: no certificate with its key in PEM form', () => new TLSContext({ cert, key }));
  return { cert, key };
}

function explained(message: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    if (error instanceof TLSError) throw new UsageError(`${message} (${error.reason})`);
    if (error instanceof TypeError) throw new UsageError(message);
    throw error;
  }
}

/**
 * The proxy. Exceptions to a proxy are known to the environment's variables only, so that --noproxy sets these, for this
 * process.
 */
function proxyOf({ proxy, noproxy }: Given): string | false | undefined {
  // As in curl, an empty text means no proxy.
  if (noproxy === '*' || proxy === '') return false;
  if (proxy !== undefined) assertProxy(proxy);
  if (noproxy === undefined) return proxy;
  const { env } = process;
  for (const name of ['no_proxy', 'NO_PROXY']) env[name] = noproxy;
  if (proxy !== undefined) for (const name of ['http_proxy', 'https_proxy']) env[name] = proxy;
  return undefined;
}

function assertProxy(proxy: string): void {
  try {
    new HTTPConnection('localhost', { proxy });
  } catch (error) {
    // The message shows no credentials.
    throw new UsageError(`-x: ${(error as Error).message}`);
  }
}

type Lookup = NonNullable<NonNullable<FetchRouting['connection']>['lookup']>;

/** The addresses of --resolve, by host and port, each of which may be *; other names are looked up as usual. */
function lookupOf(rules: readonly string[]): Lookup {
  const addresses = new Map<string, string[]>();
  for (const rule of rules) {
    // In curl, + lets an address of its cache expire, of which there is none here.
    const [, host = '', port = '', address = ''] = /^\+?([^:]+):0*(\d{1,5}|\*):(\S+)$/.exec(rule) ?? [];
    const listed = address.split(',').map((each) => each.replace(/^\[(.*)\]$/, '$1'));
    if (host === '' || !listed.every((each) => isIP(each) !== 0)) {
      throw new UsageError(`--resolve ${rule}: must be like example.org:443:127.0.0.1`);
    }
    addresses.set(`${host.toLowerCase()}:${port}`, listed);
  }
  return (hostname, family, port) => {
    const names = [hostname.toLowerCase(), '*'].flatMap((host) => [`${host}:${port}`, `${host}:*`]);
    const found = names.map((name) => addresses.get(name)).find((each) => each !== undefined);
    if (found === undefined) return coLookup(hostname, family);
    return found.filter((each) => family === 0 || isIP(each) === family);
  };
}

/** The system's resolver. */
function* coLookup(hostname: string, family: 0 | 4 | 6): Coroutine<readonly string[]> {
  try {
    const found = yield* coAwait(lookup(hostname, { all: true, family }));
    return found.map(({ address }) => address);
  } catch (cause) {
    throw new HostnameNotResolvable(hostname, { cause });
  }
}
