/** Which connection a call of fetchSync gets, and what becomes of it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { closeIdleConnections, type FetchSyncInit, fetchSync, type SyncResponse } from 'dugong/sync';
import { native } from '../../src/io/native.ts';
import { ok } from '../support/messages.ts';
import { runProgram } from '../support/run-program.ts';
import {
  close,
  expect,
  expectEnd,
  expectHead,
  loop,
  mark,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { thrownBy } from '../support/waiting.ts';

const LIMIT = timeLimit(20_000);

/** Nothing of the environment's proxies; ends if it hangs. */
function get(url: string, init: FetchSyncInit = {}): SyncResponse {
  return fetchSync(url, { proxy: false, timeout: LIMIT, ...init });
}

describe('the connections of fetchSync', () => {
  test('are kept: a second request needs none of its own', () => {
    using server = startScriptedServer([[loop(3, [expectHead(), send(ok('x'))]), expectEnd()]]);
    for (let count = 0; count < 3; count++) get(`http://${server.authority}/`);
    assert.equal(server.connections(), 1);
    closeIdleConnections();
    server.check();
  });

  test('are not kept after Connection: close, HTTP/1.0, or a body too large', () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('x', 'Connection: close')), expectEnd()],
      [expectHead(), send('HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx'), expectEnd()],
      [expectHead(), send(ok('too large'), { peerMayLeave: true }), expectEnd()],
      [expectHead(), send(ok('x'))],
    ]);
    const url = `http://${server.authority}/`;
    get(url);
    get(url);
    assert.throws(() => get(url, { maxBodySize: 1 }));
    get(url);
    assert.equal(server.connections(), 4);
  });

  test('are at most eight when idle: the longest idle one is closed', () => {
    closeIdleConnections();
    const script = [loop(2, [expectHead(), send(ok('x'))]), expectEnd()];
    const last = [expectHead(), send(ok('x')), expectEnd()];
    const servers = Array.from({ length: 9 }, (_, index) => startScriptedServer([index === 0 ? last : script]));
    try {
      const before = native.counts();
      for (const { authority } of servers) get(`http://${authority}/`);
      // Its only connection has been closed by us.
      servers[0]?.check();
      for (const { authority } of servers.slice(1)) get(`http://${authority}/`);
      closeIdleConnections();
      for (const server of servers) server.check();
      assert.deepEqual(native.counts(), before);
    } finally {
      for (const server of servers) server.stop();
    }
  });

  test('are not shared between ways to reach a server: each socketPath is another one', () => {
    const paths = ['a', 'b'].map((name) => `/tmp/dugong-fetch-sync-${process.pid}-${name}.sock`);
    const servers = paths.map((socketPath) =>
      startScriptedServer([[loop(2, [expectHead(), send(ok(socketPath))])]], { socketPath }),
    );
    try {
      for (const socketPath of [...paths, ...paths]) {
        assert.equal(get('http://docker/', { connection: { socketPath } }).text(), socketPath);
      }
      assert.deepEqual(
        servers.map((server) => server.connections()),
        [1, 1],
      );
    } finally {
      closeIdleConnections();
      for (const server of servers) server.stop();
    }
  });

  test('that the server closed while they were idle are replaced, for any method and body', () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('one')), close(), mark('closed')],
      [expectHead(), expect('3\r\nx y\r\n0\r\n\r\n'), send(ok('two'))],
    ]);
    const url = `http://${server.authority}/`;
    assert.equal(get(url).text(), 'one');
    server.waitFor('closed');
    assert.equal(get(url, { method: 'POST', body: new Set(['x y']).values() }).text(), 'two');
    server.check();
  });

  test('that die under a request are replaced once for an idempotent method (RFC 9110 9.2.2)', () => {
    const dying = (text: string) => [expectHead(), send(ok(text)), expectHead(), close()];
    using server = startScriptedServer([dying('one'), dying('two'), [expectHead(), close()]]);
    const url = `http://${server.authority}/`;
    assert.equal(get(url).text(), 'one');
    assert.equal(get(url, { method: 'PUT', body: '' }).text(), 'two');
    // The idle one dies, and so does the new one: there is no third attempt.
    assert.throws(() => get(url), { name: 'ConnectionClosed' });
    assert.equal(server.connections(), 3);
  });

  test('that die under a request are not replaced for other methods, which get new ones to that server from then on', () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('one')), expectHead(), close()],
      [expectHead(), send(ok('two')), expectEnd()],
      [expectHead(), send(ok('three')), expectEnd()],
    ]);
    const url = `http://${server.authority}/`;
    assert.equal(get(url).text(), 'one');
    const lost = thrownBy(() => get(url, { method: 'POST' })) as { name: string; lostRequests: unknown };
    assert.equal(lost.name, 'ConnectionClosed');
    assert.deepEqual(lost.lostRequests, [{ method: 'POST', path: '/', mayHaveBeenProcessed: true }]);
    assert.equal(get(url).text(), 'two');
    assert.equal(get(url, { method: 'POST' }).text(), 'three');
    closeIdleConnections();
    assert.equal(server.connections(), 3);
  });

  test('do not keep the process alive', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    const { status, stdout, stderr } = await runProgram('test/fetch/fetch-program.ts', [`http://${server.authority}/`]);
    assert.deepEqual([status, stdout.toString(), stderr], [0, 'x\n', '']);
    server.check();
  });

  test('are each thread’s own: it works in workers', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    const program = new URL('./fetch-program.ts', import.meta.url);
    const code = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${JSON.stringify(program.href)}, __filename))`;
    const worker = new Worker(code, { eval: true, argv: [`http://${server.authority}/`], stdout: true });
    const text = await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.stdout.on('data', (data) => resolve(String(data)));
    });
    assert.equal(text, 'x\n');
    await new Promise((resolve) => worker.on('exit', resolve));
    server.check();
  });
});
