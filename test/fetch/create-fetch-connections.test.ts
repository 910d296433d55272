/** Which connection an exchange of createFetch gets, and what becomes of it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { native } from '../../src/io/native.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { chunkedResponse, ok } from '../support/messages.ts';
import {
  close,
  expectBytes,
  expectEnd,
  expectHead,
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
    const script = [loop(10, [expectHead(), send(ok('x'))])];
    using server = startScriptedServer([script, script]);
    const fetch = createFetch({ ...direct, maxConnectionsPerOrigin: 2 });
    const url = `http://${server.authority}/`;
    const controller = new AbortController();
    const [first, second] = [await fetch(url), await fetch(url)];
    const aborted = fetch(url, { signal: controller.signal });
    const waiting = Array.from({ length: 5 }, async () => (await fetch(url)).text());
    await turn();
    controller.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    assert.deepEqual(await Promise.all([first.text(), second.text(), ...waiting]), Array(7).fill('x'));
    assert.equal(server.connections(), 2);
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

  test('may lead to a Unix socket', async () => {
    const socketPath = `/tmp/dugong-fetch-${process.pid}.sock`;
    using server = startScriptedServer([[expectHead(), send(ok('x'))]], { socketPath });
    const fetch = createFetch({ connection: { socketPath } });
    assert.equal(await (await fetch('http://docker/info')).text(), 'x');
    assert.match(server.heads()[0] ?? '', /^GET \/info HTTP\/1\.1\r\nHost: docker\r\n/);
  });

  test('of a body that nobody holds any more are closed', async () => {
    using server = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'), expectEnd(), mark('closed')],
    ]);
    await createFetch(direct)(`http://${server.authority}/`);
    const closed = server.reached('closed');
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    for (let count = 0; count < 1000 && !isClosed; count++) {
      collectGarbage();
      await turn();
    }
    await closed;
  });
});
