import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyAssembly } from '../../src/client/body-assembly.ts';
import { UnsupportedResponse } from '../../src/errors.ts';
import { type BodyDecoder, CloseDelimitedDecoder, LengthDecoder } from '../../src/http1/body-decoder.ts';

/** Puts `text` at the end, as a receiver does. */
function add(assembly: BodyAssembly, text: string): void {
  for (const byte of Buffer.from(text)) {
    assert.ok(assembly.makeRoom() >= 1);
    assembly.bytes[assembly.end] = byte;
    assembly.added(1);
  }
}

function complete(): BodyDecoder {
  const body = new LengthDecoder(0);
  assert.ok(body.complete);
  return body;
}

describe('a body that is collected', () => {
  test('is given as a whole', () => {
    const assembly = new BodyAssembly(new LengthDecoder(5), 100);
    assert.equal(assembly.length, 0);
    add(assembly, '123');
    add(assembly, '45');
    assert.deepEqual([assembly.length, assembly.whole().toString()], [5, '12345']);
  });

  test('can be taken in parts first; the whole is what is left', () => {
    const assembly = new BodyAssembly(new CloseDelimitedDecoder(), 100);
    add(assembly, '12345');
    const target = Buffer.from('......');
    assert.equal(assembly.take(target, 1, 2), 2);
    assert.deepEqual([target.toString(), assembly.length], ['.12...', 3]);
    add(assembly, '6');
    assert.equal(assembly.whole().toString(), '3456');
    assert.equal(assembly.take(target, 0, 100), 4);
    assert.deepEqual([assembly.take(target, 0, 1), assembly.length], [0, 0]);
  });

  test('takes no memory by its announced length', () => {
    const assembly = new BodyAssembly(new LengthDecoder(2 ** 40), 2 ** 40);
    assert.ok(assembly.bytes.length <= 2 ** 20);
  });

  test('has room for one byte more than the limit, which shows that it is exceeded, at each call', () => {
    const assembly = new BodyAssembly(new CloseDelimitedDecoder(), 3);
    add(assembly, '123');
    assert.equal(assembly.makeRoom(), 1);
    const message = /larger than limits\.bodyInMemory \(3 bytes\): read it in parts, or raise the limit/;
    for (const call of [() => assembly.added(1), () => assembly.makeRoom(), () => assembly.makeRoom()]) {
      assert.throws(call, { constructor: UnsupportedResponse, message });
    }
    assert.equal(assembly.take(Buffer.alloc(9), 0, 9), 4);
  });

  test('may exceed the limit by that byte if it is complete: nothing is left to read in parts', () => {
    const assembly = new BodyAssembly(complete(), 0);
    assembly.added(1);
    assert.equal(assembly.length, 1);
  });
});
