import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { SendBuffer } from '../../src/http1/send-buffer.ts';

const ALL = Number.POSITIVE_INFINITY;

/** A driver that sends up to so many bytes at a time, and notes what has left. */
class Driver {
  readonly output: SendBuffer;
  text = '';
  calls = 0;
  /** The most views in one call. */
  largest = 0;

  constructor(output: SendBuffer) {
    this.output = output;
  }

  send(limit: number): number {
    const views = this.output.take();
    this.calls++;
    this.largest = Math.max(this.largest, views.length);
    const bytes = Buffer.concat(views);
    const count = Math.min(limit, bytes.length);
    this.text += bytes.toString('latin1', 0, count);
    this.output.sent(count);
    return count;
  }

  sendAll(limit: number = ALL): void {
    while (this.output.length > 0) assert.ok(this.send(limit) > 0);
  }
}

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}

function resizable(length: number, most: number): Resizable {
  const Memory = ArrayBuffer as unknown as new (length: number, options: object) => Resizable;
  return new Memory(length, { maxByteLength: most });
}

const large = (byte: string): Buffer => Buffer.alloc(5000, byte);
const taken = (output: SendBuffer): string => Buffer.concat(output.take()).toString('latin1');

describe('a send buffer', () => {
  for (const limit of [1, 2, 3, 1000, 4999, 5000, 5001, ALL]) {
    test(`keeps the order of text and bytes when ${limit} of them are sent at a time`, () => {
      const output = new SendBuffer();
      const driver = new Driver(output);
      output.pushText('head \xff\r\n');
      output.pushBytes(Buffer.from('small \x80', 'latin1'));
      output.pushBytes(large('a'));
      output.pushText('between');
      output.pushBytes(new Uint8Array(large('b')));
      output.pushBytes(new Uint8Array(0));
      output.pushText('');
      output.pushBytes(large('c'));
      output.pushText('end');
      const expected = `head \xff\r\nsmall \x80${'a'.repeat(5000)}between${'b'.repeat(5000)}${'c'.repeat(5000)}end`;
      assert.equal(output.length, expected.length);
      driver.sendAll(limit);
      assert.equal(driver.text, expected);
      assert.deepEqual([output.length, output.sentBytes, output.end], [0, expected.length, expected.length]);
    });
  }

  test('takes more while it is being sent', () => {
    const output = new SendBuffer();
    const driver = new Driver(output);
    let expected = '';
    for (let round = 0; round < 200; round++) {
      const text = `${round};`;
      output.pushText(text);
      expected += text;
      if (round % 3 === 0) driver.send(7);
      assert.equal(driver.text.length + output.length, expected.length);
    }
    driver.sendAll(7);
    assert.equal(driver.text, expected);
  });

  test('keeps all of it when nothing can be sent', () => {
    const output = new SendBuffer();
    const driver = new Driver(output);
    output.pushText('abcdef');
    assert.deepEqual([driver.send(0), driver.send(3), driver.send(0)], [0, 3, 0]);
    assert.equal(output.length, 3);
    assert.equal(driver.send(100), 3);
    assert.equal(driver.text, 'abcdef');
  });

  test('gives small pieces in few views, and a large one in a view of its own', () => {
    const output = new SendBuffer();
    const driver = new Driver(output);
    for (let count = 0; count < 100; count++) output.pushBytes(Buffer.from('small'));
    driver.sendAll();
    assert.deepEqual([driver.calls, driver.largest], [1, 1]);
    for (let count = 0; count < 2500; count++) output.pushBytes(Buffer.alloc(2049, 'x'));
    driver.sendAll(1_000_000);
    assert.equal(driver.largest, 2500);
    assert.equal(driver.text.length, 500 + 2500 * 2049);
  });

  test('gives large pieces where they are, and copies them when it is to own them', () => {
    const output = new SendBuffer();
    const driver = new Driver(output);
    const [shared, owned] = [large('a'), large('b')];
    output.pushBytes(owned);
    driver.send(1);
    output.own();
    owned.fill('!');
    output.pushBytes(shared);
    shared.fill('s');
    driver.sendAll();
    assert.equal(driver.text, 'b'.repeat(5000) + 's'.repeat(5000));
  });

  test('gives neither less nor more than was put in when memory goes away, or grows', () => {
    const output = new SendBuffer();
    const lost = large('a');
    output.pushText('head');
    output.pushBytes(large('b'));
    output.pushBytes(lost);
    structuredClone(lost.buffer, { transfer: [lost.buffer as ArrayBuffer] });
    assert.throws(() => output.take(), { name: 'RangeError', message: /detached or has shrunk/ });
    assert.deepEqual([output.takenBytes, output.sentBytes], [0, 0]);
    for (const [length, next] of [
      [6000, 3000],
      [2000, undefined],
    ] as const) {
      const memory = resizable(3000, 6000);
      const other = new SendBuffer();
      other.pushBytes(new Uint8Array(memory));
      memory.resize(length);
      if (next === undefined) assert.throws(() => other.take(), RangeError);
      else assert.equal(taken(other).length, next);
    }
  });

  test('shows how much there is, not what', () => {
    const output = new SendBuffer();
    output.pushText('Authorization: secret');
    output.pushBytes(Buffer.alloc(3000, 'secret'));
    const driver = new Driver(output);
    driver.send(15);
    const json = JSON.stringify(output);
    assert.deepEqual(JSON.parse(json), { length: 3006, sent: 15 });
    assert.equal(inspect(output), 'SendBuffer { length: 3006, sent: 15 }');
  });
});

