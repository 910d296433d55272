/** fetchSync, and a signal that the process listens for. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { checkedRouting } from '../../src/fetch/endpoint.ts';
import { coFetchHead, coLeave, UNLIMITED } from '../../src/fetch/whole-fetch.ts';
import { HTTPHeaders, Interrupted } from '../../src/index.ts';
import { runBlocking, runWaiting } from '../../src/schedule/run-blocking.ts';
import { closeIdleConnections, fetchSync } from '../../src/sync/index.ts';
import { type Killer, startKiller } from '../support/killer.ts';
import { ok, response } from '../support/messages.ts';
import { expectEnd, expectHead, gate, send, startScriptedServer } from '../support/scripted-server.ts';
import { thrownBy } from '../support/waiting.ts';

describe('a signal with a listener', () => {
  let killer: Killer;
  let heard = 0;
  before(async () => {
    killer = await startKiller();
    process.on('SIGALRM', () => {
      heard++;
    });
  });
  after(() => {
    process.removeAllListeners('SIGALRM');
    killer[Symbol.dispose]();
  });
  afterEach(async () => {
    closeIdleConnections();
    for (let turns = 0; turns < 3; turns++) await turn();
    assert.ok(heard > 0);
    heard = 0;
  });

  for (const timeout of [0, 600_000]) {
    test(`ends fetchSync, which takes another connection the next time (timeout ${timeout})`, () => {
      using server = startScriptedServer([
        [expectHead(), gate('never'), expectEnd()],
        [expectHead(), send(ok('x')), expectEnd()],
      ]);
      const url = `http://${server.authority}/`;
      killer.whenBlocked('SIGALRM');
      const error = thrownBy(() => fetchSync(url, { proxy: false, timeout }));
      assert.ok(error instanceof Interrupted, String(error));
      assert.equal(error.signal, 'SIGALRM');
      assert.equal(fetchSync(url, { proxy: false, timeout }).text(), 'x');
    });
  }

  test('does not end fetchSync that is to continue', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'), { chunk: 1, every: 5 }), expectEnd()]]);
    process.kill(process.pid, 'SIGALRM');
    const url = `http://${server.authority}/`;
    assert.equal(fetchSync(url, { proxy: false, onSignal: 'continue' }).text(), 'x');
    assert.throws(() => fetchSync(url, { onSignal: 'x' as 'continue' }), /^TypeError: onSignal must be/);
  });
});

test('a signal ends also the reading of a body that is of no interest', () => {
  using server = startScriptedServer([
    [expectHead(), send(response('302 Found', ['Content-Length: 5'])), gate('never'), expectEnd()],
  ]);
  const url = new URL(`http://${server.authority}/`);
  const request = { url, method: 'GET', headers: new HTTPHeaders(), content: undefined, referrer: undefined };
  const reading = { limits: UNLIMITED, maxBodySize: 10, decompress: false };
  const routing = checkedRouting({ proxy: false });
  const head = runBlocking(coFetchHead(request, { routing, redirect: 'manual', ...reading }));
  function wait(): never {
    throw new Interrupted(['SIGALRM']);
  }
  assert.throws(() => runWaiting(coLeave(head), 0, wait), Interrupted);
});
