/** Bodies that createFetch sends: in pieces, large ones, and those that are refused. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { native } from '../../src/io/native.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { ok, response } from '../support/messages.ts';
import {
  expectAnything,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { slowStream } from '../support/slow-stream.ts';
import { MORE_THAN_EVER_FITS, MORE_THAN_FITS } from '../support/socket-capacity.ts';

describe('a request body of createFetch', () => {
  test('that is large is sent while the server’s answer is read', async () => {
    const size = MORE_THAN_FITS;
    using server = startScriptedServer([
      [
        ...[expectHead(), send(`HTTP/1.1 200 OK\r\nContent-Length: ${size + 1}\r\n\r\n`), send(new Uint8Array(size))],
        ...[expectBytes(size), send('.'), expectHead(), send(ok('next'))],
      ],
    ]);
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    const answer = await fetch(url, { method: 'POST', body: new Uint8Array(size) });
    assert.equal((await answer.arrayBuffer()).byteLength, size + 1);
    assert.equal(await (await fetch(url)).text(), 'next');
    server.check();
  });

  test('that is large is not sent on when the answer has been read', async () => {
    using server = startScriptedServer([
      [
        expectHead(),
        stopReading(),
        send(response('413 Too Large', ['Content-Length: 2'], 'no')),
        gate('go'),
        expectAnything(),
      ],
    ]);
    const before = native.counts();
    const body = new Uint8Array(2 * MORE_THAN_FITS);
    const answer = await createFetch(direct)(`http://${server.authority}/`, { method: 'POST', body });
    assert.deepEqual([answer.status, await answer.text()], [413, 'no']);
    assert.deepEqual(native.counts(), before);
    server.open('go');
  });

  const refusing = [
    expectHead(),
    stopReading(),
    send(response('413 Too Large', ['Content-Length: 2'], 'no')),
    gate('go'),
  ];

  for (const [name, make] of [
    ['an iterable', () => Array.from({ length: 64 }, () => new Uint8Array(MORE_THAN_FITS / 32))],
    ['a ReadableStream', () => new Blob([new Uint8Array(2 * MORE_THAN_FITS)]).stream()],
    ['a Blob', () => new Blob([new Uint8Array(2 * MORE_THAN_FITS)])],
  ] as const) {
    test(`that comes in pieces (${name}) is not sent on when it is refused [RFC 9112 9.5]`, async () => {
      using server = startScriptedServer([refusing]);
      const before = native.counts();
      const answer = await createFetch(direct)(`http://${server.authority}/`, { method: 'POST', body: make() });
      assert.deepEqual([answer.status, await answer.text()], [413, 'no']);
      await turn();
      assert.deepEqual(native.counts(), before);
    });
  }

  test('whose source gives nothing more does not keep a refusal from being given', async () => {
    using server = startScriptedServer([refusing]);
    const before = native.counts();
    const { stream, cancelled } = slowStream();
    const answer = await createFetch(direct)(`http://${server.authority}/`, { method: 'POST', body: stream });
    assert.deepEqual([answer.status, await answer.text()], [413, 'no']);
    await turn();
    assert.notEqual(cancelled(), undefined);
    assert.deepEqual(native.counts(), before);
  });

  test('that comes in pieces is sent while the answer is read', async () => {
    using server = startDummyServer();
    const part = Buffer.alloc(1 << 16, 'abc');
    const body = Array.from({ length: 3 * Math.ceil(MORE_THAN_EVER_FITS / part.length) }, () => part);
    const answer = await createFetch(direct)(`http://${server.authority}/stream`, { method: 'POST', body });
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), Buffer.concat(body));
  });

  test('whose source fails ends the fetch with its error, and the connection', async () => {
    using server = startScriptedServer([[expectHead(), expectBytes(6), expectEnd()]]);
    async function* failing(): AsyncGenerator<string> {
      yield 'x';
      await turn();
      throw new RangeError('no more');
    }
    await assert.rejects(
      createFetch(direct)(`http://${server.authority}/`, { method: 'POST', body: failing() }),
      ({ cause }: Error) => (cause as Error).message === 'no more',
    );
    server.check();
  });
});
