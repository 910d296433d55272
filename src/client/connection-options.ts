/**
 * The options of a connection, checked and filled up with their defaults. Every invalid option is refused here, before
 * any I/O.
 */

import { isIP } from 'node:net';
import { type Limits, withDefaultLimits } from '../http1/limits.ts';
import type { AddressFamily, ResolveOptions } from '../io/resolver.ts';
import { shownValue } from '../io/shown-value.ts';
import { checkedOnSignal, type OnSignal } from '../io/signals.ts';
import type { TLSOption } from '../io/tls-context.ts';
import { ownOptions } from '../options.ts';
import { authority, checkedHostname } from './authority.ts';
import type { BlockedWaitOptions } from './blocked-wait.ts';
import { coDial, type Destination } from './dial-steps.ts';
import { type HTTPResponse, responseOf } from './http-response.ts';
import { type ProxyOptions, proxyFrom } from './proxy.ts';
import { serverFrom } from './server.ts';
import type { SessionOptions } from './session.ts';

/**
 * How to reach a server and how to use the connection: the options of {@link HTTPConnection}. Times are milliseconds unless said
 * otherwise, sizes bytes. 0 means no limit for `timeout` and `connectTimeout` alone. All are checked before any I/O.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('localhost', {
 *   port: 8080,
 *   connectTimeout: 2000,
 *   timeout: 10_000,
 *   limits: { bodyInMemory: 1 << 20 },
 * });
 * console.log(connection.request('GET', '/a').body.toString()); // document a
 * connection.disconnect();
 * ```
 */
export interface HTTPConnectionOptions extends ResolveOptions {
  /** The port. Default: that of the URL; otherwise 80, or 443 with TLS. */
  readonly port?: number | undefined;
  /**
   * Whether to use TLS: true, options named as in node:tls, or a context that several connections share. Default: the
   * scheme of the URL decides; false for a host name.
   */
  readonly tls?: TLSOption | undefined;
  /**
   * An HTTP proxy: a URL (http:// or https://; http:// if it has no scheme), with credentials if the proxy needs them,
   * or its parts.
   */
  readonly proxy?: string | URL | ProxyOptions | undefined;
  /** The path of a Unix socket to connect to. Hostname and port are then used in the Host field only. */
  readonly socketPath?: string | undefined;
  /** The numeric local address that the connection comes from. Default: the system chooses. */
  readonly localAddress?: string | undefined;
  /** Time after which the next address is tried beside the present one (Happy Eyeballs, RFC 8305). Default 250. */
  readonly attemptDelay?: number | undefined;
  /**
   * Seconds of silence, up to 32767, after which the kernel probes the server. The system decides the interval and
   * number of probes (tcp(7)). Default: never.
   */
  readonly keepAlive?: number | undefined;

  /** Time without a byte sent or received after which *blocking* calls throw ConnectionTimedOut. Default: no limit. */
  readonly timeout?: number | undefined;
  /** When a signal arrives that the process listens for: *blocking* calls throw Interrupted (the default), or go on. */
  readonly onSignal?: OnSignal | undefined;
  /** Time limit for connecting as a whole, in every form of the calls. Default: the system's limits only. */
  readonly connectTimeout?: number | undefined;
  /** Time to wait for 100 (Continue) before `readResponse` assumes it. Default 1000; 0: at once. */
  readonly continueTimeout?: number | undefined;

  /** Size of the receive buffer. Default 65536. */
  readonly receiveBufferSize?: number | undefined;
  /**
   * Bytes of responses that a blocked send receives while the server does not take the request; beyond them it throws a
   * StateError. Default 16 MiB.
   */
  readonly maxReadAhead?: number | undefined;
  /** Limits of what a server can make this client hold or skip. */
  readonly limits?: Partial<Limits> | undefined;
  /** Called for each informational response except an expected 100, e.g. 103 (Early Hints). */
  readonly onInformational?: ((response: HTTPResponse) => void) | undefined;
}

/** The names of all options. */
export const CONNECTION_OPTIONS: readonly (keyof HTTPConnectionOptions)[] = [
  'tls',
  'attemptDelay',
  'connectTimeout',
  'continueTimeout',
  'dnsTestHostnames',
  'family',
  'keepAlive',
  'limits',
  'localAddress',
  'lookup',
  'maxReadAhead',
  'onInformational',
  'onSignal',
  'port',
  'proxy',
  'receiveBufferSize',
  'socketPath',
  'timeout',
];

/** Reads the options. @throws TypeError on an unknown option */
export function connectionOptions(given: HTTPConnectionOptions | undefined): HTTPConnectionOptions {
  return ownOptions('HTTPConnection', given, CONNECTION_OPTIONS);
}

/** A connection's options, checked. */
export interface ConnectionSettings extends SessionOptions, BlockedWaitOptions {
  readonly limits: Limits;
  readonly destination: Destination;
}

