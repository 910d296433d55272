/**
 * For what must hold in clear and over TLS alike: a scripted server that is connected to in either way.
 */

import type { HTTPConnection, HTTPConnectionOptions } from '../../src/index.ts';
import { opensslMissing } from './certificates.ts';
import { TestTrust } from './https.ts';
import { type Script, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { connectionTo } from './waiting.ts';

/** A server that plays scripts, and the way to it. */
export interface Served extends Disposable {
  readonly scripted: ScriptedServer;
  /** What Host says. */
  readonly authority: string;
  connect(options?: HTTPConnectionOptions): HTTPConnection;
}

export interface Carrier {
  readonly name: 'plain' | 'TLS';
  /** False, or why it cannot be had on this machine. */
  readonly skip: false | string;
  /** How the server goes at the end of its script: TLS has a FIN without close_notify, too (`cut`). */
  serve(scripts: readonly Script[], ending?: 'close-notify' | 'cut' | 'reset'): Served;
}

const plain: Carrier = {
  name: 'plain',
  skip: false,
  serve(scripts) {
    const scripted = startScriptedServer(scripts);
    return {
      scripted,
      authority: scripted.authority,
      connect: (options) => connectionTo(scripted, options),
      [Symbol.dispose]: () => scripted.stop(),
    };
  },
};

/** Made with the first server, since making certificates takes time. */
let trust: TestTrust | undefined;

const tls: Carrier = {
  name: 'TLS',
  skip: opensslMissing(),
  serve(scripts, ending = 'close-notify') {
    trust ??= new TestTrust();
    const known = trust;
    const server = known.serve(scripts, { ending });
    return {
      scripted: server.origin,
      authority: server.front.authority,
      connect: (options) => known.connectTo(server, options),
      [Symbol.dispose]: () => server[Symbol.dispose](),
    };
  },
};

export const plainAndTLS: readonly Carrier[] = [plain, tls];
