/** Which connection an exchange of createFetch gets, and what becomes of it. */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { native } from '../../src/io/native.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import { runProgram } from '../support/run-program.ts';
import {
  close,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  loop,
  mark,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('the connections of createFetch', () => {
  test('carry one exchange at a time, and go on to the next one when the body has been read', async () => {
    const script = [loop(2, [expectHead(), send(chunkedResponse(['x']))])];
    using server = startScriptedServer([script, script]);
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    const [first, second] = await Promise.all([fetch(url), fetch(url)]);
    assert.equal(server.connections(), 2);
    await Promise.all([first.text(), second.text()]);
    const [third, fourth] = await Promise.all([fetch(url), fetch(url)]);
    await Promise.all([third.text(), fourth.text()]);
    assert.equal(server.connections(), 2);
    server.check();
  });

  test('are closed when a body is cancelled', async () => {
    using server = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'), expectEnd()],
    ]);
    const answer = await createFetch(direct)(`http://${server.authority}/`);
    await answer.body?.cancel();
    server.check();
  });

  test('are at most maxConnectionsPerOrigin; others wait for their turn, and one that is aborted gives it up', async () => {
    const half = [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx'), gate('go'), send('y')];
    const script = [...half, loop(10, [expectHead(), send(ok('xy'))])];
    using server = startScriptedServer([script, script]);
    const fetch = createFetch({ ...direct, maxConnectionsPerOrigin: 2 });
    const url = `http://${server.authority}/`;
    const controller = new AbortController();
    const bodies = [(await fetch(url)).text(), (await fetch(url)).text()];
    const aborted = fetch(url, { signal: controller.signal });
    const waiting = Array.from({ length: 5 }, async () => (await fetch(url)).text());
    await turn();
    controller.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    server.open('go');
    assert.deepEqual(await Promise.all([...bodies, ...waiting]), Array(7).fill('xy'));
    assert.equal(server.connections(), 2);
  });

  test('whose bodies are not asked for do not keep others from theirs, nor does a wait for one let the process end', async () => {
    const script = [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx'), gate('go'), send('y')];
    using server = startScriptedServer([script, script]);
    const { stdout } = await runProgram('test/fetch/neglected-program.ts', [`http://${server.authority}/`]);
    assert.equal(stdout.toString(), '200 200\n');
    server.open('go');
  });

  test('are as many as there are bodies that are read at the same time', async () => {
    const count = 150;
    const endless = [expectHead(), send('HTTP/1.1 200 OK\r\n\r\nx'), gate('end')];
    using server = startScriptedServer(Array.from({ length: count }, () => endless));
    const fetch = createFetch(direct);
    const readers = Array.from({ length: count }, async () => {
      const reader = (await fetch(`http://${server.authority}/`)).body?.getReader();
      await reader?.read();
      return reader;
    });
    for (const reader of await Promise.all(readers)) await reader?.cancel();
    server.open('end');
  });

  test('are free when a body that is never read has come', async () => {
    using server = startScriptedServer([[loop(300, [expectHead(), send(ok('x'))])]]);
    const fetch = createFetch(direct);
    for (let count = 0; count < 300; count++) assert.equal((await fetch(`http://${server.authority}/`)).status, 200);
    server.check();
  });

  test('that are idle are at most maxIdleConnections, not used after idleTimeout, and closed by closeIdleConnections()', async () => {
    using server = startDummyServer();
    const before = native.counts().owned;
    const url = `http://${server.authority}/send_5_bytes`;
    const fetchFive = async (fetch: ReturnType<typeof createFetch>): Promise<void> => {
      await Promise.all(Array.from({ length: 5 }, async () => (await fetch(url)).text()));
    };
    const fetch = createFetch({ ...direct, maxIdleConnections: 3 });
    await fetchFive(fetch);
    assert.equal(native.counts().owned - before, 3);
    fetch.closeIdleConnections();
    assert.equal(native.counts().owned - before, 0);
    await fetchFive(createFetch({ ...direct, idleTimeout: 0 }));
    assert.equal(native.counts().owned - before, 0);
  });

  test('that the server closed while they were idle are replaced', async () => {
    using server = startScriptedServer([
      [expectHead(), send(ok('one')), close(), mark('closed')],
      [expectHead(), expectBytes(14), send(ok('two'))],
    ]);
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    assert.equal(await (await fetch(url)).text(), 'one');
    await server.reached('closed');
    const body = new Blob(['body']).stream();
    assert.equal(await (await fetch(url, { method: 'POST', body })).text(), 'two');
  });

  test('are not used again, nor kept open, for longer than their server says in Keep-Alive', async () => {
    const keptFor = (seconds: number): string =>
      response('200 OK', [`Keep-Alive: timeout=${seconds}`, 'Content-Length: 1'], 'x');
    const before = native.counts().owned;
    using server = startScriptedServer([
      [expectHead(), send(keptFor(60)), expectHead(), send(keptFor(0)), expectEnd()],
      [expectHead(), send(keptFor(1)), expectEnd(), mark('closed')],
    ]);
    const fetch = createFetch({ ...direct, idleTimeout: 600_000 });
    for (let count = 0; count < 3; count++) await (await fetch(`http://${server.authority}/`)).text();
    await server.reached('closed');
    assert.equal(native.counts().owned, before);
    server.check();
  });

  test('give their descriptors back when the server closes them while they are idle', async () => {
    const before = native.counts().owned;
    using server = startScriptedServer([[expectHead(), send(ok('x')), gate('go'), close()]]);
    const fetch = createFetch({ ...direct, idleTimeout: 600_000 });
    await (await fetch(`http://${server.authority}/`)).text();
    assert.equal(native.counts().owned, before + 1);
    server.open('go');
    while (native.counts().owned > before) await delay(20);
  });

  test('may lead to a Unix socket', async () => {
    const socketPath = `/tmp/dugong-fetch-${process.pid}.sock`;
    using server = startScriptedServer([[expectHead(), send(ok('x'))]], { socketPath });
    const fetch = createFetch({ connection: { socketPath } });
    assert.equal(await (await fetch('http://docker/info')).text(), 'x');
    assert.match(server.heads()[0] ?? '', /^GET \/info HTTP\/1\.1\r\nHost: docker\r\n/);
  });

  /** Fetches, and leaves the answer to `use`, which keeps nothing of it. */
  async function assertForgotten(use: (answer: Response) => unknown, signal?: AbortSignal): Promise<void> {
    using server = startScriptedServer([
      [expectHead(), send(response('200 OK', ['Content-Length: 1000000'], 'x'.repeat(200_000))), expectEnd()],
    ]);
    const fetch = createFetch(direct);
    const before = native.counts().owned;
    await use(await fetch(`http://${server.authority}/`, { signal: signal ?? null }));
    for (let count = 0; count < 1000 && native.counts().owned > before; count++) {
      collectGarbage();
      await turn();
    }
    assert.equal(native.counts().owned, before);
  }

  test('of a body without any reference are closed', async () => {
    await assertForgotten(() => undefined);
  });

  test('of a stream without any reference are closed, even if its signal lives on', async () => {
    const { signal } = new AbortController();
    await assertForgotten(({ body }) => body?.getReader().read(), signal);
    await assertForgotten((answer) => void answer.clone(), signal);
    // The listeners are gone.
    for (let count = 0; count < 1000 && getEventListeners(signal, 'abort').length > 0; count++) {
      collectGarbage();
      await turn();
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});
