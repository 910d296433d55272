/** How an object of options is read: what is taken, what is refused, and what is never looked at. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { own, ownOptions } from '../src/options.ts';
import { withPollution } from './support/pollution.ts';

interface Options {
  readonly colour?: unknown;
  readonly width?: unknown;
}

const read = (given: unknown): Options =>
  ownOptions<Options>('paint()', given as Options | undefined, ['colour', 'width']);

/** The names of all that `object` has not itself. */
function inherited(object: object): PropertyKey[] {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null ? [] : [...Reflect.ownKeys(prototype), ...inherited(prototype)];
}

describe('options are read', () => {
  test('into a record that inherits nothing, whatever they stand in', () => {
    for (const given of [
      { colour: 1 },
      Object.assign(Object.create(null), { colour: 1 }),
      new (class {
        colour = 1;
      })(),
      Object.defineProperty({}, 'colour', { value: 1 }),
      runInNewContext('({ colour: 1 })'),
      new Proxy({ colour: 1 }, {}),
    ]) {
      const options = read(given);
      assert.deepEqual(inherited(options), []);
      assert.deepEqual({ ...options }, { colour: 1 });
    }
    assert.deepEqual({ ...read(undefined) }, {});
  });

  test('once each, so that an accessor gives one value', () => {
    let reads = 0;
    const options = read({
      get colour() {
        reads++;
        return reads;
      },
    });
    assert.equal(reads, 1);
    assert.equal(options.colour, 1);
    assert.equal(options.colour, 1);
  });

  test('with what an accessor throws', () => {
    const error = new Error('not now');
    const throwing = {
      get colour(): never {
        throw error;
      },
    };
    assert.throws(() => read(throwing), error);
  });

  test('never from Object.prototype', () => {
    withPollution({ colour: 1, width: 2, other: 3 }, () => {
      assert.deepEqual(Object.keys(read({})), []);
      const { colour = 'default', width } = read({ width: 5 });
      assert.deepEqual([colour, width], ['default', 5]);
    });
  });

  test('without symbols', () => {
    assert.deepEqual(Reflect.ownKeys(read({ [Symbol('colour')]: 1 })), []);
  });
});

describe('options are refused', () => {
  test('that are no object', () => {
    for (const [given, kind] of [
      [null, 'null'],
      ['red', 'string'],
      [5, 'number'],
      [() => {}, 'function'],
      [[], 'Array'],
      [Buffer.from('red'), 'Uint8Array'],
      [new Map([['colour', 1]]), 'Map'],
      [AbortSignal.abort(), 'AbortSignal'],
    ] as const) {
      assert.throws(() => read(given), {
        name: 'TypeError',
        message: `the options of paint() must be an object, such as {colour: ...}, got ${kind}`,
      });
    }
  });

  test('that do not exist, enumerable or not, before any is read', () => {
    for (const enumerable of [true, false]) {
      const given = Object.defineProperty(
        {
          get width(): never {
            throw new Error('it was read');
          },
        },
        'color',
        { enumerable, value: 1 },
      );
      assert.throws(() => read(given), { name: 'TypeError', message: 'paint() has no option "color"' });
    }
    assert.throws(() => read(JSON.parse('{"__proto__": {"colour": 1}}')), /paint\(\) has no option "__proto__"/);
  });

  test('that a class or another object has, since they would not be read', () => {
    class Config {
      get colour(): number {
        return 1;
      }
    }
    for (const given of [
      new Config(),
      Object.create({ colour: 1 }),
      Object.create(Object.assign(Object.create(null), { colour: 1 })),
      Object.assign(new Config(), { width: 2 }),
    ]) {
      assert.throws(() => read(given), {
        name: 'TypeError',
        message: /^paint\(\) reads no inherited option.*"colour"/,
      });
    }
  });
});

test('a property is read where the object itself has it', () => {
  withPollution({ DUGONG_TEST_POLLUTED: 'yes' }, () => {
    const variables: NodeJS.ProcessEnv = process.env;
    assert.equal(own(variables, 'DUGONG_TEST_POLLUTED'), undefined);
    assert.equal(own(variables, 'PATH'), process.env.PATH);
  });
});
