import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Coroutine, HTTPConnection, HTTPConnectionOptions } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
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
import { ESTABLISHED, through } from '../support/tunnelled.ts';
import { suspendForGood } from '../support/waiting.ts';

/** A stage of connecting at which nothing goes on. */
interface Stage extends Disposable {
  readonly phase: string;
  readonly connection: (options?: HTTPConnectionOptions) => HTTPConnection;
  /** Absent for a stage that cannot be seen from the other end. */
  readonly proxy?: ScriptedServer;
}

const stalledStages: readonly (() => Stage)[] = [
  () => {
    const listener = startStalledListener();
    return {
      phase: 'connect',
      connection: (options) => through(listener, options),
      [Symbol.dispose]: () => listener[Symbol.dispose](),
    };
  },
  () => scriptedStage('tunnel', []),
  () => scriptedStage('tunnel', [send('HTTP/1.1 407 No\r\nContent-Length: 9\r\n\r\nno')]),
  () => scriptedStage('handshake', [send(ESTABLISHED)]),
];

/** Connection n passes the marks "answered n", when what there is to come from the proxy has, and "stalled n". */
function scriptedStage(phase: string, answer: Script): Stage {
  const hello = phase === 'handshake' ? [expectBytes(1)] : [];
  const script = (index: number): Script => [
    expectHead(),
    ...answer,
    mark(`answered ${index}`),
    ...hello,
    mark(`stalled ${index}`),
    expectAnything(),
  ];
  const proxy = startScriptedServer(Array.from({ length: 10 }, (_, index) => script(index)));
  return {
    phase,
    connection: (options) => through(proxy, options),
    proxy,
    [Symbol.dispose]: () => proxy.stop(),
  };
}

/** Connects by hand as far as it goes. */
function stalledByHand({ connection, proxy }: Stage, index: number): Coroutine<void> {
  const connecting = connection().coConnect();
  suspendForGood(connecting);
  proxy?.waitFor(`answered ${index}`);
  suspendForGood(connecting);
  proxy?.waitFor(`stalled ${index}`);
  return connecting;
}

describe('a stage of connecting that takes too long', () => {
  for (const [index, startStage] of stalledStages.entries()) {
    test(`(${index + 1} of ${stalledStages.length}) is named by time-outs of every form, and leaves nothing`, () =>
      atSomePace(async (factor) => {
        using stage = startStage();
        const before = native.counts();
        // Long enough for the stages before.
        const timeout = 50 * factor;
        const expected = { name: 'ConnectionTimedOut', phase: stage.phase, timeout };
        assert.throws(() => stage.connection({ timeout }).connect(), expected);
        assert.throws(() => stage.connection({ connectTimeout: timeout }).sendRequest('GET', '/'), expected);
        await Promise.all([
          assert.rejects(stage.connection({ connectTimeout: timeout }).promises.connect(), expected),
          assert.rejects(stage.connection().promises.connect({ timeout }), expected),
        ]);
        assert.deepEqual(native.counts(), before);
      }));

    test(`(${index + 1} of ${stalledStages.length}) can be given up in every way, and leaves nothing`, async () => {
      using stage = startStage();
      const before = native.counts();
      const returned = stalledByHand(stage, 0);
      const thrown = stalledByHand(stage, 1);
      const cancelled = stage.connection().promises.sendRequest('GET', '/');
      const aborter = new AbortController();
      const aborted = stage.connection().promises.connect({ signal: aborter.signal });
      const left = stage.connection();
      const disconnected = left.promises.connect();
      for (const index of [2, 3, 4]) await stage.proxy?.reached(`stalled ${index}`);
      assert.equal(native.counts().owned, before.owned + 5);
      cancelled.cancel();
      aborter.abort(new Error('aborted'));
      left.disconnect();
      returned.return(undefined);
      assert.throws(() => thrown.throw(new Error('thrown')), { message: 'thrown' });
      await assert.rejects(cancelled, { name: 'AbortError' });
      await assert.rejects(aborted, { message: 'aborted' });
      await assert.rejects(disconnected, { name: 'ConnectionClosed', phase: stage.phase });
      assert.deepEqual(native.counts(), before);
    });
  }
});
