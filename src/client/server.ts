/**
 * The server of an HTTPConnection: a host name, or the URL of an origin. A URL with more parts is refused, because the
 * parts would be ignored. It knows nothing of proxies or of the way to the server.
 */

import { quoted } from '../http1/grammar.ts';
import type { TLSContext } from '../io/tls-context.ts';
import { type TLSOption, tlsContext } from '../io/tls-context.ts';
import { member } from '../options.ts';
import { checkedHostname, checkedPort } from './authority.ts';

/** A checked server. */
export interface Server {
  readonly hostname: string;
  readonly port: number;
  /** The default port of its scheme. */
  readonly defaultPort: number;
  readonly tls: TLSContext | undefined;
}

/** The options that a URL may replace. */
interface Said {
  readonly port?: number | undefined;
  readonly tls?: TLSOption | undefined;
}

const LOOKS_LIKE = 'it should be like https://server.example or http://server.example:8080';

/**
 * Returns the server. A string with "://" is a URL, any other a host name.
 * @throws TypeError, whose message shows no secrets, for an invalid value, a URL with more parts than an origin, or one
 * that contradicts the options; TLSError if OpenSSL does not accept a TLS option
 */
export function serverFrom(given: string | URL, { port, tls }: Said): Server {
  if (isURL(given) || (typeof given === 'string' && given.includes('://'))) return fromURL(given, { port, tls });
  if (typeof given !== 'string') throw new TypeError(`the server must be a host name or a URL, got ${typeof given}`);
  if (/^([^:@]+|\[.*\]):\d*$/.test(given)) {
    throw new TypeError(`${quoted(given)} is no host name: give its port as the option port, or write http://${given}`);
  }
  const context = tlsContext(tls);
  const defaultPort = context === undefined ? 80 : 443;
  return {
    hostname: checkedHostname(given),
    port: checkedPort(port === undefined ? defaultPort : port),
    defaultPort,
    tls: context,
  };
}

/** Whether the value is a URL, also of another realm or library. */
export function isURL(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof URL || typeof member(value as Partial<URL>, 'href') === 'string';
}

function fromURL(given: string | URL, { port, tls }: Said): Server {
  const url = checkedOrigin(typeof given === 'string' ? given : given.href);
  const secure = url.protocol === 'https:';
  const context = tlsContext(tls === undefined ? secure : tls);
  if (secure !== (context !== undefined)) {
    const wayOut = secure ? 'write http:' : 'write https:';
    throw new TypeError(
      `the option tls contradicts ${url.protocol} in the URL of the server: ${wayOut}, or leave tls out`,
    );
  }
  const defaultPort = secure ? 443 : 80;
  const own = checkedPort(url.port === '' ? defaultPort : Number(url.port));
  if (port !== undefined && checkedPort(port) !== own) {
    throw new TypeError(
      `the option port (${port}) contradicts the URL of the server, whose port is ${own}: leave one out`,
    );
  }
  return { hostname: checkedHostname(url.hostname), port: own, defaultPort, tls: context };
}

function checkedOrigin(text: string): URL {
  if (!URL.canParse(text)) throw new TypeError(`the URL of the server is none: ${LOOKS_LIKE}`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`the URL of the server must begin with http:// or https://; ${url.protocol} is not supported`);
  }
  const superfluous = Object.entries({
    credentials: url.username !== '' || url.password !== '',
    'a path': url.pathname !== '/',
    'a query': url.search !== '',
    'a fragment': url.hash !== '',
  }).flatMap(([part, there]) => (there ? [part] : []));
  if (superfluous.length === 0) return url;
  throw new TypeError(
    `the URL of the server has ${superfluous.join(' and ')}: it names the server alone, as its "origin" does; path and query ` +
      'are for sendRequest(), credentials for the field Authorization of its headers',
  );
}
