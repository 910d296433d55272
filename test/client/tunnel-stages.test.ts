import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Coroutine, HTTPConnection, HTTPConnectionOptions } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { startTLSFront } from '../support/proxy-server.ts';
import {
  expectAnything,
  expectBytes,
  expectHead,
  mark,
  type Script,
  type ScriptedServer,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { atSomePace } from '../support/time-limit.ts';
import { ProxyTrust } from '../support/tls-proxy.ts';
import { ESTABLISHED, through } from '../support/tunnelled.ts';
import { suspendForGood } from '../support/waiting.ts';

/** A stage of connecting at which nothing goes on. */
interface Stage extends Disposable {
  readonly phase: string;
  /** Milliseconds: long enough for the stages before. */
  readonly timeout: number;
  readonly connection: (options?: HTTPConnectionOptions) => HTTPConnection;
  /** Absent for a stage that cannot be seen from the other end. */
  readonly server?: ScriptedServer;
}

const REFUSAL_CUT_SHORT = 'HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\nno';

function refusedInClear(): Stage {
  return plainStage('tunnel', [expectHead(), send(REFUSAL_CUT_SHORT)]);
}

function refusedInTLS(): Stage {
  return secureStage('tunnel', [expectHead(), send(REFUSAL_CUT_SHORT)]);
}

/** The body of a refusal is waited for no longer than 250 ms: these can be tried again, but not with more time. */
const BRIEF: readonly (() => Stage)[] = [refusedInClear, refusedInTLS];

const toPlainProxies: readonly (() => Stage)[] = [
  () => {
    const listener = startStalledListener();
    return {
      phase: 'connect',
      timeout: 100,
      connection: (options) => through(listener, options),
      [Symbol.dispose]: () => listener[Symbol.dispose](),
    };
  },
  () => plainStage('tunnel', [expectHead()]),
  refusedInClear,
  () => plainStage('handshake', [expectHead(), send(ESTABLISHED), expectBytes(1)]),
];

/** With a proxy that does `steps` on each connection and then no more, passing the mark "stalled n". */
function scripted(steps: Script): ScriptedServer {
  const script = (index: number): Script => [...steps, mark(`stalled ${index}`), expectAnything()];
  return startScriptedServer(Array.from({ length: 10 }, (_, index) => script(index)));
}

function plainStage(phase: string, steps: Script): Stage {
  const server = scripted(steps);
  return {
    phase,
    timeout: 100,
    connection: (options) => through(server, options),
    server,
    [Symbol.dispose]: () => server.stop(),
  };
}

const toSecureProxies: readonly (() => Stage)[] = [
  () => secureStage('proxy-handshake', [expectBytes(1)]),
  () => secureStage('tunnel', [expectHead()]),
  refusedInTLS,
  () => secureStage('handshake', [expectHead(), send(ESTABLISHED), expectBytes(1)]),
];

/** Made once, since making certificates takes time. */
let certificates: ProxyTrust | undefined;

/** The same inside of TLS with the proxy, or instead of it. */
function secureStage(phase: string, steps: Script): Stage {
  certificates ??= new ProxyTrust();
  const trust = certificates;
  const server = scripted(steps);
  const front = startTLSFront(server, trust.ofProxy);
  const to = phase === 'proxy-handshake' ? server : front;
  return {
    phase,
    timeout: 200,
    connection: (options) => trust.through(to, { tls: true, ...options }),
    server,
    [Symbol.dispose]() {
      front[Symbol.dispose]();
      server.stop();
    },
  };
}

/** Connects by hand as far as it goes. */
async function stalledByHand({ connection, server }: Stage, index: number): Promise<Coroutine<void>> {
  const connecting = connection().coConnect();
  let stalled = server === undefined;
  const reached = server?.reached(`stalled ${index}`).then(() => {
    stalled = true;
  });
  suspendForGood(connecting);
  while (!stalled) {
    await new Promise(setImmediate);
    suspendForGood(connecting);
  }
  await reached;
  return connecting;
}

const stalledStages = opensslMissing() ? toPlainProxies : [...toPlainProxies, ...toSecureProxies];

describe('a stage of connecting that takes too long', () => {
  for (const [index, startStage] of stalledStages.entries()) {
    const brief = BRIEF.includes(startStage);
    test(`(${index + 1} of ${stalledStages.length}) is named by time-outs of every form, and leaves nothing`, () =>
      atSomePace(async (factor) => {
        using stage = startStage();
        const before = native.counts();
        // Long enough for the stages before.
        const timeout = stage.timeout * (brief ? 1 : factor);
        const expected = { name: 'ConnectionTimedOut', phase: stage.phase, timeout };
        assert.throws(() => stage.connection({ timeout }).connect(), expected);
        assert.throws(() => stage.connection({ connectTimeout: timeout }).sendRequest('GET', '/'), expected);
        await Promise.all([
          assert.rejects(stage.connection({ connectTimeout: timeout }).promises.connect(), expected),
          assert.rejects(stage.connection().promises.connect({ timeout }), expected),
        ]);
        assert.deepEqual(native.counts(), before);
      }));

    const giveUp = async (): Promise<void> => {
      using stage = startStage();
      const before = native.counts();
      const returned = await stalledByHand(stage, 0);
      const thrown = await stalledByHand(stage, 1);
      const cancelled = stage.connection().promises.sendRequest('GET', '/');
      const aborter = new AbortController();
      const aborted = stage.connection().promises.connect({ signal: aborter.signal });
      const left = stage.connection();
      const disconnected = left.promises.connect();
      // One that fails too early does so where it is awaited.
      void Promise.allSettled([cancelled, aborted, disconnected]);
      for (const index of [2, 3, 4]) await stage.server?.reached(`stalled ${index}`);
      // Five sockets, and for each of the two by hand two that stand in for what they wait for, unless that is the socket itself.
      const standIns = stage.phase === 'connect' ? 0 : 2 * 2;
      assert.equal(native.counts().owned, before.owned + 5 + standIns);
      cancelled.cancel();
      aborter.abort(new Error('aborted'));
      left.disconnect();
      returned.return(undefined);
      assert.throws(() => thrown.throw(new Error('thrown')), { message: 'thrown' });
      await assert.rejects(cancelled, { name: 'AbortError' });
      await assert.rejects(aborted, { message: 'aborted' });
      await assert.rejects(disconnected, { name: 'ConnectionClosed', phase: stage.phase });
      assert.deepEqual(native.counts(), before);
    };
    test(`(${index + 1} of ${stalledStages.length}) can be given up in every way, and leaves nothing`, () =>
      brief ? atSomePace(giveUp) : giveUp());
  }
});
