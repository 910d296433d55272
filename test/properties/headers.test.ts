/** HTTPHeaders against the simplest thing that could be right: a list of pairs. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTPHeaders } from 'dugong/http1';
import fc from 'fast-check';
import { headersOfSection } from '../../src/http1/headers.ts';
import { fieldName, fields, fieldValue } from './messages.ts';
import { check } from './property.ts';

type Pairs = [string, string][];

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** What each call does to a list, and what it returns. */
const model = {
  append(pairs: Pairs, name: string, value: string): undefined {
    pairs.push([name, value]);
    return undefined;
  },
  set(pairs: Pairs, name: string, value: string): undefined {
    const first = pairs.findIndex(([other]) => same(other, name));
    if (first < 0) pairs.push([name, value]);
    else pairs.splice(0, pairs.length, ...pairs.flatMap((pair, index) => replaced(pair, index)));
    return undefined;

    function replaced(pair: [string, string], index: number): Pairs {
      if (index === first) return [[name, value]];
      return same(pair[0], name) ? [] : [pair];
    }
  },
  delete(pairs: Pairs, name: string): boolean {
    const kept = pairs.filter(([other]) => !same(other, name));
    const deleted = kept.length < pairs.length;
    pairs.splice(0, pairs.length, ...kept);
    return deleted;
  },
  has: (pairs: Pairs, name: string): boolean => pairs.some(([other]) => same(other, name)),
  getAll: (pairs: Pairs, name: string): string[] =>
    pairs.flatMap(([other, value]) => (same(other, name) ? [value] : [])),
  get(pairs: Pairs, name: string): string | undefined {
    const all = model.getAll(pairs, name);
    return same(name, 'set-cookie') || all.length === 0 ? all[0] : all.join(', ');
  },
};

type Call = { readonly call: keyof typeof model; readonly name: string; readonly value: string };

// Few names, so that they meet, among them those that an object would treat in its own way.
const name = fc.oneof(
  fc.constantFrom('a', 'A', 'b', 'Set-Cookie', 'set-cookie', '__proto__', 'constructor', '1', 'hasOwnProperty'),
  fieldName,
);
const call: fc.Arbitrary<Call> = fc.record({
  call: fc.constantFrom('append', 'append', 'set', 'delete', 'has', 'getAll', 'get'),
  name,
  value: fieldValue,
});

function toObject(pairs: Pairs): Record<string, string | string[]> {
  const keys = new Set(pairs.map(([each]) => each.toLowerCase()));
  const record = Object.create(null) as Record<string, string | string[]>;
  for (const key of keys) {
    record[key] = key === 'set-cookie' ? model.getAll(pairs, key) : (model.get(pairs, key) as string);
  }
  return record;
}

test('headers behave as a list of pairs that is searched without case [RFC 9110 5.1, 5.3]', () => {
  check(
    fc.property(
      fc.array(fc.tuple(name, fieldValue), { maxLength: 5 }),
      fc.array(call),
      fc.boolean(),
      (init, calls, lazy) => {
        const pairs: Pairs = init.map((pair) => [...pair]);
        const section = pairs.map((pair) => `${pair.join(':')}\r\n`).join('');
        const headers = lazy ? headersOfSection(section) : new HTTPHeaders(pairs);
        for (const { call: method, name: key, value } of calls) {
          const expected = model[method](pairs, key, value);
          const got = method === 'append' || method === 'set' ? headers[method](key, value) : headers[method](key);
          assert.deepEqual(got, expected);
        }
        assert.equal(headers.size, pairs.length);
        assert.deepEqual([...headers], pairs);
        assert.deepEqual(headers.raw(), pairs.flat());
        assert.deepEqual(
          [...headers.keys()],
          pairs.map(([key]) => key),
        );
        assert.deepEqual(
          [...headers.values()],
          pairs.map(([, value]) => value),
        );
        assert.deepEqual(headers.toObject(), toObject(pairs));
        assert.deepEqual([...new HTTPHeaders(headers)], pairs);
      },
    ),
    500,
  );
});

test('what makes no field is refused, and nothing is changed by it [RFC 9110 5.1, 5.5]', () => {
  const outside = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
  check(
    fc.property(fields, outside, outside, (pairs, badName, badValue) => {
      const headers = new HTTPHeaders(pairs);
      const isValue = /^[\t\x20-\x7e\x80-\xff]*$/.test(badValue);
      const isName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(badName);
      const attempt = (): void => headers.append(badName, badValue);
      if (isName && isValue) return attempt();
      assert.throws(attempt, TypeError);
      assert.throws(() => headers.set(badName, badValue), TypeError);
      assert.deepEqual([...headers], pairs);
    }),
    500,
  );
});

test('headers pass through WHATWG Headers, records and pairs', () => {
  check(
    fc.property(fields, (pairs) => {
      const headers = new HTTPHeaders(pairs);
      assert.deepEqual([...new HTTPHeaders(headers.entries())], pairs);
      const web = new Headers(pairs);
      // Its names are lower-case and in the order of the alphabet; it joins what can be joined.
      const back = new HTTPHeaders(web);
      for (const [key] of pairs) {
        if (!same(key, 'set-cookie')) assert.equal(back.get(key), web.get(key));
      }
      const record = headers.toObject();
      assert.deepEqual(new HTTPHeaders(record).toObject(), record);
    }),
    200,
  );
});
