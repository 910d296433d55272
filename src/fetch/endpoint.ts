/**
 * Where a URL is to be reached: which server, through which proxy, with which TLS. Two endpoints with the same key can share a
 * connection.
 */

import type { HTTPConnectionOptions } from '../client/connection-options.ts';
import { HTTPConnection } from '../client/http-connection.ts';
import { type HTTPProxy, type ProxyOptions, proxyFrom } from '../client/proxy.ts';
import { proxyFromEnvironment } from '../client/proxy-environment.ts';
import { TLSContext } from '../io/tls-context.ts';
import type { TLSOptions } from '../io/tls-options.ts';

export interface Endpoint {
  readonly key: string;
  /** A new connection to it; no I/O happens yet. */
  connect(): HTTPConnection;
}

/** How servers are to be reached, for any number of URLs. */
export interface Reach {
  /**
   * For https servers: TLS options or a context. The same object is one configuration: keep it, connections are shared by it.
   * So it is with the option `tls` of a proxy.
   */
  readonly tls?: TLSOptions | TLSContext | undefined;
  /** A proxy for all URLs; false: none. By default what the environment says (HTTP_PROXY, HTTPS_PROXY, NO_PROXY). */
  readonly proxy?: string | URL | ProxyOptions | false | undefined;
  /** For the connections. With a `socketPath` there is no proxy. */
  readonly connection?: Omit<HTTPConnectionOptions, 'port' | 'tls' | 'proxy' | 'timeout' | 'onSignal'> | undefined;
}

/** @throws TypeError on options that cannot be; TLSError on what OpenSSL does not accept */
export function endpointOf(url: URL, reach: Reach): Endpoint {
  const tls = url.protocol === 'https:' ? contextFor(reach.tls) : undefined;
  const proxy = proxyFor(url, reach);
  const { hostname } = url;
  const port = Number(url.port || (tls === undefined ? 80 : 443));
  const key = [url.origin, tls && numberOf(tls), proxyKey(proxy), connectionKey(reach.connection)].join(' ');
  return { key, connect: () => new HTTPConnection(hostname, { ...reach.connection, port, tls, proxy }) };
}

function proxyFor(url: URL, { proxy, connection }: Reach): HTTPProxy | undefined {
  if (proxy === false || connection?.socketPath !== undefined) return undefined;
  const chosen = proxy ?? proxyFromEnvironment(url);
  return chosen === undefined ? undefined : proxyFrom(withSharedContext(chosen));
}

/** The same options for the proxy's TLS are one context, as those for servers are. */
function withSharedContext(proxy: string | URL | ProxyOptions): string | URL | ProxyOptions {
  if (typeof proxy === 'string' || proxy instanceof URL || !(proxy.tls instanceof Object)) return proxy;
  return { ...proxy, tls: contextFor(proxy.tls) };
}

function proxyKey(proxy: HTTPProxy | undefined): string {
  if (proxy === undefined) return '';
  const { hostname, port, tls, headers } = proxy;
  return JSON.stringify([hostname, port, tls && numberOf(tls), headers.raw()]);
}

/** Options that are functions or objects are the same if they are one. */
function connectionKey(connection: Reach['connection']): string {
  if (connection === undefined) return '';
  return Object.entries(connection)
    .map(([name, value]) => `${name}=${value instanceof Object ? `#${numberOf(value)}` : JSON.stringify(value)}`)
    .sort()
    .join();
}

const contexts = new WeakMap<TLSOptions, TLSContext>();
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

function contextFor(tls: TLSOptions | TLSContext | undefined): TLSContext {
  if (tls === undefined) return TLSContext.from(true);
  if (tls instanceof TLSContext) return tls;
  const context = contexts.get(tls) ?? new TLSContext(tls);
  contexts.set(tls, context);
  return context;
}

function numberOf(object: object): number {
  const number = numbers.get(object) ?? ++lastNumber;
  numbers.set(object, number);
  return number;
}
