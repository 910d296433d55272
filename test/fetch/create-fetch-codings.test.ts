/** Content codings through createFetch: what is asked for, and what callers get in each way of reading. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { InvalidResponse, UnsupportedResponse } from '../../src/errors.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { response } from '../support/messages.ts';
import { expectEnd, expectHead, gate, loop, send, startScriptedServer } from '../support/scripted-server.ts';

const TEXT = 'a text that is sent encoded\n';

function encoded(body: Buffer, coding = 'gzip', status = '200 OK'): Buffer {
  const head = response(status, [`Content-Encoding: ${coding}`, `Content-Length: ${body.length}`]);
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

const readings: Record<string, (answer: Response) => Promise<string>> = {
  text: (answer) => answer.text(),
  bytes: async (answer) => Buffer.from(await answer.arrayBuffer()).toString(),
  blob: async (answer) => (await answer.blob()).text(),
  stream: async (answer) => {
    const parts: Uint8Array[] = [];
    for await (const part of answer.body ?? []) parts.push(part);
    return Buffer.concat(parts).toString();
  },
  clone: async (answer) => {
    const clone = answer.clone();
    assert.equal(await answer.text(), await clone.text());
    return TEXT;
  },
};

describe('an encoded body', () => {
  const codings: Record<string, (bytes: Buffer) => Buffer> = {
    gzip: zlib.gzipSync,
    deflate: zlib.deflateSync,
    br: zlib.brotliCompressSync,
    'br, gzip': (bytes) => zlib.gzipSync(zlib.brotliCompressSync(bytes)),
  };
  for (const [coding, encode] of Object.entries(codings)) {
    test(`of ${coding} is decoded in each way of reading, and no other memory is lost by that`, async () => {
      const answer = encoded(encode(Buffer.from(TEXT)), coding);
      using server = startScriptedServer([[loop(10, [expectHead(), send(answer)])]]);
      const fetch = createFetch(direct);
      for (const [name, read] of Object.entries(readings)) {
        const fetched = await fetch(`http://${server.authority}/`);
        assert.equal(fetched.headers.get('Content-Encoding'), coding);
        assert.equal(await read(fetched), TEXT, name);
        // The memory that all small Buffers share.
        assert.equal(Buffer.from(TEXT, 'latin1').toString('latin1'), TEXT, name);
      }
    });
  }

  test('that is large is decoded, whole and as it comes', async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `line ${index * 7919}\n`).join('');
    using server = startScriptedServer([[loop(2, [expectHead(), send(encoded(zlib.gzipSync(text)))])]]);
    const fetch = createFetch(direct);
    for (const read of [readings.text, readings.stream]) {
      assert.ok((await read?.(await fetch(`http://${server.authority}/`))) === text);
    }
  });

  test('is given as far as the server has flushed it', async () => {
    const flushed = zlib.gzipSync('event: 1\n\n', { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    const head = response('200 OK', ['Content-Encoding: gzip', 'Content-Length: 1000']);
    using server = startScriptedServer([[expectHead(), send(head), send(flushed), gate('never')]]);
    const reader = (await createFetch(direct)(`http://${server.authority}/`)).body?.getReader();
    let text = '';
    while (text.length < 10) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    assert.equal(text, 'event: 1\n\n');
    await reader?.cancel();
  });

  const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(70 << 20)));
  for (const [name, bytes, coding, expected] of [
    ['cut', zlib.gzipSync(TEXT).subarray(0, -9), 'gzip', InvalidResponse],
    ['corrupt', Buffer.from('no gzip at all'), 'gzip', InvalidResponse],
    ['a bomb', bomb, 'gzip, gzip', UnsupportedResponse],
  ] as const) {
    test(`that is ${name} is an error that says the way out, in each way of reading`, async () => {
      using server = startScriptedServer(
        Array.from({ length: 5 }, () => [loop(5, [expectHead(), send(encoded(bytes, coding))])]),
      );
      const fetch = createFetch(direct);
      for (const read of Object.values(readings)) {
        const answer = await fetch(`http://${server.authority}/x`);
        await assert.rejects(read(answer), ({ name, message, cause }: Error) => {
          assert.deepEqual([name, message, cause instanceof expected], ['TypeError', 'terminated', true]);
          assert.match((cause as Error).message, /^GET http.*\/x: .*decompress: false/);
          return true;
        });
      }
    });
  }

  test('of a coding that is unknown, or of one that is not to be undone, is left as it came', async () => {
    const gzip = zlib.gzipSync(TEXT);
    using server = startScriptedServer([
      [expectHead(), send(encoded(gzip, 'gzip')), expectEnd()],
      [expectHead(), send(encoded(gzip, 'pack200-gzip')), expectEnd()],
    ]);
    const plain = createFetch({ ...direct, decompress: false });
    assert.deepEqual(Buffer.from(await (await plain(`http://${server.authority}/`)).arrayBuffer()), gzip);
    plain.closeIdleConnections();
    const fetch = createFetch(direct);
    assert.deepEqual(Buffer.from(await (await fetch(`http://${server.authority}/`)).arrayBuffer()), gzip);
    fetch.closeIdleConnections();
    server.check();
    assert.match(server.heads()[0] ?? '', /accept-encoding: identity\r/i);
    assert.match(server.heads(1)[0] ?? '', /accept-encoding: gzip, deflate, br/i);
  });

  test('of too many codings is refused, and its connection closed', async () => {
    const six = Array(6).fill('gzip').join(', ');
    using server = startScriptedServer([[expectHead(), send(encoded(Buffer.from('x'), six)), expectEnd()]]);
    await assert.rejects(createFetch(direct)(`http://${server.authority}/`), ({ cause }: Error) => {
      assert.ok(cause instanceof UnsupportedResponse);
      return true;
    });
    server.check();
  });

  test('is none where there is no body', async () => {
    const six = `Content-Encoding: ${Array(6).fill('gzip').join(', ')}`;
    using server = startScriptedServer([
      [
        expectHead(),
        send(response('200 OK', [six, 'Content-Length: 9'])),
        expectHead(),
        send(response('304 Not Modified', [six])),
      ],
    ]);
    const fetch = createFetch(direct);
    assert.equal((await fetch(`http://${server.authority}/`, { method: 'HEAD' })).body, null);
    assert.equal((await fetch(`http://${server.authority}/`)).status, 304);
  });
});
