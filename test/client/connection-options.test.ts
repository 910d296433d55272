/** What the user can say wrongly about a connection: refused by the constructor, with a message that says what is wrong. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { HTTPConnection, type HTTPConnectionOptions } from '../../src/index.ts';
import { thrownBy } from '../support/waiting.ts';

const nothing = () => {};

/** What is never right, for any option. */
const NEVER = [null, '', Number.NaN, Symbol('s')];

/** Further values that are wrong, and what must be said of them. */
const wrongValues: Record<Exclude<keyof HTTPConnectionOptions, 'proxy'>, readonly unknown[]> = {
  attemptDelay: [[], {}, true, -1, 1.5, '250', nothing, Number.POSITIVE_INFINITY],
  connectTimeout: [[], {}, true, -1, 1.5, '250', nothing, Number.POSITIVE_INFINITY],
  continueTimeout: [[], {}, true, -1, 1.5, '250', nothing, Number.POSITIVE_INFINITY],
  dnsTestHostnames: [{}, true, 'localhost', ['not a name'], [5], [null], new Set(['localhost'])],
  family: [[], {}, true, 5, '4', 'IPv4'],
  keepAlive: [[], {}, true, 0, 1.5, 32_768, 2 ** 32 + 1, '60'],
  limits: [[], true, 5, 'x', nothing, { fields: -1 }, { fields: null }, { bodies: 1 }],
  localAddress: [[], {}, true, 'localhost', ['127.0.0.1'], '127.0.0.1:80', '127.0.0.256', 2_130_706_433],
  lookup: [[], {}, true, 'x', ['127.0.0.1'], Promise.resolve(['127.0.0.1'])],
  maxReadAhead: [[], {}, true, -1, 1.5, '250', nothing],
  onInformational: [[], {}, true, 'x'],
  onSignal: [[], {}, true, 'x', 'SIGINT', nothing],
  port: [[], {}, true, 0, -1, 1.5, 65_536, '80'],
  receiveBufferSize: [[], {}, true, 0, 1.5, '250', nothing],
  socketPath: [[], {}, true, 5, 'a\0b', 'x'.repeat(200), new URL('file:///tmp/socket')],
  timeout: [[], {}, true, -1, 1.5, '250', nothing, Number.POSITIVE_INFINITY],
  tls: [[], 0, 1, 'yes', nothing],
};

describe('an option that is wrong', () => {
  for (const [name, values] of Object.entries(wrongValues)) {
    test(`is refused before any I/O, in words: ${name}`, () => {
      for (const value of [...NEVER, ...values]) {
        const error = thrownBy(() => new HTTPConnection('x', { [name]: value }));
        assert.ok(error instanceof TypeError, `${inspect(value)}: ${error}`);
        // The message is ours, not that of an operation that failed on the value.
        assert.match(error.message, /\bmust be\b|is no host name|limits has no option/, inspect(value));
        assert.match(error.message, new RegExp(`${name}|no host name|TLS options`), inspect(value));
      }
    });
  }

  test('is refused by its name if there is none such', () => {
    assert.throws(() => new HTTPConnection('x', { tlss: true } as HTTPConnectionOptions), {
      name: 'TypeError',
      message: 'HTTPConnection has no option "tlss"',
    });
  });

  test('is shown in the message, but not at any length', () => {
    const message = (options: object) => (thrownBy(() => new HTTPConnection('x', options)) as Error).message;
    assert.match(message({ timeout: '' }), /got ''$/);
    assert.match(message({ keepAlive: Number.NaN }), /got NaN$/);
    assert.match(message({ localAddress: { secret: { deep: 1 } } }), /got \{ secret: \[Object\] \}$/);
    assert.ok(message({ localAddress: 'x'.repeat(10_000) }).length < 200);
  });
});

test('a family and an address of the other to connect from exclude each other', () => {
  for (const [family, localAddress] of [
    [4, '::1'],
    [6, '127.0.0.1'],
  ] as const) {
    assert.throws(() => new HTTPConnection('x', { family, localAddress }), {
      name: 'TypeError',
      message: /^family . and localAddress .* exclude each other/,
    });
  }
  for (const family of [0, 6] as const) assert.ok(new HTTPConnection('x', { family, localAddress: '::1' }));
});

test('options that are no object are refused', () => {
  for (const options of [null, '', 'x', 5, true, []]) {
    assert.throws(() => new HTTPConnection('x', options as HTTPConnectionOptions), {
      name: 'TypeError',
      message: /^the options of HTTPConnection must be an object, /,
    });
  }
});

test('an option that is undefined is as if it were not there', () => {
  const names = [...Object.keys(wrongValues), 'proxy'];
  const connection = new HTTPConnection('x', Object.fromEntries(names.map((name) => [name, undefined])));
  assert.equal(connection.port, 80);
});