/** Messages always name the port. */
const NO_DEFAULT = 0;

/**
 * Makes the settings of a connection from the result of {@link connectionOptions}. @throws TypeError on an invalid server
 * or option
 */
export function connectionSettings(server: string | URL, options: HTTPConnectionOptions): ConnectionSettings {
  const { hostname, port, defaultPort, tls } = serverFrom(server, options);
  const { attemptDelay = 250, keepAlive } = options;
  const destination = {
    hostname,
    port,
    tls,
    socketPath: checkedPath(options.socketPath),
    proxy: options.proxy === undefined ? undefined : proxyFrom(options.proxy),
    family: checkedFamily(options.family),
    lookup: checkedFunction('lookup', options.lookup),
    dnsTestHostnames: checkedNames(options.dnsTestHostnames),
    localAddress: checkedAddress(options.localAddress),
    attemptDelay: wholeNumber('attemptDelay', attemptDelay, 0),
    keepAlive: keepAlive === undefined ? undefined : checkedKeepAlive(keepAlive),
  };
  assertOneFamily(destination);
  const onInformational = checkedFunction('onInformational', options.onInformational);
  const { receiveBufferSize = 65_536, maxReadAhead = 2 ** 24, connectTimeout = 0, continueTimeout = 1000 } = options;
  const { proxy } = destination;
  if (proxy !== undefined && destination.socketPath !== undefined)
    throw new TypeError('proxy and socketPath exclude each other');
  // With TLS the proxy makes a tunnel and sees no request.
  const forwarding = tls === undefined ? proxy : undefined;
  const host = authority(hostname, port, defaultPort);
  return {
    destination,
    dial: (steps) => coDial(destination, steps),
    peer: destination.socketPath ?? authority(hostname, port, NO_DEFAULT),
    host,
    absolute: forwarding === undefined ? undefined : `http://${host}`,
    headers: forwarding?.headers,
    limits: withDefaultLimits(options.limits),
    receiveBufferSize: wholeNumber('receiveBufferSize', receiveBufferSize, 1),
    maxReadAhead: wholeNumber('maxReadAhead', maxReadAhead, 0),
    connectTimeout: wholeNumber('connectTimeout', connectTimeout, 0),
    continueTimeout: wholeNumber('continueTimeout', continueTimeout, 0),
    onSignal: checkedOnSignal(options.onSignal),
    onInformational: onInformational && ((response) => onInformational(responseOf(response))),
  };
}

/** Returns the number. @throws TypeError unless it is a whole number >= `least` */
export function wholeNumber(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new TypeError(`${name} must be a whole number >= ${least}, got ${shownValue(value)}`);
  }
  return value;
}

function checkedFamily(family: AddressFamily | undefined): AddressFamily {
  if (family === undefined || family === 0 || family === 4 || family === 6) return family ?? 0;
  throw new TypeError(`family must be 0 (any), 4 or 6, got ${shownValue(family)}`);
}

function assertOneFamily({ family, localAddress }: Pick<HTTPConnectionOptions, 'family' | 'localAddress'>): void {
  if (localAddress === undefined || family === 0 || family === isIP(localAddress)) return;
  throw new TypeError(
    `family ${family} and localAddress ${localAddress} exclude each other: it must be of that family`,
  );
}

function checkedAddress(address: string | undefined): string | undefined {
  // isIP() accepts ['127.0.0.1'] as an address, too.
  if (address === undefined || (typeof address === 'string' && isIP(address) !== 0)) return address;
  throw new TypeError(`localAddress must be an IP address, got ${shownValue(address)}`);
}

/** Checks the path. sun_path (unix(7)) has 108 bytes with the NUL at its end, 104 on macOS. */
function checkedPath(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const longest = process.platform === 'linux' ? 107 : 103;
  if (typeof path === 'string' && path !== '' && !path.includes('\0') && Buffer.byteLength(path) <= longest)
    return path;
  throw new TypeError(`socketPath must be a path of 1 to ${longest} bytes, got ${shownValue(path)}`);
}

/** Checks the option against the kernel's limit for TCP_KEEPIDLE. */
function checkedKeepAlive(seconds: number): number {
  if (wholeNumber('keepAlive', seconds, 1) <= 32_767) return seconds;
  throw new TypeError(`keepAlive must be 32767 seconds at most, got ${seconds}`);
}

function checkedFunction<F>(name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value;
  throw new TypeError(`${name} must be a function, got ${shownValue(value)}`);
}

function checkedNames(names: readonly string[] | undefined): readonly string[] | undefined {
  if (names === undefined) return undefined;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names.map(checkedHostname);
  throw new TypeError(`dnsTestHostnames must be an array of host names, got ${shownValue(names)}`);
}
