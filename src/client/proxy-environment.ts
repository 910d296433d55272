/**
 * Which proxy the environment asks for, as curl and others have it: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
 * HTTPConnection itself never looks there: its caller decides.
 */

import { BlockList, isIP, isIPv6 } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';
import { assertSupportedProxy } from './proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server, for the option `proxy`; undefined if it is to be reached directly. Lower case goes before upper case.
 * A proxy without a scheme is an http:// one; with https:// TLS is spoken with it, whatever is spoken with the server.
 *
 * `no_proxy` lists hosts, separated by commas or spaces: `example.com` stands for itself and all hosts below it, as do
 * `.example.com` and, without itself, `*.example.com`; `10.0.0.0/8` for the addresses of a network, as far as URLs hold
 * addresses; `*` for all; `host:port` for one port only.
 *
 * Under CGI (where REQUEST_METHOD is set) HTTP_PROXY is ignored: it may be the field `Proxy` of a request, that is, anybody's
 * (httpoxy, CVE-2016-5385). http_proxy in lower case is obeyed.
 *
 * ```ts
 * const url = new URL('https://example.com/');
 * const connection = new HTTPConnection(url.hostname, { tls: true, proxy: proxyFromEnvironment(url) });
 * ```
 * @throws TypeError if `url` is no URL, or the proxy is of a kind that is not supported, e.g. socks5://
 */
export function proxyFromEnvironment(url: string | URL, env: Environment = process.env): string | undefined {
  const parsed = new URL(url);
  const variables = relevant(env, parsed.hostname);
  if (variables === undefined) return undefined;
  const own = process.env;
  // The package knows no other environment than the process's; nothing else runs before it is back in its place.
  process.env = variables;
  let proxy: string;
  try {
    proxy = getProxyForUrl(parsed);
  } finally {
    process.env = own;
  }
  if (proxy === '') return undefined;
  assertSupportedProxy(proxy, `the proxy in ${parsed.protocol.slice(0, -1)}_proxy or all_proxy`);
  return proxy;
}

/** What the package is to see; undefined if the host is an exception that it does not understand. */
function relevant(env: Environment, hostname: string): Record<string, string> | undefined {
  const { REQUEST_METHOD } = env;
  const httpProxy = env.http_proxy || (REQUEST_METHOD === undefined ? env.HTTP_PROXY : undefined);
  const exceptions = (env.no_proxy || env.NO_PROXY || '').split(/[,\s]+/);
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const named = isIP(address) === 0;
  if (!named && exceptions.some((exception) => isWithin(address, exception))) return undefined;
  return {
    http_proxy: withScheme(httpProxy),
    https_proxy: withScheme(env.https_proxy || env.HTTPS_PROXY),
    all_proxy: withScheme(env.all_proxy || env.ALL_PROXY),
    no_proxy: exceptions.flatMap((exception) => (named ? withSubdomains(exception) : withBrackets(exception))).join(),
  };
}

function withScheme(proxy: string | undefined): string {
  const text = proxy?.trim() ?? '';
  return text === '' || text.includes('://') ? text : `http://${text}`;
}

/** A domain and the hosts below it, which are two exceptions for the package. */
function withSubdomains(exception: string): string[] {
  if (exception === '' || exception.startsWith('*')) return [exception];
  const domain = exception.replace(/^\./, '').replace(/\.$/, '');
  return [domain, `.${domain}`];
}

/** As IPv6 addresses stand in URLs. */
function withBrackets(exception: string): string {
  return isIPv6(exception) ? `[${exception}]` : exception;
}

/** Whether `range` is a network in CIDR notation that holds `address`. */
function isWithin(address: string, range: string): boolean {
  const [, network = '', digits = ''] = /^(.+)\/(\d+)$/.exec(range) ?? [];
  const family = isIP(network);
  const bits = Number(digits);
  if (family === 0 || family !== isIP(address) || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, bits, type);
  return list.check(address, type);
}
