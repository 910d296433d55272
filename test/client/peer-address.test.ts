/** Where a connection leads, and since when. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { HTTPConnection } from 'dugong';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { ok } from '../support/messages.ts';
import { expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
after(() => rmSync(folder, { recursive: true }));

function view({ remoteAddress, remotePort }: HTTPConnection): unknown[] {
  return [remoteAddress, remotePort];
}

function phases({ connectSteps }: HTTPConnection): string[] {
  for (const { phase, duration } of connectSteps) assert.ok(duration >= 0 && duration < 60_000, phase);
  return connectSteps.map(({ phase }) => phase);
}

describe('a connection says where it leads', () => {
  test('as long as it is there, and when it was made', () => {
    const script = [expectHead(), send(ok('x')), expectEnd()];
    using server = startScriptedServer([script, script]);
    const lookup = (): string[] => ['127.0.0.1'];
    using connection = new HTTPConnection('server.example', { port: server.port, lookup });
    assert.deepEqual([...view(connection), connection.connectedAt], [undefined, undefined, undefined]);
    let before = performance.now();
    for (const _ of ['first', 'second']) {
      connection.sendRequest('GET', '/');
      const { connectedAt = 0 } = connection;
      // The two clocks are not read at once.
      assert.ok(connectedAt > before - 1 && connectedAt < performance.now() + 1);
      assert.deepEqual(view(connection), ['127.0.0.1', server.port]);
      assert.deepEqual(phases(connection), ['resolve', 'connect']);
      connection.readResponse();
      connection.discard();
      assert.equal(connection.connectedAt, connectedAt);
      before = performance.now();
      connection.disconnect();
      assert.deepEqual([...view(connection), connection.connectedAt], [undefined, undefined, undefined]);
      assert.deepEqual(phases(connection), []);
    }
  });

  test('with IPv6', () => {
    using server = startScriptedServer([[expectEnd()]], { host: '::1' });
    using connection = new HTTPConnection('::1', { port: server.port });
    connection.connect();
    assert.deepEqual(view(connection), ['::1', server.port]);
  });

  test('which is the proxy, if there is one', () => {
    using proxy = startScriptedServer([[expectEnd()]]);
    const { hostname, port } = proxy;
    using connection = new HTTPConnection('server.invalid', { port: 9, proxy: { hostname, port } });
    connection.connect();
    assert.deepEqual(view(connection), [hostname, port]);
  });

  test('through TLS', { skip: opensslMissing() }, () => {
    const trust = new TestTrust();
    using server = trust.serve([[expectEnd()]]);
    using connection = trust.connectTo(server);
    connection.connect();
    assert.deepEqual(phases(connection), ['resolve', 'connect', 'handshake']);
    assert.deepEqual(view(connection), ['127.0.0.1', server.front.port]);
  });

  test('but a Unix socket has no address', () => {
    const socketPath = join(folder, 'socket');
    using _ = startScriptedServer([[expectEnd()]], { socketPath });
    using connection = new HTTPConnection('localhost', { socketPath });
    connection.connect();
    assert.deepEqual(view(connection), [undefined, undefined]);
    assert.ok(connection.connectedAt !== undefined);
  });
});
