/**
 * Which proxy the environment asks for, as curl, wget and others have it: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
 * HTTPConnection itself never looks there: its caller decides.
 */

import { getProxyForUrl } from 'proxy-from-env';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a server, for the option `proxy`; undefined if it is to be reached directly. Lower case goes before upper case.
 * `no_proxy` lists hosts, with `:port` for one port only; `.example.com` and `*.example.com` stand for all hosts that end so,
 * `*` for all. A proxy without a scheme is an http:// one.
 *
 * Under CGI (where REQUEST_METHOD is set) HTTP_PROXY is ignored: it may be the field `Proxy` of a request, that is, anybody's
 * (httpoxy, CVE-2016-5385). http_proxy in lower case is obeyed.
 *
 * ```ts
 * const url = new URL('https://example.com/');
 * const connection = new HTTPConnection(url.hostname, { tls: true, proxy: proxyFromEnvironment(url) });
 * ```
 * @throws TypeError if `url` is no URL
 */
export function proxyFromEnvironment(url: string | URL, env: Environment = process.env): string | undefined {
  const parsed = new URL(url);
  const own = process.env;
  // The package knows no other environment than the process's; nothing else runs before it is back in its place.
  process.env = relevant(env);
  try {
    return getProxyForUrl(parsed) || undefined;
  } finally {
    process.env = own;
  }
}

function relevant(env: Environment): Record<string, string> {
  const { REQUEST_METHOD } = env;
  const httpProxy = env.http_proxy || (REQUEST_METHOD === undefined ? env.HTTP_PROXY : undefined);
  return {
    http_proxy: withScheme(httpProxy),
    https_proxy: withScheme(env.https_proxy || env.HTTPS_PROXY),
    all_proxy: withScheme(env.all_proxy || env.ALL_PROXY),
    no_proxy: (env.no_proxy || env.NO_PROXY || '').trim(),
  };
}

function withScheme(proxy: string | undefined): string {
  const text = proxy?.trim() ?? '';
  return text === '' || text.includes('://') ? text : `http://${text}`;
}
