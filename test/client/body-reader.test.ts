import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyReader, type ResponseInput } from '../../src/client/body-reader.ts';
import { type Coroutine, waitFor } from '../../src/coroutine.ts';
import { StateError, UnsupportedResponse } from '../../src/errors.ts';
import {
  type BodyDecoder,
  ChunkedDecoder,
  CloseDelimitedDecoder,
  LengthDecoder,
} from '../../src/http1/body-decoder.ts';
import { DEFAULT_LIMITS } from '../../src/http1/limits.ts';
import { ReceiveBuffer } from '../../src/http1/receive-buffer.ts';
import { UNTIL_NOTIFIED } from '../../src/schedule/wait-list.ts';
import { suspend } from '../support/waiting.ts';

const LIMIT = 100;

/** Bytes that arrive when the test says so. */
class Source implements ResponseInput {
  closed = false;
  readonly #input = new ReceiveBuffer(8);
  #ended = false;

  arrive(text: string): this {
    this.#input.push(Buffer.from(text, 'latin1'));
    return this;
  }

  end(body?: BodyDecoder): void {
    this.#ended = true;
    body?.end();
  }

  get buffered(): number {
    return this.#input.length;
  }

  receiveBody(body: BodyDecoder, ...where: [Uint8Array | undefined, number, number]): number | undefined {
    if (this.closed) throw new StateError('closed');
    if (body.complete) return 0;
    const count = body.decode(this.#input, ...where);
    if (count > 0 || body.complete || where[2] === 0) return count;
    if (this.#ended) throw new Error('cut short');
    return undefined;
  }

  hasMore(body: BodyDecoder): boolean {
    return body.more(this.#input);
  }

  *coInput(): Coroutine<void> {
    yield* waitFor(UNTIL_NOTIFIED);
  }
}

function reading(limit = LIMIT): { source: Source; reader: BodyReader } {
  const source = new Source();
  return { source, reader: new BodyReader(source, limit) };
}

/** What a coroutine that need not wait returns. */
function result<T>(coroutine: Coroutine<T>): T {
  const step = coroutine.next();
  assert.ok(step.done, 'the coroutine waits');
  return step.value;
}

const chunked = (): BodyDecoder => new ChunkedDecoder(DEFAULT_LIMITS);

describe('a read into memory', () => {
  test('gives what is there, at its offset and no more than asked for; then 0', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(5);
    source.arrive('12345of the next');
    const target = Buffer.from('........');
    assert.equal(result(reader.coReadInto(body, target, 2, 3)), 3);
    assert.equal(target.toString(), '..123...');
    assert.equal(result(reader.coReadInto(body, target, 0, 8)), 2);
    assert.equal(result(reader.coReadInto(body, target, 0, 8)), 0);
    assert.equal(source.buffered, 'of the next'.length);
  });

  test('waits until there is something', () => {
    const { source, reader } = reading();
    const target = Buffer.alloc(3);
    const coroutine = reader.coReadInto(new LengthDecoder(3), target, 0, 3);
    suspend(coroutine);
    suspend(coroutine);
    source.arrive('12');
    assert.equal(result(coroutine), 2);
  });

  test('drops the bytes if there is no memory', () => {
    const { source, reader } = reading();
    source.arrive('123');
    assert.equal(result(reader.coReadInto(new LengthDecoder(3), undefined, 0, Number.MAX_SAFE_INTEGER)), 3);
  });

  test('into memory that shrinks during the wait is a RangeError, and takes no byte', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(3);
    const target = new Uint8Array(3);
    const coroutine = reader.coReadInto(body, target, 0, 3);
    suspend(coroutine);
    structuredClone(target.buffer, { transfer: [target.buffer] });
    source.arrive('123');
    assert.throws(() => coroutine.next(), { name: 'RangeError', message: /detached or has shrunk/ });
    assert.equal(source.buffered, 3);
  });
});

describe('a read of some bytes', () => {
  test('gives as many as there are, and an empty buffer at the end', () => {
    const { source, reader } = reading();
    const body = chunked();
    source.arrive('3\r\n123\r\n2\r\n45\r\n0\r\n\r\n');
    assert.equal(result(reader.coReadSome(body, 4)).toString(), '1234');
    assert.equal(result(reader.coReadSome(body, 4)).toString(), '5');
    assert.equal(result(reader.coReadSome(body, 4)).length, 0);
  });

  test('allocates by what is there, and not by what is asked for', () => {
    const { source, reader } = reading();
    source.arrive('123');
    const part = result(reader.coReadSome(new LengthDecoder(2 ** 40), 2 ** 40));
    assert.equal(part.toString(), '123');
  });

  test('waits until there is something', () => {
    const { source, reader } = reading();
    const coroutine = reader.coReadSome(new LengthDecoder(3), 3);
    suspend(coroutine);
    source.arrive('12');
    assert.equal(result(coroutine).toString(), '12');
  });

  test('of no length is empty, and not the end', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(1);
    source.arrive('1');
    assert.equal(result(reader.coReadSome(body, 0)).length, 0);
    assert.equal(body.complete, false);
  });
});