describe('what was taken of a send buffer', () => {
  test('may have left, until a report says how much has', () => {
    const output = new SendBuffer();
    output.pushText('abcdef');
    assert.equal(output.takenBytes, 0);
    assert.equal(taken(output), 'abcdef');
    output.pushText('ghi');
    assert.deepEqual([output.takenBytes, output.sentBytes, output.length, output.end], [6, 0, 9, 9]);
    output.sent(2);
    assert.deepEqual([output.takenBytes, output.sentBytes, output.length, output.end], [2, 2, 7, 9]);
    assert.equal(taken(output), 'cdefghi');
    output.sent(0);
    assert.deepEqual([output.takenBytes, output.sentBytes], [2, 2]);
  });

  test('is reported once, and by no more than there was', () => {
    const output = new SendBuffer();
    output.pushText('abcdef');
    assert.throws(() => output.sent(1), {
      name: 'RangeError',
      message: /^1 bytes reported as sent, where 0 were taken/,
    });
    output.take();
    output.pushText('ghi');
    for (const count of [7, -1, 0.5, Number.NaN, ALL]) {
      assert.throws(() => output.sent(count), { name: 'RangeError', message: /where 6 were taken: report once/ });
    }
    assert.deepEqual([output.takenBytes, output.sentBytes, output.length], [6, 0, 9]);
    output.sent(4);
    assert.throws(() => output.sent(2), { name: 'RangeError', message: /where 0 were taken/ });
    output.sent(0);
    assert.equal(taken(output), 'efghi');
  });

  test('is the same again when it is taken again before the report', () => {
    const output = new SendBuffer();
    output.pushText('abc');
    assert.equal(taken(output), 'abc');
    output.pushText('def');
    assert.equal(taken(output), 'abcdef');
    output.sent(4);
    assert.equal(taken(output), 'ef');
  });

  test('stays as it is while more is put in, sent and cut', () => {
    const output = new SendBuffer();
    output.pushText('head');
    output.pushBytes(large('a'));
    const views = output.take();
    const before = Buffer.concat(views).toString('latin1');
    output.pushText('more');
    output.pushBytes(large('b'));
    assert.equal(Buffer.concat(views).toString('latin1'), before);
    output.sent(2);
    output.cut(3);
    assert.equal(Buffer.concat(views).toString('latin1'), before);
  });

  test('is announced, once for each report, and so is the report', () => {
    const heard: string[] = [];
    const output: SendBuffer = new SendBuffer(
      () => heard.push('taken'),
      (before) => heard.push(`${before} to ${output.sentBytes}`),
    );
    output.pushText('abcdef');
    output.take();
    output.take();
    assert.deepEqual(heard.splice(0), ['taken']);
    output.sent(2);
    output.take();
    output.sent(0);
    output.take();
    output.sent(4);
    assert.deepEqual(heard, ['0 to 2', 'taken', 'taken', '2 to 6']);
  });
});

describe('what is cut off a send buffer', () => {
  /** Text, a view of its own, text that was encoded, and text that was not. */
  const filled = (): { output: SendBuffer; all: string } => {
    const output = new SendBuffer();
    output.pushText('head');
    output.pushBytes(large('a'));
    output.pushText('between');
    output.take();
    output.sent(0);
    output.pushText('end');
    return { output, all: `head${'a'.repeat(5000)}betweenend` };
  };

  for (const sent of [0, 2, 4, 100]) {
    test(`is what stands at a position among all bytes, or behind it, when ${sent} have left`, () => {
      // In text, at its end, in a view, at its end, in text behind it, in text that is not encoded, and at the very end.
      for (const position of [0, 3, 4, 2000, 5004, 5007, 5011, 5012, 5014]) {
        const { output, all } = filled();
        const driver = new Driver(output);
        driver.send(sent);
        output.cut(position);
        const kept = Math.max(position, sent);
        assert.deepEqual([output.length, output.wasCut], [kept - sent, position < all.length], `${position}`);
        driver.sendAll();
        assert.equal(driver.text, all.slice(0, kept), `${position}`);
        assert.equal(output.end, all.length);
      }
    });
  }

  test('is everything that waits, unless a position says otherwise', () => {
    const { output, all } = filled();
    const driver = new Driver(output);
    driver.send(10);
    output.cut();
    assert.deepEqual([output.length, output.wasCut, output.sentBytes], [0, true, 10]);
    assert.deepEqual(output.take(), []);
    assert.equal(driver.text, all.slice(0, 10));
  });

  test('may have left all the same, if it was taken before', () => {
    for (const position of [0, 3]) {
      const output = new SendBuffer();
      output.pushText('abcdef');
      output.take();
      output.cut(position);
      assert.deepEqual([output.length, output.takenBytes], [position, 6]);
      output.take();
      assert.equal(output.takenBytes, 6);
      output.sent(5);
      assert.deepEqual([output.length, output.sentBytes, output.takenBytes], [0, 5, 5]);
    }
  });

  test('is nothing where nothing waits', () => {
    const output = new SendBuffer();
    output.cut();
    output.pushText('abc');
    new Driver(output).sendAll();
    output.cut();
    output.cut(2);
    assert.deepEqual([output.wasCut, output.length, output.sentBytes], [false, 0, 3]);
  });

  test('takes small pieces of every kind of view', () => {
    const buffer = new SendBuffer();
    buffer.pushBytes(new Uint8Array([0x61, 0xff]));
    buffer.pushBytes(Buffer.from('b'));
    assert.equal(Buffer.concat(buffer.take()).toString('latin1'), 'a\xffb');
  });
});
