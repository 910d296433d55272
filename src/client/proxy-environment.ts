/**
 * Which proxy the environment asks for, as curl and others have it: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
 * HTTPConnection itself never looks there: its caller decides.
 */

import { quoted } from '../http1/grammar.ts';
import { isListed } from './no-proxy.ts';
import { assertSupportedProxy, withScheme } from './proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server, for the option `proxy`; undefined if it is to be reached directly. Lower case goes before upper case, and
 * an empty variable is one that is not set. A proxy without a scheme is an http:// one; with https:// TLS is spoken with it,
 * whatever is spoken with the server.
 *
 * `no_proxy` lists hosts, separated by commas or spaces: `example.com` stands for itself and all hosts below it, as do
 * `.example.com` and, without itself, `*.example.com`; `10.0.0.0/8` for the addresses of a network, as far as URLs hold
 * addresses; `*` for all; `host:port` for one port only. Case, final dots and the spelling of addresses make no difference.
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
  if (!URL.canParse(String(url))) throw new TypeError(`${quoted(String(url))} is no absolute URL`);
  const parsed = new URL(url);
  const proxy = proxyIn(env, parsed.protocol);
  if (proxy === undefined || parsed.hostname === '') return undefined;
  if (isListed(parsed, variable(env, 'no_proxy', 'NO_PROXY') ?? '')) return undefined;
  assertSupportedProxy(proxy, `the proxy in ${parsed.protocol.slice(0, -1)}_proxy or all_proxy`);
  return withScheme(proxy);
}

function proxyIn(env: Environment, protocol: string): string | undefined {
  return ofScheme(env, protocol) ?? variable(env, 'all_proxy', 'ALL_PROXY');
}

function ofScheme(env: Environment, protocol: string): string | undefined {
  switch (protocol) {
    case 'http:':
      return variable(env, 'http_proxy', ...(Object.hasOwn(env, 'REQUEST_METHOD') ? [] : ['HTTP_PROXY']));
    case 'https:':
      return variable(env, 'https_proxy', 'HTTPS_PROXY');
    default:
      return undefined;
  }
}

/** Of the first variable that says something. An environment has no prototype: process.env has, but nothing there is a variable. */
function variable(env: Environment, ...names: readonly string[]): string | undefined {
  return names.map((name) => (Object.hasOwn(env, name) ? env[name]?.trim() : undefined)).find(Boolean);
}
