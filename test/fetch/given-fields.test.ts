import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fieldsInCase, givenFields } from '../../src/fetch/given-fields.ts';

/** What is sent of `init.headers`. */
function sent(headers: unknown): [string, string][] {
  const given = givenFields(headers);
  return [...fieldsInCase(given, new Headers(given as [string, string][]))];
}

describe('the fields of a fetch', () => {
  test('keep the case and the order in which they were written, in pairs and in a record', () => {
    const fields = [
      ['X-b', '1'],
      ['a-C', '2'],
    ] as [string, string][];
    assert.deepEqual(sent(fields), fields);
    assert.deepEqual(sent(Object.fromEntries(fields)), fields);
    assert.deepEqual(sent(new Map(fields)), fields);
    assert.deepEqual(sent(new Headers(fields)), [
      ['a-c', '2'],
      ['x-b', '1'],
    ]);
  });

  test('of one name are joined under the first, except for Set-Cookie', () => {
    assert.deepEqual(
      sent([
        ['X-a', '1'],
        ['x-A', '2'],
      ]),
      [['X-a', '1, 2']],
    );
    assert.deepEqual(
      sent([
        ['Set-Cookie', 'a'],
        ['set-cookie', 'b'],
      ]),
      [
        ['Set-Cookie', 'a'],
        ['Set-Cookie', 'b'],
      ],
    );
  });

  test('are read once', () => {
    let reads = 0;
    const record = {
      get a() {
        return String(++reads);
      },
    };
    assert.deepEqual(sent(record), [['a', '1']]);
    let conversions = 0;
    const value = { toString: () => String(++conversions) };
    assert.deepEqual(sent([['a', value]]), [['a', '1']]);
  });

  test('of a record are its own and enumerable ones [Web IDL, record]', () => {
    const record = Object.create({ inherited: '1' }, { hidden: { value: '2' }, a: { value: '3', enumerable: true } });
    assert.deepEqual(sent(record), [['a', '3']]);
    assert.throws(() => givenFields({ [Symbol('x')]: '1' }), TypeError);
  });

  test('that are no fields are left to the platform', () => {
    for (const headers of [undefined, null, 1, 'text']) assert.equal(givenFields(headers), headers);
    assert.deepEqual(givenFields([1, ['a']]), [1, ['a']]);
    assert.equal(fieldsInCase(undefined, undefined).size, 0);
  });

  test('cannot be those of a connection', () => {
    for (const [name, value] of [
      ['Expect', '100-continue'],
      ['Keep-Alive', 'x'],
      ['UPGRADE', 'x'],
      ['Connection', 'upgrade'],
      ['Connection', 'close, x'],
    ] as const) {
      assert.throws(() => sent([[name, value]]), {
        name: 'TypeError',
        message: new RegExp(`of a connection: ${name};`),
      });
    }
    assert.deepEqual(sent({ Connection: 'Close' }), [['Connection', 'Close']]);
    assert.deepEqual(sent({ connection: 'keep-alive' }), [['connection', 'keep-alive']]);
  });
});
