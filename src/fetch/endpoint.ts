/**
 * Decides how to reach the server of a URL: its address, the proxy, the TLS configuration. Endpoints with the same key
 * can share connections. It does no I/O.
 */

import { CONNECTION_OPTIONS, type HTTPConnectionOptions } from '../client/connection-options.ts';
import { HTTPConnection } from '../client/http-connection.ts';
import { type HTTPProxy, type ProxyOptions, proxyFrom } from '../client/proxy.ts';
import { proxyFromEnvironment } from '../client/proxy-environment.ts';
import { shownValue } from '../io/shown-value.ts';
import { TLSContext, type TLSOption, tlsContext } from '../io/tls-context.ts';
import type { TLSOptions } from '../io/tls-options.ts';
import { ownOptions } from '../options.ts';

/** A server, with the way to it. */
export interface Endpoint {
  /** Identifies the server, the proxy and the configuration. */
  readonly key: string;
  /** Makes a new HTTPConnection; it connects later. */
  connect(): HTTPConnection;
}

/**
 * How to reach servers, for any number of URLs: TLS, the proxy, the options of connections. `createFetch`,
 * `fetchSync` and Transfer have these options.
 *
 * @example
 * ```js
 * import { TLSContext } from 'dugong';
 * import { fetchSync } from 'dugong/sync';
 *
 * const tls = new TLSContext({ minVersion: 'TLSv1.3' });
 * const response = fetchSync('http://localhost:8080/a', { tls, proxy: false, connection: { connectTimeout: 2000 } });
 * console.log(response.text()); // document a
 * ```
 */
export interface FetchRouting {
  /**
   * TLS options or a context for https servers. The same object means the same configuration: pass the same one again,
   * so that connections can be shared. This applies to the option `tls` of a proxy, too.
   */
  readonly tls?: TLSOptions | TLSContext | undefined;
  /**
   * A proxy for all URLs; false: no proxy. Default: the proxy of the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
   */
  readonly proxy?: string | URL | ProxyOptions | false | undefined;
  /**
   * Options for the connections: those of HTTPConnection that the URL does not decide. With a `socketPath` no proxy
   * is used. The default of `connectTimeout` is 10,000 (milliseconds) here.
   */
  readonly connection?: Omit<HTTPConnectionOptions, 'port' | 'tls' | 'proxy' | 'timeout' | 'onSignal'> | undefined;
}

/** A checked {@link FetchRouting}. */
export interface CheckedRouting {
  readonly tls: TLSContext | undefined;
  readonly proxy: HTTPProxy | false | undefined;
  readonly connection: FetchRouting['connection'];
}

/** Milliseconds; the default of Node's fetch. */
const CONNECT_TIMEOUT = 10_000;

export const NAMES_OF_REACH = ['tls', 'proxy', 'connection'] as const;
/** Options of a connection that a fetch accepts. The URL, or other options, decide the rest. */
const NAMES_OF_CONNECTION = CONNECTION_OPTIONS.filter(
  (name) => name !== 'port' && name !== 'tls' && name !== 'proxy' && name !== 'timeout' && name !== 'onSignal',
);

/** Checks the options. @throws TypeError on an invalid option; TLSError if OpenSSL does not accept a TLS option */
export function checkedRouting({ tls, proxy, connection }: FetchRouting): CheckedRouting {
  if (tls !== undefined && typeof tls !== 'object') {
    throw new TypeError(`tls must be TLS options or a TLSContext, got ${shownValue(tls)}`);
  }
  return {
    tls: sharedContext(tls),
    proxy: proxy === undefined || proxy === false ? proxy : proxyFrom(proxy, sharedContext),
    connection: connection && ownOptions('connection', connection, NAMES_OF_CONNECTION),
  };
}

/** Returns the endpoint for a URL. @throws TypeError on an invalid option; TLSError if this process has no TLS */
export function endpointOf(url: URL, routing: CheckedRouting): Endpoint {
  const tls = url.protocol === 'https:' ? (routing.tls ?? tlsContext(true)) : undefined;
  const proxy = proxyFor(url, routing);
  const key = [url.origin, tls && numberOf(tls), proxy && keyOf(proxy, proxyKey), connectionPart(routing)].join(' ');
  const connect = (): HTTPConnection => {
    const connectTimeout = routing.connection?.connectTimeout ?? CONNECT_TIMEOUT;
    const port = Number(url.port || (tls === undefined ? 80 : 443));
    return new HTTPConnection(url.hostname, { ...routing.connection, connectTimeout, port, tls, proxy });
  };
  return { key, connect };
}

function proxyFor(url: URL, { proxy, connection }: CheckedRouting): HTTPProxy | undefined {
  if (proxy === false || connection?.socketPath !== undefined) return undefined;
  if (proxy !== undefined) return proxy;
  const chosen = proxyFromEnvironment(url);
  return chosen === undefined ? undefined : environmentProxy(url.protocol, chosen);
}

/** The checked proxy for a text of the environment, which may change at any time, but rarely does. */
function environmentProxy(protocol: string, text: string): HTTPProxy {
  const latest = environmentProxies.get(protocol);
  if (latest?.text === text) return latest.proxy;
  const proxy = proxyFrom(text);
  environmentProxies.set(protocol, { text, proxy });
  return proxy;
}

/** The latest proxy for each of the two schemes. */
const environmentProxies = new Map<string, { readonly text: string; readonly proxy: HTTPProxy }>();
const keys = new WeakMap<object, string>();

/** The key of an object, made once, because these objects do not change. */
function keyOf<T extends object>(object: T, make: (object: T) => string): string {
  const key = keys.get(object) ?? make(object);
  keys.set(object, key);
  return key;
}

function proxyKey({ hostname, port, tls, headers }: HTTPProxy): string {
  return JSON.stringify([hostname, port, tls && numberOf(tls), headers.raw()]);
}

function connectionPart({ connection }: CheckedRouting): string {
  return connection === undefined ? '' : keyOf(connection, connectionKey);
}

/** The key of connection options. Functions and objects count as equal only if they are identical. */
function connectionKey(connection: NonNullable<FetchRouting['connection']>): string {
  return Object.entries(connection)
    .map(([name, value]) => `${name}=${value instanceof Object ? `#${numberOf(value)}` : JSON.stringify(value)}`)
    .sort()
    .join();
}

const contexts = new WeakMap<TLSOptions, TLSContext>();
const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/**
 * The context for TLS options. The same object gets the same context, so that connections and TLS sessions are shared.
 */
function sharedContext(tls: TLSOption | undefined): TLSContext | undefined {
  if (typeof tls !== 'object' || tls === null || tls instanceof TLSContext) return tlsContext(tls);
  const context = contexts.get(tls) ?? new TLSContext(tls);
  contexts.set(tls, context);
  return context;
}

function numberOf(object: object): number {
  const number = numbers.get(object) ?? ++lastNumber;
  numbers.set(object, number);
  return number;
}
