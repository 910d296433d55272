import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AioFuture, coSleep, createFetch } from 'dugong';
import { onAbort } from '../../src/schedule/abort-signal.ts';
import { ok } from '../support/messages.ts';
import { expectHead, gate, send, startScriptedServer } from '../support/scripted-server.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** What Node warns of while `act` runs. */
async function warningsOf(act: () => Promise<void>): Promise<string[]> {
  const names: string[] = [];
  const note = (warning: Error): unknown => names.push(warning.name);
  process.on('warning', note);
  await act();
  // Warnings come by a tick of their own.
  await turn();
  process.off('warning', note);
  return names;
}

describe('waiters for the abort of one signal', () => {
  test('are called in their order, each once, with one listener for all', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const told: string[] = [];
    const same = (): unknown => told.push('same');
    onAbort(signal, () => told.push('first'));
    onAbort(signal, same);
    onAbort(signal, same);
    assert.equal(listenersOf(signal), 1);
    controller.abort();
    assert.deepEqual(told, ['first', 'same', 'same']);
    assert.equal(listenersOf(signal), 0);
  });

  test('can withdraw, also twice, and while the others are called; the last takes the listener away', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const told: string[] = [];
    const withdraw = onAbort(signal, () => told.push('withdrawn'));
    withdraw();
    withdraw();
    assert.equal(listenersOf(signal), 0);
    onAbort(signal, () => {
      told.push('first');
      withdrawLater();
    });
    const withdrawLater = onAbort(signal, () => told.push('withdrawn by the first'));
    withdraw();
    assert.equal(listenersOf(signal), 1);
    controller.abort();
    assert.deepEqual(told, ['first']);
  });

  test('may be thousands of futures, without a warning, and nothing is left of them', async () => {
    const { signal } = new AbortController();
    const warnings = await warningsOf(async () => {
      const futures = Array.from({ length: 5000 }, () => new AioFuture(coSleep(1), { signal }));
      assert.equal(listenersOf(signal), 1);
      await Promise.all(futures);
    });
    assert.deepEqual([warnings, listenersOf(signal)], [[], 0]);
  });

  test('are all interrupted by it, with its reason itself', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const futures = Array.from({ length: 50 }, () => new AioFuture(coSleep(1_000_000), { signal: controller.signal }));
    controller.abort(reason);
    const outcomes = await Promise.allSettled(futures);
    assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === reason));
    assert.equal(listenersOf(controller.signal), 0);
  });

  test('may be the bodies of many fetches', async () => {
    const script = [expectHead(), send(ok('0123456789').slice(0, -5)), gate('rest'), send('56789')];
    using server = startScriptedServer(Array.from({ length: 20 }, () => script));
    const { signal } = new AbortController();
    const fetch = createFetch({ proxy: false });
    const warnings = await warningsOf(async () => {
      const responses = await Promise.all(
        Array.from({ length: 20 }, () => fetch(`http://${server.authority}/`, { signal })),
      );
      assert.equal(listenersOf(signal), 1);
      server.open('rest');
      for (const response of responses) assert.equal(await response.text(), '0123456789');
    });
    fetch.closeIdleConnections();
    assert.deepEqual([warnings, listenersOf(signal)], [[], 0]);
  });
});
