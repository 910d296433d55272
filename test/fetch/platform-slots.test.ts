import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bodyTrap, headersSymbol, noteOrigin } from '../../src/fetch/platform-slots.ts';

/** Node 24 has private fields, which cannot be written. */
const hasSlots = Object.getOwnPropertySymbols(Response.error()).length > 0;
const skip = hasSlots ? false : 'the state of a Response is in private fields';
const url = new URL('http://x.test/a');

describe('the state of a platform’s Response', { skip }, () => {
  test('takes its URL and type', () => {
    const response = new Response();
    noteOrigin(response, { url, redirected: true, type: 'basic' });
    assert.deepEqual([response.url, response.redirected, response.type], [url.href, true, 'basic']);
    noteOrigin(response, { url, redirected: false, type: 'default' });
    assert.deepEqual([response.redirected, response.type], [false, 'default']);
  });

  test('has its Headers', () => {
    const symbol = headersSymbol();
    const response = new Response(null, { headers: { a: '1' } });
    assert.ok(symbol !== undefined);
    assert.equal(Reflect.get(response, symbol), response.headers);
  });
});

test('what has no such state is left as it is', () => {
  const other = {};
  noteOrigin(other, { url, redirected: false, type: 'basic' });
  assert.deepEqual(Reflect.ownKeys(other), []);
});

describe('the stream in place of a body', () => {
  test('is the same for all, until one reads it: that fails', async () => {
    const trap = bodyTrap();
    assert.equal(bodyTrap(), trap);
    await assert.rejects(new Response(trap).text(), { name: 'TypeError', message: /read by its own methods/ });
    assert.notEqual(bodyTrap(), trap);
  });

  test('is replaced when it was cancelled, or is locked', async () => {
    const cancelled = bodyTrap();
    await cancelled.cancel();
    const locked = bodyTrap();
    assert.notEqual(locked, cancelled);
    locked.getReader();
    assert.notEqual(bodyTrap(), locked);
  });
});
