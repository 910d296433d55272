/**
 * What the tests of HTTPS share: a scripted server behind TLS on loopback, with a certificate of the test's own authority,
 * and connections that trust it.
 */

import { type HTTPConnection, type HTTPConnectionOptions, TLSContext } from '../../src/index.ts';
import { type Certificate, makeAuthority, makeCertificate } from './certificates.ts';
import { startTLSFront, type TLSFront } from './proxy-server.ts';
import { type Script, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { connectionTo } from './waiting.ts';

export const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

type FrontOptions = NonNullable<Parameters<typeof startTLSFront>[2]>;

/** Scripts behind TLS. */
export class HTTPSServer implements Disposable {
  readonly origin: ScriptedServer;
  readonly front: TLSFront;

  constructor(scripts: readonly Script[], certificate: Certificate, options: FrontOptions = {}) {
    this.origin = startScriptedServer(scripts);
    this.front = startTLSFront(this.origin, certificate, options);
  }

  [Symbol.dispose](): void {
    this.front[Symbol.dispose]();
    this.origin.stop();
  }
}

/** An authority, and certificates that it has signed. Made once, since making certificates takes time. */
export class TestTrust {
  readonly authority: Certificate = makeAuthority('dugong test CA');
  readonly ca: string = this.authority.cert;
  readonly certificate: Certificate = makeCertificate({
    subject: '/CN=server',
    san: 'DNS:localhost,DNS:origin.example,IP:127.0.0.1',
    issuer: this.authority,
  });
  readonly context: TLSContext = new TLSContext({ ca: this.ca });

  serve(scripts: readonly Script[], options?: FrontOptions): HTTPSServer {
    return new HTTPSServer(scripts, this.certificate, options);
  }

  connectTo({ front }: HTTPSServer, options: HTTPConnectionOptions = {}): HTTPConnection {
    return connectionTo(front, { tls: this.context, ...options });
  }
}
