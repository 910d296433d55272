/**
 * What the user says about a proxy, and what it means for requests and tunnels. Its credentials go to the proxy alone.
 */

import { type HeadersInit, HTTPHeaders } from '../http1/headers.ts';
import { checkedHostname, checkedPort } from './authority.ts';

/** An HTTP proxy: where it is, and fields for it alone. */
export interface ProxyOptions {
  readonly hostname: string;
  readonly port: number;
  /** They stand in CONNECT, or in each request in absolute-form that has no field of that name itself. */
  readonly headers?: HeadersInit | undefined;
}

/** A proxy as the client uses it. */
export interface HTTPProxy {
  readonly hostname: string;
  readonly port: number;
  readonly headers: HTTPHeaders;
}

/** From a URL ("http://user:password@proxy:3128") or its parts. @throws TypeError, in which no credentials stand */
export function proxyFrom(proxy: string | URL | ProxyOptions): HTTPProxy {
  if (typeof proxy === 'string' || proxy instanceof URL) return fromURL(proxy);
  const { hostname, port, headers } = proxy;
  return { hostname: checkedHostname(hostname), port: checkedPort(port), headers: fieldsForAll(headers) };
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
  if (!URL.canParse(text.toString()))
    throw new TypeError('the proxy is no URL: it should be like http://proxy.example:3128');
  const { protocol, hostname, port, username, password } = new URL(text);
  if (protocol !== 'http:') {
    throw new TypeError(`the proxy's URL must begin with http://, not ${protocol}//: TLS to a proxy is not supported`);
  }
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
  return { hostname: checkedHostname(hostname), port: port === '' ? 80 : checkedPort(Number(port)), headers };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError("the proxy's URL has a user name or password that is not percent-encoded as it should be");
  }
}
