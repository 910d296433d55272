import assert from 'node:assert/strict';
import { test } from 'node:test';
import { immutableHeaders } from '../../src/fetch/immutable-headers.ts';

test('headers that are immutable can be read and copied, and not be changed [Fetch, "Headers class"]', () => {
  const headers = immutableHeaders([
    ['A', '1'],
    ['a', '2'],
  ]);
  assert.ok(headers instanceof Headers);
  assert.deepEqual([...headers], [['a', '1, 2']]);
  for (const change of [() => headers.append('b', '1'), () => headers.set('a', '1'), () => headers.delete('a')]) {
    assert.throws(change, { name: 'TypeError', message: /cannot be changed: copy them/ });
  }
  assert.equal(headers.get('a'), '1, 2');
  const copy = new Headers(headers);
  copy.set('a', '3');
  assert.equal(copy.get('a'), '3');
  const made = new (headers.constructor as typeof Headers)({ b: '1' });
  made.set('b', '2');
  assert.equal(made.get('b'), '2');
});
