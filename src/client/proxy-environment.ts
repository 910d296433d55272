/**
 * Finds the proxy that the environment names, by the variables of curl and others: `http_proxy`, `https_proxy`,
 * `all_proxy`, `no_proxy`. HTTPConnection does not use the environment; its caller may.
 */

import { quoted } from '../http1/grammar.ts';
import { isListed } from './no-proxy.ts';
import { assertSupportedProxy, withScheme } from './proxy.ts';

/**
 * Returns the proxy that the environment names for a server, for the option `proxy`; undefined for a direct connection. A
 * lower-case variable (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`) takes precedence over an upper-case one; an empty
 * variable counts as unset. A proxy without a scheme means http://. With https://, TLS is used with the proxy, independently of the
 * server.
 *
 * `no_proxy` lists hosts, separated by commas or spaces: `example.com` and `.example.com` stand for that host and all hosts below
 * it, `*.example.com` only for the hosts below it, `10.0.0.0/8` for the addresses of a network in URLs, `*` for all, `host:port`
 * for one port only. Case, final dots and the spelling of addresses do not matter.
 *
 * Under CGI (REQUEST_METHOD is set), HTTP_PROXY is ignored, because it may be the field `Proxy` of a client's request (httpoxy,
 * CVE-2016-5385). http_proxy in lower case is used.
 *
 * @param url that of the server, or of a document on it
 * @param env the variables; default: those of this process
 * @throws TypeError - `url` is no URL, or the scheme of the proxy is not supported, e.g. socks5://
 * @example
 * ```js
 * import { HTTPConnection, proxyFromEnvironment } from 'dugong';
 *
 * const url = new URL('https://example.com/');
 * const connection = new HTTPConnection(url.origin, { proxy: proxyFromEnvironment(url) });
 * console.log(connection.hostname); // example.com
 * console.log(proxyFromEnvironment(url, { https_proxy: 'proxy.example:3128' })); // http://proxy.example:3128
 * ```
 */
export function proxyFromEnvironment(url: string | URL, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (!URL.canParse(String(url))) throw new TypeError(`${quoted(String(url))} is no absolute URL`);
  const parsed = new URL(url);
  const proxy = proxyIn(env, parsed.protocol);
  if (proxy === undefined || parsed.hostname === '') return undefined;
  if (isListed(parsed, variable(env, 'no_proxy', 'NO_PROXY') ?? '')) return undefined;
  assertSupportedProxy(proxy, `the proxy in ${parsed.protocol.slice(0, -1)}_proxy or all_proxy`);
  return withScheme(proxy);
}

function proxyIn(env: NodeJS.ProcessEnv, protocol: string): string | undefined {
  return ofScheme(env, protocol) ?? variable(env, 'all_proxy', 'ALL_PROXY');
}

function ofScheme(env: NodeJS.ProcessEnv, protocol: string): string | undefined {
  switch (protocol) {
    case 'http:':
      return variable(env, 'http_proxy', ...(Object.hasOwn(env, 'REQUEST_METHOD') ? [] : ['HTTP_PROXY']));
    case 'https:':
      return variable(env, 'https_proxy', 'HTTPS_PROXY');
    default:
      return undefined;
  }
}

/**
 * The value of the first variable that is not empty. Only own properties count: the prototype of process.env is no part
 * of the environment.
 */
function variable(env: NodeJS.ProcessEnv, ...names: readonly string[]): string | undefined {
  return names.map((name) => (Object.hasOwn(env, name) ? env[name]?.trim() : undefined)).find(Boolean);
}
