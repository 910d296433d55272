/** Bytes are collected in memory that is little more than they are, whatever is announced or allowed. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GrowingBuffer } from '../../src/client/growing-buffer.ts';
import { runProgram } from '../support/run-program.ts';
import { end, expectHead, loop, type Script, send, startScriptedServer } from '../support/scripted-server.ts';

const MIB = 2 ** 20;

/** Writes all of `source`, as much at a time as there is room for, but no more than `most` bytes. */
function fill(buffer: GrowingBuffer, source: Buffer, most: number): void {
  for (let at = 0; at < source.length; ) {
    const count = Math.min(buffer.makeRoom(), most, source.length - at);
    assert.ok(count > 0);
    source.copy(buffer.bytes, buffer.end, at, at + count);
    buffer.end += count;
    at += count;
  }
}

describe('a growing buffer', () => {
  const source = Buffer.alloc(20 * MIB, 'abcdefghijk');
  const cases: readonly [name: string, length: number | undefined, limit: number][] = [
    ['of a known length', source.length, 2 ** 30],
    ['of an unknown length', undefined, source.length],
    ['of an unknown length, far from its limit', undefined, 2 ** 30],
    ['with a limit beyond all memory', undefined, Number.POSITIVE_INFINITY],
  ];
  for (const [name, length, limit] of cases) {
    test(`${name} holds what was written to it`, () => {
      const buffer = new GrowingBuffer(length, limit);
      fill(buffer, source, 100_000);
      assert.ok(buffer.from(0).equals(source));
      assert.ok(buffer.from(5).equals(source.subarray(5)));
    });
  }

  test('allocates little for a length that is merely announced', () => {
    assert.ok(new GrowingBuffer(2 ** 40, 2 ** 40).bytes.length <= MIB);
    assert.ok(new GrowingBuffer(undefined, 2 ** 40).bytes.length <= MIB);
    assert.equal(new GrowingBuffer(10, 2 ** 40).bytes.length, 10);
  });

  test('has room for one byte above its limit, by which a larger content is known', () => {
    const buffer = new GrowingBuffer(undefined, 10);
    assert.equal(buffer.makeRoom(), 11);
  });

  test('hands out no memory much larger than what is in it', () => {
    const buffer = new GrowingBuffer(undefined, 2 ** 30);
    fill(buffer, source.subarray(0, 100), 100);
    // A buffer of Node's pool holds others as well, but no more of this one.
    assert.notEqual(buffer.from(0).buffer, buffer.bytes.buffer);
  });
});

const LIMIT = 96 * MIB;
const part = Buffer.alloc(MIB);
const sent = (head: string, step: Script): Script => [
  expectHead(),
  send(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`),
  ...step,
];
const framings: Record<string, Script> = {
  'a known length': sent(`Content-Length: ${LIMIT}`, [loop(LIMIT / MIB, [send(part)])]),
  chunks: sent('Transfer-Encoding: chunked', [
    loop(LIMIT / MIB, [send(`${MIB.toString(16)}\r\n`), send(part), send('\r\n')]),
    send('0\r\n\r\n'),
  ]),
  'the end of the connection': sent('Connection: close', [loop(LIMIT / MIB, [send(part)]), end()]),
};

describe('a body as large as the limit takes the memory of one buffer of that size', () => {
  for (const [framing, script] of Object.entries(framings)) {
    for (const reader of ['readAll', 'fetchSync']) {
      test(`(${reader}, delimited by ${framing})`, async () => {
        using server = startScriptedServer([script]);
        const args = [reader, String(server.port), String(LIMIT)];
        const { status, stdout, stderr } = await runProgram('test/client/body-memory-program.ts', args);
        assert.equal(status, 0, stderr);
        const { length, grown } = JSON.parse(String(stdout));
        assert.equal(length, LIMIT);
        assert.ok(grown < 1.4 * LIMIT, `${Math.round(grown / MIB)} MiB for ${LIMIT / MIB} MiB`);
      });
    }
  }
});
