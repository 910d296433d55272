/**
 * For behaviour that is the same in clear and over TLS: the way to a server in clear, and the way through a front that takes
 * TLS off.
 */

import type { HTTPConnection, HTTPConnectionOptions } from '../../src/index.ts';
import { opensslMissing } from './certificates.ts';
import { TestTrust } from './https.ts';
import { type Ending, startTLSFront } from './proxy-server.ts';
import { type Script, type ScriptedServer, startScriptedServer } from './scripted-server.ts';
import { connectionTo } from './waiting.ts';

/** The way to a server. */
export interface Reached extends Disposable {
  connect(options?: HTTPConnectionOptions): HTTPConnection;
}

/** A server that plays scripts, and the way to it. */
export interface Served extends Reached {
  readonly scripted: ScriptedServer;
}

interface Listening {
  readonly hostname: string;
  readonly port: number;
}

export interface Carrier {
  readonly name: 'plain' | 'TLS';
  /** False, or the reason why this machine does not have it. */
  readonly skip: false | string;
  /** `ending`: how a server ends that has closed; TLS has a FIN without close_notify, too (`cut`). */
  reach(server: Listening, ending?: Ending): Reached;
  serve(scripts: readonly Script[], ending?: Ending): Served;
}

/** Made with the first server, since making certificates takes time. */
let made: TestTrust | undefined;

function trust(): TestTrust {
  made ??= new TestTrust();
  return made;
}

function reachPlain(server: Listening): Reached {
  return { connect: (options) => connectionTo(server, options), [Symbol.dispose]() {} };
}

function reachTLS(server: Listening, ending: Ending = 'close-notify'): Reached {
  const { certificate, context } = trust();
  const front = startTLSFront(server, certificate, { ending });
  return {
    connect: (options) => connectionTo(front, { tls: context, ...options }),
    [Symbol.dispose]: () => front[Symbol.dispose](),
  };
}

function serveBy(reach: Carrier['reach']): Carrier['serve'] {
  return (scripts, ending) => {
    const scripted = startScriptedServer(scripts);
    const reached = reach(scripted, ending);
    return {
      scripted,
      connect: reached.connect,
      [Symbol.dispose]() {
        reached[Symbol.dispose]();
        scripted.stop();
      },
    };
  };
}

export const plainAndTLS: readonly Carrier[] = [
  { name: 'plain', skip: false, reach: reachPlain, serve: serveBy(reachPlain) },
  { name: 'TLS', skip: opensslMissing(), reach: reachTLS, serve: serveBy(reachTLS) },
];
