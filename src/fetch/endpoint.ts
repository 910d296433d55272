/**
 * Where a URL is to be reached: which server, through which proxy, with which TLS. Two endpoints with the same key can share a
 * connection.
 */

import { CONNECTION_OPTIONS, type HTTPConnectionOptions } from '../client/connection-options.ts';
import { HTTPConnection } from '../client/http-connection.ts';
import { type HTTPProxy, type ProxyOptions, proxyFrom } from '../client/proxy.ts';
import { proxyFromEnvironment } from '../client/proxy-environment.ts';
import { type TLSOption, tlsContext } from '../client/tls-option.ts';
import { shownValue } from '../io/shown-value.ts';
import { TLSContext } from '../io/tls-context.ts';
import type { TLSOptions } from '../io/tls-options.ts';
import { ownOptions } from '../options.ts';

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
  /** For the connections. With a `socketPath` there is no proxy. The default of `connectTimeout` is 10,000 here. */
  readonly connection?: Omit<HTTPConnectionOptions, 'port' | 'tls' | 'proxy' | 'timeout' | 'onSignal'> | undefined;
}

/** A {@link Reach} that was read, once. */
export interface CheckedReach {
  readonly tls: TLSContext | undefined;
  readonly proxy: HTTPProxy | false | undefined;
  readonly connection: Reach['connection'];
}

/** Milliseconds, as in Node's fetch. */
const CONNECT_TIMEOUT = 10_000;

export const NAMES_OF_REACH = ['tls', 'proxy', 'connection'] as const;
/** The others follow from the URL, or from what else is given. */
const NAMES_OF_CONNECTION = CONNECTION_OPTIONS.filter(
  (name) => name !== 'port' && name !== 'tls' && name !== 'proxy' && name !== 'timeout' && name !== 'onSignal',
);

/** @throws TypeError on options that cannot be; TLSError on what OpenSSL does not accept */
export function checkedReach({ tls, proxy, connection }: Reach): CheckedReach {
  if (tls !== undefined && typeof tls !== 'object') {
    throw new TypeError(`tls must be TLS options or a TLSContext, got ${shownValue(tls)}`);
  }
  return {
    tls: sharedContext(tls),
    proxy: proxy === undefined || proxy === false ? proxy : proxyFrom(proxy, sharedContext),
    connection: connection && ownOptions('connection', connection, NAMES_OF_CONNECTION),
  };
}

/** @throws TypeError on options that cannot be; TLSError where there is no TLS */
export function endpointOf(url: URL, reach: CheckedReach): Endpoint {
  const tls = url.protocol === 'https:' ? (reach.tls ?? TLSContext.from(true)) : undefined;
  const proxy = proxyFor(url, reach);
  const key = [url.origin, tls && numberOf(tls), proxy && keyOf(proxy, proxyKey), connectionPart(reach)].join(' ');
  const connect = (): HTTPConnection => {
    const connectTimeout = reach.connection?.connectTimeout ?? CONNECT_TIMEOUT;
    const port = Number(url.port || (tls === undefined ? 80 : 443));
    return new HTTPConnection(url.hostname, { ...reach.connection, connectTimeout, port, tls, proxy });
  };
  return { key, connect };
}

function proxyFor(url: URL, { proxy, connection }: CheckedReach): HTTPProxy | undefined {
  if (proxy === false || connection?.socketPath !== undefined) return undefined;
  if (proxy !== undefined) return proxy;
  const chosen = proxyFromEnvironment(url);
  return chosen === undefined ? undefined : environmentProxy(url.protocol, chosen);
}

/** The environment may change at any time, but it seldom does. */
function environmentProxy(protocol: string, text: string): HTTPProxy {
  const latest = environmentProxies.get(protocol);
  if (latest?.text === text) return latest.proxy;
  const proxy = proxyFrom(text);
  environmentProxies.set(protocol, { text, proxy });
  return proxy;
}

/** The latest for each of the two schemes. */
const environmentProxies = new Map<string, { readonly text: string; readonly proxy: HTTPProxy }>();
const keys = new WeakMap<object, string>();

/** Made once for each object, since none of them changes. */
function keyOf<T extends object>(object: T, make: (object: T) => string): string {
  const key = keys.get(object) ?? make(object);
  keys.set(object, key);
  return key;
}

function proxyKey({ hostname, port, tls, headers }: HTTPProxy): string {
  return JSON.stringify([hostname, port, tls && numberOf(tls), headers.raw()]);
}

function connectionPart({ connection }: CheckedReach): string {
  return connection === undefined ? '' : keyOf(connection, connectionKey);
}

/** Options that are functions or objects are the same if they are one. */
function connectionKey(connection: NonNullable<Reach['connection']>): string {
  return Object.entries(connection)
    .map(([name, value]) => `${name}=${value instanceof Object ? `#${numberOf(value)}` : JSON.stringify(value)}`)
    .sort()
    .join();
}

const contexts = new WeakMap<TLSOptions, TLSContext>();
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** The same options are one context, so that connections, and sessions of TLS, are shared. */
function sharedContext(tls: TLSOption | undefined): TLSContext | undefined {
  if (typeof tls !== 'object' || tls === null || tls instanceof TLSContext) return tlsContext(tls);
  const context = contexts.get(tls) ?? TLSContext.from(tls);
  contexts.set(tls, context);
  return context;
}

function numberOf(object: object): number {
  const number = numbers.get(object) ?? ++lastNumber;
  numbers.set(object, number);
  return number;
}
