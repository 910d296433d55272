import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, withDefaultLimits } from '../../src/http1/limits.ts';

test('limits that are not given have their defaults', () => {
  assert.deepEqual(withDefaultLimits(), DEFAULT_LIMITS);
  assert.deepEqual(withDefaultLimits({ fields: 5 }), { ...DEFAULT_LIMITS, fields: 5 });
});

test('a limit that does not exist, or is no whole number, is refused by name', () => {
  const unknown = { feilds: 5 } as unknown as { fields: number };
  assert.throws(() => withDefaultLimits(unknown), { name: 'TypeError', message: /limits has no option "feilds"/ });
  for (const fields of [-1, 1.5, Number.NaN, '5' as unknown as number]) {
    assert.throws(() => withDefaultLimits({ fields }), { name: 'TypeError', message: /limits\.fields must be/ });
  }
});
