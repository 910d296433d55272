/**
 * Sends megabytes to a server, and receives some, over TLS and over TLS inside TLS, in all versions. Says what was wrong; prints
 * nothing if all is right.
 *
 *     tls-fickle-socket-program.ts CA-FILE SERVER-PORT PROXY-PORT
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Coroutine } from '../../src/coroutine.ts';
import { coConnect } from '../../src/io/tcp.ts';
import { coHandshake, type TLSTransport } from '../../src/io/tls.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import type { TLSVersion } from '../../src/io/tls-options.ts';
import { blocking, coReceive, coSecure, coSendAll } from './tls-support.ts';

const [caFile = '', ...ports] = process.argv.slice(2);
const ca = readFileSync(caFile, 'latin1');
const [server = 0, proxy = 0] = ports.map(Number);
const VERSIONS: readonly TLSVersion[] = ['TLSv1.2', 'TLSv1.3'];
const SIZE = 1_000_000;

function* coInside(outer: TLSVersion, inner: TLSVersion): Coroutine<TLSTransport> {
  const socket = yield* coConnect(['127.0.0.1'], proxy);
  const below = yield* coHandshake(socket, new TLSContext({ ca, maxVersion: outer }), { hostname: 'localhost' });
  return yield* coHandshake(below, new TLSContext({ ca, maxVersion: inner }), { hostname: 'localhost' });
}

function* coExchange(coOpen: () => Coroutine<TLSTransport>): Coroutine<void> {
  const up = yield* coOpen();
  yield* coSendAll(up, `count ${SIZE}\n`);
  yield* coSendAll(up, Buffer.alloc(SIZE));
  assert.equal((yield* coReceive(up, 7)).bytes.toString(), 'counted');
  up.close();
  const down = yield* coOpen();
  yield* coSendAll(down, `finish ${SIZE}\n`);
  const { bytes, result } = yield* coReceive(down);
  assert.equal(result, 0);
  assert.ok(bytes.equals(Buffer.alloc(SIZE, 'dugong ')));
  down.close();
}

for (const version of VERSIONS) {
  blocking(coExchange(() => coSecure(server, { ca, maxVersion: version })));
  for (const inner of VERSIONS) blocking(coExchange(() => coInside(version, inner)));
}
