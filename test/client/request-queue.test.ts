/** Whole requests that wait for each other on one connection: `request()`. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HTTPConnection } from '../../src/index.ts';
import { documentAt, startPipelineServer, summary } from '../support/pipeline-server.ts';

const PATHS = Array.from({ length: 120 }, (_, index) => `/d${index}/${100 + index * 37}`);

describe('request()', () => {
  test('many at once resolve in order, over one connection', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    const order: string[] = [];
    const all = await Promise.all(
      PATHS.map(async (path) => {
        const { response, body } = await connection.promises.request('GET', path);
        order.push(path);
        assert.equal(response.path, path);
        return body.toString('latin1');
      }),
    );
    assert.deepEqual(all, PATHS.map(documentAt));
    assert.deepEqual(order, PATHS);
    const { connections, deepest } = summary(server.seen());
    assert.equal(connections, 1);
    assert.ok(deepest > 1);
  });

  test('blocks, and goes on after a connection that was closed', () => {
    using server = startPipelineServer({ closeAfter: 2 });
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    const bodies = PATHS.slice(0, 9).map((path) => connection.request('GET', path).body.toString('latin1'));
    assert.deepEqual(bodies, PATHS.slice(0, 9).map(documentAt));
  });

  test('that is aborted, waiting or in flight, leaves the others as they are', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    const aborts = PATHS.map(() => new AbortController());
    const settled = Promise.allSettled(
      PATHS.map((path, index) => connection.promises.request('GET', path, { signal: aborts[index]?.signal })),
    );
    for (const index of [0, 3, 50, 119]) aborts[index]?.abort(new Error(`aborted ${index}`));
    for (const [index, result] of (await settled).entries()) {
      if ([0, 3, 50, 119].includes(index)) assert.equal(result.status, 'rejected');
      else
        assert.equal(
          result.status === 'fulfilled' && result.value.body.toString('latin1'),
          documentAt(PATHS[index] ?? ''),
        );
    }
  });

  test('that is aborted while the third of five waits leaves the other four complete', async () => {
    using server = startPipelineServer({ holds: true });
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    const abort = new AbortController();
    const paths = PATHS.slice(0, 5);
    const settled = Promise.allSettled(
      paths.map((path, index) =>
        connection.promises.request('GET', path, { signal: index === 2 ? abort.signal : undefined }),
      ),
    );
    abort.abort(new Error('third'));
    server.change({});
    const bodies = (await settled).map((each) =>
      each.status === 'fulfilled' ? each.value.body.toString() : 'rejected',
    );
    assert.deepEqual(
      bodies,
      paths.map((path, index) => (index === 2 ? 'rejected' : documentAt(path))),
    );
    assert.deepEqual(connection.pendingRequests(), []);
  });

  test('that is aborted while it drops the body of another one leaves all others their own responses', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    await connection.promises.request('GET', '/warm/10');
    server.change({ holds: true });
    const aborts = [0, 1, 2, 3].map(() => new AbortController());
    const paths = ['/part/1', '/b/20', '/c/30', '/d/40'];
    const requests = paths.map((path, index) =>
      connection.promises.request('GET', path, { signal: aborts[index]?.signal }),
    );
    const settled = Promise.allSettled(requests);
    await server.sawAsync(5);
    aborts[0]?.abort(new Error('first'));
    // Now come the head, and a part of the body.
    server.change({});
    // The second one receives now, what is left of the first.
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    aborts[1]?.abort(new Error('second'));
    server.change({});
    const [first, second, third, fourth] = await settled;
    assert.deepEqual([first?.status, second?.status], ['rejected', 'rejected']);
    for (const [each, path] of [
      [third, '/c/30'],
      [fourth, '/d/40'],
    ] as const) {
      assert.equal(each?.status === 'fulfilled' && each.value.body.toString(), documentAt(path));
    }
  });

  test('in flight fails for all after disconnect(), and the next one connects again', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    await connection.promises.request('GET', '/first/10');
    const settled = Promise.allSettled(PATHS.map((path) => connection.promises.request('GET', path)));
    connection.disconnect();
    for (const { status } of await settled) assert.ok(status === 'rejected' || status === 'fulfilled');
    assert.equal((await connection.promises.request('GET', '/after/10')).body.length, 10);
  });

  test('that was given up is forgotten after disconnect(), whichever way waits', async () => {
    using server = startPipelineServer();
    for (const count of [1, 2]) {
      using connection = new HTTPConnection('127.0.0.1', { port: server.port });
      const { promises } = connection;
      await promises.request('GET', '/warm/10');
      const seen = server.seen().length;
      server.change({ holds: true });
      const aborts = [new AbortController(), new AbortController()].slice(0, count);
      const settled = Promise.allSettled(
        aborts.map(({ signal }, index) => promises.request('GET', `/${index}/10`, { signal })),
      );
      await server.sawAsync(seen + count);
      for (const each of aborts) each.abort(new Error('given up'));
      await settled;
      server.change({});
      connection.disconnect();
      const { body } = count === 1 ? connection.request('GET', '/next/20') : await promises.request('GET', '/next/20');
      assert.equal(body.toString('latin1'), documentAt('/next/20'));
    }
  });

  test('is refused while a response to sendRequest() is to be read', async () => {
    using server = startPipelineServer();
    using connection = new HTTPConnection('127.0.0.1', { port: server.port });
    connection.sendRequest('GET', '/a/10');
    assert.throws(() => connection.request('GET', '/b/10'), { name: 'StateError' });
    connection.readResponse();
    connection.readAll();
    assert.equal(connection.request('GET', '/b/10').body.length, 10);
  });
});
