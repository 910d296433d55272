/**
 * Shared by the tests of proxies that speak TLS: certificates for a proxy and for an origin, the chain of servers between a
 * client and a script, and connections through it.
 */

import { HTTPConnection, type HTTPConnectionOptions, type ProxyOptions, TLSContext } from '../../src/index.ts';
import { type Certificate, makeAuthority, makeCertificate } from './certificates.ts';
import { startTLSFront, startTunnelProxy, type TLSFront, type TunnelProxy } from './proxy-server.ts';
import { type Script, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { timeLimit } from './time-limit.ts';

type FrontOptions = Parameters<typeof startTLSFront>[2];

/** An https origin that plays `scripts`, and a proxy that makes tunnels to it, inside TLS. */
export class SecureChain implements Disposable {
  readonly origin: ScriptedServer;
  /** Takes TLS off before the origin. */
  readonly inner: TLSFront;
  readonly tunnel: TunnelProxy;
  /** Takes TLS off before the tunnel: clients connect to it. */
  readonly outer: TLSFront;

  constructor(
    scripts: readonly Script[],
    { ofOrigin, ofProxy }: { readonly ofOrigin: Certificate; readonly ofProxy: Certificate },
    { inner, outer }: { inner?: FrontOptions; outer?: FrontOptions } = {},
  ) {
    this.origin = startScriptedServer(scripts);
    this.inner = startTLSFront(this.origin, ofOrigin, inner);
    this.tunnel = startTunnelProxy(this.inner);
    this.outer = startTLSFront(this.tunnel, ofProxy, outer);
  }

  get port(): number {
    return this.outer.port;
  }

  [Symbol.dispose](): void {
    for (const each of [this.outer, this.tunnel, this.inner, this.origin]) each[Symbol.dispose]();
  }
}

/** Certificates of one authority for `proxy.test` and `origin.example`. Neither name has an address but by `lookup`. */
export class ProxyTrust {
  readonly authority: Certificate = makeAuthority('dugong test CA');
  readonly ca: string = this.authority.cert;
  readonly context: TLSContext = new TLSContext({ ca: this.ca });
  readonly ofProxy: Certificate = this.certificate('proxy', 'DNS:proxy.test');
  readonly ofOrigin: Certificate = this.certificate('origin', 'DNS:origin.example');

  certificate(name: string, san: string): Certificate {
    return makeCertificate({ subject: `/CN=${name}`, san, issuer: this.authority });
  }

  serve(scripts: readonly Script[], options?: { inner?: FrontOptions; outer?: FrontOptions }): SecureChain {
    return new SecureChain(scripts, this, options);
  }

  /** A connection to the origin; with `tls` through a tunnel. `own` are fields of the option `proxy`. */
  through(
    { port }: { readonly port: number },
    options: HTTPConnectionOptions = {},
    own: Partial<ProxyOptions> = {},
  ): HTTPConnection {
    return new HTTPConnection('origin.example', {
      lookup: () => ['127.0.0.1'],
      timeout: timeLimit(20_000),
      proxy: { hostname: 'proxy.test', port, tls: this.context, ...own },
      ...options,
    });
  }
}
