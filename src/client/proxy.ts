/**
 * The option `proxy`: checks it and makes the fields for requests and tunnels. The credentials and TLS options of a
 * proxy are used with the proxy only.
 */

import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { TLSContext } from '../io/tls-context.ts';
import { type TLSOption, tlsContext } from '../io/tls-context.ts';
import { ownOptions } from '../options.ts';
import { checkedHostname, checkedPort } from './authority.ts';
import { isURL } from './server.ts';

/**
 * An HTTP proxy: its address, TLS with it, and fields for it alone. A server without TLS is asked in absolute-form, one with TLS
 * through a tunnel by CONNECT (RFC 9110 9.3.6). A URL says the same in short.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const proxy = { hostname: 'localhost', port: 8080, headers: { 'X-Team': 'docs' } };
 * const connection = new HTTPConnection('http://server.example', { proxy });
 * console.log(connection.request('GET', '/a').body.toString()); // document a
 * connection.disconnect();
 * ```
 */
export interface ProxyOptions {
  /** The host name or IP address of the proxy. */
  readonly hostname: string;
  /** The port of the proxy. */
  readonly port: number;
  /**
   * Whether to use TLS with the proxy, whose certificate must match `hostname`. These options do not apply to the
   * server, nor the server's to the proxy.
   */
  readonly tls?: TLSOption | undefined;
  /** Fields of CONNECT, or of each request in absolute-form that has no field of the same name. */
  readonly headers?: HeadersInit | undefined;
}

/** A checked proxy. */
export interface HTTPProxy {
  readonly hostname: string;
  readonly port: number;
  readonly tls: TLSContext | undefined;
  readonly headers: HTTPHeaders;
}

const NAMES = ['hostname', 'port', 'tls', 'headers'] as const;

/**
 * Makes a proxy of a URL ("https://user:password@proxy:3129", "proxy:3128") or its parts. @throws TypeError, whose
 * message never shows credentials; TLSError
 */
export function proxyFrom(proxy: string | URL | ProxyOptions, contextOf: typeof tlsContext = tlsContext): HTTPProxy {
  if (typeof proxy === 'string' || isURL(proxy)) return fromURL(proxy);
  if (typeof proxy !== 'object' || proxy === null || Array.isArray(proxy)) {
    throw new TypeError('proxy must be a URL like http://proxy.example:3128, or an object with a hostname');
  }
  // ownOptions refuses a misspelt `tls`, which would send credentials in clear.
  const { hostname, port, tls, headers } = ownOptions('proxy', proxy, NAMES);
  return {
    hostname: checkedHostname(hostname),
    port: checkedPort(port),
    tls: contextOf(tls),
    headers: fieldsForAll(headers),
  };
}

/** Fields about one message, which cannot be sent with all. */
const OF_ONE_MESSAGE = ['Content-Length', 'Expect', 'Host', 'TE', 'Transfer-Encoding', 'Upgrade'] as const;

function fieldsForAll(init: HeadersInit | undefined): HTTPHeaders {
  const headers = new HTTPHeaders(init);
  const name = OF_ONE_MESSAGE.find((each) => headers.has(each));
  if (name !== undefined) throw new TypeError(`${name} cannot be among the proxy's headers: it is about one request`);
  return headers;
}

function fromURL(text: string | URL): HTTPProxy {
  const { protocol, hostname, port, username, password } = assertSupportedProxy(text, 'the proxy');
  const secure = protocol === 'https:';
  const headers = new HTTPHeaders();
  if (username !== '' || password !== '') {
    const [user, secret] = [decoded(username), decoded(password)];
    if (user.includes(':') || /\p{Cc}/u.test(user + secret)) {
      throw new TypeError(
        "the proxy's user name holds a colon, or it or the password a control character (RFC 7617 2)",
      );
    }
    const credentials = `${user}:${secret}`;
    // UTF-8, which servers may ask for (RFC 7617 2.1) and today's servers expect.
    headers.set('Proxy-Authorization', `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`);
  }
  return {
    hostname: checkedHostname(hostname),
    port: port === '' ? (secure ? 443 : 80) : checkedPort(Number(port)),
    tls: tlsContext(secure),
    headers,
  };
}

const LOOKS_LIKE = 'it should be like http://proxy.example:3128 or proxy.example:3128';

/**
 * Returns a proxy's URL; without a scheme, http:// is meant. Messages say `name` instead of the URL, which may hold
 * credentials.
 * @throws TypeError
 */
export function assertSupportedProxy(given: string | URL, name: string): URL {
  const text = withScheme(given.toString());
  if (!URL.canParse(text)) throw new TypeError(`${name} is no URL: ${LOOKS_LIKE}`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`${name} must be a URL that begins with http:// or https://; ${url.protocol} is not supported`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`${name} must not have a path, query or fragment: ${LOOKS_LIKE}`);
  }
  return url;
}

/**
 * Adds http:// if there is no scheme, as curl does. A colon alone is no scheme: `proxy:3128` and `user:password@proxy`
 * have one, too.
 */
export function withScheme(proxy: string): string {
  const text = proxy.trim();
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError("the proxy's URL has a user name or password that is not percent-encoded as it should be");
  }
}
