import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startScriptedServer } from './scripted-server.ts';
import { startBesideStalled, startStalledListener } from './stalled-listener.ts';

test('a stalled listener says at once that its port is taken', () => {
  using taken = startStalledListener();
  assert.throws(() => startStalledListener(taken.port), { code: 'EADDRINUSE' });
});

test('a server beside a stalled listener starts again if the port is taken at 127.0.0.1', () => {
  using taken = startStalledListener();
  const ports: number[] = [];
  const stopped: number[] = [];
  using both = startBesideStalled(() => {
    const server = startScriptedServer([], { host: '127.0.0.2' });
    const port = ports.length === 0 ? taken.port : server.port;
    ports.push(port);
    return {
      port,
      stop() {
        stopped.push(port);
        server.stop();
      },
    };
  });
  assert.deepEqual([ports.length, ports[1], stopped], [2, both.port, [taken.port]]);
});