describe('a read of the rest', () => {
  test('gives all of it, however it arrives', () => {
    const { source, reader } = reading();
    const coroutine = reader.coReadAll(chunked());
    for (const byte of '3\r\n123\r\n2\r\n45\r\n0\r\n\r') {
      suspend(coroutine);
      source.arrive(byte);
    }
    suspend(coroutine);
    source.arrive('\n');
    assert.equal(result(coroutine).toString(), '12345');
  });

  test('is empty if there is none left', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(2);
    source.arrive('12');
    result(reader.coReadSome(body, 2));
    assert.equal(result(reader.coReadAll(body)).length, 0);
    assert.equal(result(reader.coReadAll(body)).length, 0);
  });

  test('that was interrupted loses nothing: the next read of the rest gives all', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(5);
    const interrupted = reader.coReadAll(body);
    source.arrive('123');
    suspend(interrupted);
    interrupted.return(Buffer.alloc(0));
    source.arrive('45');
    assert.equal(result(reader.coReadAll(body)).toString(), '12345');
  });

  test('that was interrupted loses nothing: reads of some bytes give those that it has collected first', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(6);
    source.arrive('123');
    suspend(reader.coReadAll(body));
    assert.equal(result(reader.coReadSome(body, 2)).toString(), '12');
    const target = Buffer.alloc(4);
    assert.equal(result(reader.coReadInto(body, target, 0, 4)), 1);
    suspend(reader.coReadInto(body, target, 1, 3));
    source.arrive('456');
    assert.equal(result(reader.coReadInto(body, target, 1, 3)), 3);
    assert.equal(target.toString(), '3456');
  });

  test('that was interrupted has its bytes dropped by a read without memory', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(4);
    source.arrive('123');
    suspend(reader.coReadAll(body));
    assert.equal(result(reader.coReadInto(body, undefined, 0, 100)), 3);
    source.arrive('4');
    assert.equal(result(reader.coReadAll(body)).toString(), '4');
  });

  test('that goes on after another call has read the body is a StateError', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(4);
    const first = reader.coReadAll(body);
    source.arrive('12');
    suspend(first);
    source.arrive('34');
    assert.equal(result(reader.coReadAll(body)).toString(), '1234');
    assert.throws(() => first.next(), { constructor: StateError, message: /another call has read this body/ });
  });

  test('of exactly the limit is given; one byte more is an error, after which it can be read in parts', () => {
    for (const [length, ok] of [
      [3, true],
      [4, false],
    ] as const) {
      const { source, reader } = reading(3);
      const body = new CloseDelimitedDecoder();
      source.arrive('1234'.slice(0, length));
      source.end();
      if (ok) {
        body.end();
        assert.equal(result(reader.coReadAll(body)).toString(), '123');
      } else {
        assert.throws(() => result(reader.coReadAll(body)), UnsupportedResponse);
        assert.throws(() => result(reader.coReadAll(body)), { message: /limits\.bodyInMemory \(3 bytes\)/ });
        assert.equal(result(reader.coReadSome(body, 9)).toString(), '1234');
      }
    }
  });

  test('of a body that is cut short throws, and leaves what came', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(4);
    source.arrive('12');
    source.end(body);
    assert.throws(() => result(reader.coReadAll(body)), /cut short/);
    assert.equal(result(reader.coReadSome(body, 9)).toString(), '12');
    assert.throws(() => result(reader.coReadSome(body, 9)), /cut short/);
  });

  test('that has collected something gives nothing of it when the source is closed', () => {
    const { source, reader } = reading();
    const body = new LengthDecoder(4);
    source.arrive('12');
    suspend(reader.coReadAll(body));
    source.closed = true;
    assert.throws(() => result(reader.coReadSome(body, 9)), StateError);
  });
});

describe('the end of a body', () => {
  test('is taken if it is all that is left, and waited for', () => {
    const { source, reader } = reading();
    const body = chunked();
    source.arrive('1\r\n1\r\n0\r\n');
    assert.equal(result(reader.coReadSome(body, 1)).toString(), '1');
    const coroutine = reader.coTakeEnd(body);
    suspend(coroutine);
    source.arrive('\r\nof the next');
    result(coroutine);
    assert.ok(body.complete);
    assert.equal(source.buffered, 'of the next'.length);
  });

  test('is left alone while there are bytes before it, those that were collected included', () => {
    const { source, reader } = reading();
    const more = chunked();
    source.arrive('1\r\n1');
    result(reader.coTakeEnd(more));
    assert.equal(result(reader.coReadSome(more, 1)).toString(), '1');

    const other = reading();
    const collected = new CloseDelimitedDecoder();
    other.source.arrive('1');
    suspend(other.reader.coReadAll(collected));
    other.source.end(collected);
    result(other.reader.coTakeEnd(collected));
    assert.equal(result(other.reader.coReadSome(collected, 9)).toString(), '1');
  });

  test('that does not come is the error of a body that is cut short', () => {
    const { source, reader } = reading();
    const body = chunked();
    source.arrive('0\r\n');
    source.end(body);
    assert.throws(() => result(reader.coTakeEnd(body)), /cut short/);
  });
});
