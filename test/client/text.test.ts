import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dummyBytes } from '../support/dummy-server.ts';
import { chunkedResponse, ok } from '../support/messages.ts';
import { expectHead, gate, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo, suspendForGood, waysOfWaiting } from '../support/waiting.ts';

const bytes = (...values: number[]): Buffer => Buffer.from(values);

describe('readText()', () => {
  const high = bytes(...Array.from({ length: 0x20 }, (_, index) => 0x80 + index));
  const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
  const cases: readonly [contentType: string | undefined, body: Buffer, text: string][] = [
    [undefined, dummyBytes(512), dummyBytes(512).toString()],
    [undefined, bytes(0xe2, 0x82, 0xac), '€'],
    ['text/plain', bytes(0xef, 0xbb, 0xbf, 0xc3, 0xa4), 'ä'],
    ['text/plain; charset=utf-8', bytes(0xff, 0x41), '\ufffdA'],
    ['text/plain; charset=UTF-8; x=y', bytes(0xc3, 0xa4, 0xc3), 'ä\ufffd'],
    ['text/html;charset="iso-8859-15"', bytes(0xa4), '€'],
    ['text/plain; charset=latin1', high, windows1252],
    ['text/plain; Charset = "windows-1252"', high, windows1252],
    ['text/plain; x="; charset=nonsense"; charset=utf-8', bytes(0xc3, 0xa4), 'ä'],
    ['text/plain; charset="utf\\-8"', bytes(0xc3, 0xa4), 'ä'],
    ['text/plain; charset=utf-16le', Buffer.from('aä€', 'utf16le'), 'aä€'],
    ['text/plain; charset=shift_jis', bytes(0x82, 0xa0), 'あ'],
    ['application/json; notcharset=utf-16le', bytes(0x7b, 0x7d), '{}'],
    ['text/plain; charset=', bytes(0xc3, 0xa4), 'ä'],
    ['text/plain; charset=""', bytes(0xc3, 0xa4), 'ä'],
    ['text/html; charset=utf-8, text/html; charset=utf-8', bytes(0xc3, 0xa4), 'ä'],
    ['text/html; charset=latin1\r\nContent-Type: text/plain; charset=utf-8', bytes(0xe4), 'ä'],
    ['text/html\r\nContent-Type: text/plain; charset=latin1', bytes(0xe4), 'ä'],
    ['text/html; charset=LATIN1\r\nContent-Type: text/javascript', bytes(0xe4), 'ä'],
    ['text/html; charset=latin1,charset=utf-8', bytes(0xe4), 'ä'],
    ['text/html; charset=, text/html; charset=" latin1 "', bytes(0xe4), 'ä'],
    ['text/html; charset=x-nonsense, text/html; charset=latin1', bytes(0xe4), 'ä'],
    // A byte order mark counts for more (Encoding Standard 6).
    ['text/plain; charset=latin1', bytes(0xef, 0xbb, 0xbf, 0xc3, 0xa4), 'ä'],
    ['text/plain; charset=utf-8', bytes(0xff, 0xfe, 0xe4, 0x00), 'ä'],
    ['text/plain; charset=utf-16le', bytes(0xfe, 0xff, 0x00, 0xe4), 'ä'],
    [undefined, bytes(0xfe, 0xff, 0x00, 0xe4), 'ä'],
    ['text/plain; charset=utf-16', bytes(0xfe, 0xff), ''],
    ['text/plain', bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf), '\ufeff'],
    ['text/plain; charset=latin1', bytes(0xfe), 'þ'],
    ['text/plain; charset=latin1', bytes(0xef, 0xbb), 'ï»'],
  ];
  for (const [contentType, body, text] of cases) {
    test(`decodes ${JSON.stringify(contentType ?? 'no Content-Type')}, ${body.subarray(0, 6).toString('hex')} [RFC 9110 8.3]`, () => {
      const fields = contentType === undefined ? [] : [`Content-Type: ${contentType}`];
      using server = startScriptedServer([[expectHead(), send(ok(body, ...fields), { chunk: 7 })]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      connection.readResponse();
      assert.equal(connection.readText(), text);
      assert.equal(connection.readText(), '');
      assert.equal(connection.responsePending(), false);
    });
  }

  for (const { name, run } of waysOfWaiting) {
    test(`refuses an unknown charset before anything is read: the bytes can still be had (${name})`, async () => {
      const fields = ['Content-Type: text/plain; charset=x-nonsense'];
      using server = startScriptedServer([[expectHead(), send(ok('body', ...fields)), expectHead(), send(ok('next'))]]);
      using connection = connectionTo(server);
      await run(connection.coSendRequest('GET', '/'));
      await run(connection.coReadResponse());
      await assert.rejects(async () => run(connection.coReadText()), {
        name: 'UnsupportedResponse',
        code: 'DUGONG_UNSUPPORTED_RESPONSE',
        message: /"x-nonsense"/,
      });
      assert.equal((await run(connection.coReadAll())).toString(), 'body');
      await run(connection.coSendRequest('GET', '/'));
      await run(connection.coReadResponse());
      assert.equal(await run(connection.coReadText()), 'next');
    });
  }

  test('decodes characters that are split between chunks and segments', () => {
    const text = 'aä€😀'.repeat(100);
    const encoded = Buffer.from(text);
    const chunks = Array.from({ length: Math.ceil(encoded.length / 3) }, (_, index) =>
      encoded.subarray(index * 3, index * 3 + 3),
    );
    using server = startScriptedServer([[expectHead(), send(chunkedResponse(chunks), { chunk: 5 })]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), text);
  });

  test('finds a byte order mark that comes byte by byte', () => {
    const chunks = [0xff, 0xfe, 0xac, 0x20].map((byte) => bytes(byte));
    using server = startScriptedServer([[expectHead(), send(chunkedResponse(chunks), { chunk: 1 })]]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    assert.equal(connection.readText(), '€');
  });

  test('that is interrupted gives the whole text to the next call', () => {
    const encoded = ok(Buffer.from('ä€ä€'));
    using server = startScriptedServer([
      [expectHead(), send(encoded.slice(0, -6)), gate('rest'), send(encoded.slice(-6))],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    connection.readResponse();
    const reader = connection.coReadText();
    suspendForGood(reader);
    assert.throws(() => reader.throw(new Error('enough')), /enough/);
    server.open('rest');
    assert.equal(connection.readText(), 'ä€ä€');
  });
});
