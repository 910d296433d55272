/**
 * What the user says about a connection, checked and with its defaults: everything that can be wrong is refused here, before
 * there is any I/O.
 */

import { isIP } from 'node:net';
import { type Limits, withDefaultLimits } from '../http1/limits.ts';
import type { AddressFamily, ResolveOptions } from '../io/resolver.ts';
import { shownValue } from '../io/shown-value.ts';
import { checkedOnSignal, type OnSignal } from '../io/signals.ts';
import { ownOptions } from '../options.ts';
import { authority, checkedHostname } from './authority.ts';
import { HTTPResponse } from './http-response.ts';
import { type ProxyOptions, proxyFrom } from './proxy.ts';
import { serverFrom } from './server.ts';
import type { SessionOptions } from './session.ts';
import type { TLSOption } from './tls-option.ts';

/** How to reach a server and how to treat it. Times are milliseconds, sizes bytes. */
export interface HTTPConnectionOptions extends ResolveOptions {
  /** Default: that of the URL, else 80, with TLS 443. */
  readonly port?: number | undefined;
  /**
   * Speak TLS: with the defaults, with options named as in node:tls, or with a context that several connections share. Default:
   * with a URL what its scheme says, else false.
   */
  readonly tls?: TLSOption | undefined;
  /**
   * An HTTP proxy to send the requests to: a URL (http:// or https://; http:// if it has no scheme) with credentials, if it wants
   * any, or its parts.
   */
  readonly proxy?: string | URL | ProxyOptions | undefined;
  /** A Unix socket to connect to; hostname and port are then only what Host says. */
  readonly socketPath?: string | undefined;
  /** The numeric address to connect from. */
  readonly localAddress?: string | undefined;
  /** Without success for this long, an address is tried beside the next one (Happy Eyeballs, RFC 8305). Default 250. */
  readonly attemptDelay?: number | undefined;
  /**
   * Seconds of silence, up to 32767, after which the kernel probes whether the server is still there. How often it does so, and
   * when it gives up, the system decides (tcp(7)). Default: never.
   */
  readonly keepAlive?: number | undefined;

  /** Without any byte sent or received for this long, *blocking* calls raise ConnectionTimedOut. Default: no limit. */
  readonly timeout?: number | undefined;
  /** When a signal comes that the process listens for: *blocking* calls raise Interrupted (the default), or go on. */
  readonly onSignal?: OnSignal | undefined;
  /** How long connecting may take in all, in every form of the calls. Default: no limit but the system's. */
  readonly connectTimeout?: number | undefined;
  /** How long to wait for 100 (Continue) before `readResponse` assumes it. Default 1000. */
  readonly continueTimeout?: number | undefined;

  /** Default 65536. */
  readonly receiveBufferSize?: number | undefined;
  /** How much of the responses a blocked send takes in while the server does not read on. Default 16 MiB. */
  readonly maxReadAhead?: number | undefined;
  /** What a server can make this client hold or skip. */
  readonly limits?: Partial<Limits> | undefined;
  /** Hears of informational responses other than an expected 100, e.g. 103 (Early Hints). */
  readonly onInformational?: ((response: HTTPResponse) => void) | undefined;
}

/** Their names. */
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

/** The options that were given. @throws TypeError on one that does not exist */
export function connectionOptions(given: HTTPConnectionOptions | undefined): HTTPConnectionOptions {
  return ownOptions('HTTPConnection', given, CONNECTION_OPTIONS);
}

/** What {@link connectionOptions} gave means for a connection. @throws TypeError on a server or option that cannot be */
export function sessionOptions(server: string | URL, options: HTTPConnectionOptions): SessionOptions {
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
  // With TLS the proxy makes a tunnel, and sees no request.
  const forwarding = tls === undefined ? proxy : undefined;
  const host = authority(hostname, port, defaultPort);
  return {
    destination,
    host,
    absolute: forwarding === undefined ? undefined : `http://${host}`,
    headers: forwarding?.headers,
    limits: withDefaultLimits(options.limits),
    receiveBufferSize: wholeNumber('receiveBufferSize', receiveBufferSize, 1),
    maxReadAhead: wholeNumber('maxReadAhead', maxReadAhead, 0),
    connectTimeout: wholeNumber('connectTimeout', connectTimeout, 0),
    continueTimeout: wholeNumber('continueTimeout', continueTimeout, 0),
    onSignal: checkedOnSignal(options.onSignal),
    onInformational: onInformational && ((response) => onInformational(new HTTPResponse(response))),
  };
}

/** @throws TypeError */
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
  // isIP() takes ['127.0.0.1'] for an address, too.
  if (address === undefined || (typeof address === 'string' && isIP(address) !== 0)) return address;
  throw new TypeError(`localAddress must be an IP address, got ${shownValue(address)}`);
}

/** sun_path in unix(7) has 108 bytes with the NUL at its end, 104 on macOS. */
function checkedPath(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const longest = process.platform === 'linux' ? 107 : 103;
  if (typeof path === 'string' && path !== '' && !path.includes('\0') && Buffer.byteLength(path) <= longest)
    return path;
  throw new TypeError(`socketPath must be a path of 1 to ${longest} bytes, got ${shownValue(path)}`);
}

/** The kernel's own limit for TCP_KEEPIDLE. */
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
