/**
 * What the user says about a proxy, and what it means for requests and tunnels. Its credentials, and those of TLS, go to the
 * proxy alone.
 */

import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import type { TLSContext } from '../io/tls-context.ts';
import { ownOptions } from '../options.ts';
import { checkedHostname, checkedPort } from './authority.ts';
import { isURL } from './server.ts';
import { type TLSOption, tlsContext } from './tls-option.ts';

/** An HTTP proxy: where it is, how to speak with it, and fields for it alone. */
export interface ProxyOptions {
  readonly hostname: string;
  readonly port: number;
  /**
   * Speak TLS with the proxy itself, which must be who `hostname` says. These options are none of the server's, nor are the
   * server's its.
   */
  readonly tls?: TLSOption | undefined;
  /** They stand in CONNECT, or in each request in absolute-form that has no field of that name itself. */
  readonly headers?: HeadersInit | undefined;
}

/** A proxy as the client uses it. */
export interface HTTPProxy {
  readonly hostname: string;
  readonly port: number;
  readonly tls: TLSContext | undefined;
  readonly headers: HTTPHeaders;
}

const NAMES = ['hostname', 'port', 'tls', 'headers'] as const;

/** From a URL ("https://user:password@proxy:3129", "proxy:3128") or its parts. @throws TypeError, in which no credentials stand; TLSError */
export function proxyFrom(proxy: string | URL | ProxyOptions, contextOf: typeof tlsContext = tlsContext): HTTPProxy {
  if (typeof proxy === 'string' || isURL(proxy)) return fromURL(proxy);
  if (typeof proxy !== 'object' || proxy === null || Array.isArray(proxy)) {
    throw new TypeError('proxy must be a URL like http://proxy.example:3128, or an object with a hostname');
  }
  // A misspelt `tls` would send credentials in clear.
  const { hostname, port, tls, headers } = ownOptions('proxy', proxy, NAMES);
  return {
    hostname: checkedHostname(hostname),
    port: checkedPort(port),
    tls: contextOf(tls),
    headers: fieldsForAll(headers),
  };
}

/** What is said of one message cannot be said of all. */
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
    // UTF-8, as RFC 7617 2.1 lets servers ask for and those of today expect.
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
 * A proxy's URL; without a scheme, http:// is meant. `name` says in messages whose URL it is, which itself may hold credentials.
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

/** As curl and others have it. A colon alone makes no scheme: `proxy:3128` and `user:password@proxy` have one, too. */
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
