import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { referrerOf, setReferer } from '../../src/fetch/referrer.ts';
import { HTTPHeaders } from '../../src/index.ts';

type Policy = Request['referrerPolicy'];

const HTTPS = 'https://a.test/path?q';
const HTTP = 'http://a.test/path?q';

function referer(referrer: string, referrerPolicy: Policy, target: string): string | undefined {
  const given = referrerOf(new Request('http://x.test', { referrer, referrerPolicy }));
  const headers = new HTTPHeaders({ Referer: 'of the request before' });
  if (given === undefined) return undefined;
  setReferer(headers, given, new URL(target));
  return headers.get('Referer');
}

describe('Referer [Referrer Policy 8.3]', () => {
  const whole = 'whole';
  const origin = 'origin';
  const none = undefined;
  // To the same origin, to another one as safe, and to one less safe.
  const table: Readonly<Record<Policy, readonly (string | undefined)[]>> = {
    '': [whole, origin, none],
    'no-referrer': [none, none, none],
    'no-referrer-when-downgrade': [whole, whole, none],
    'same-origin': [whole, none, none],
    origin: [origin, origin, origin],
    'strict-origin': [origin, origin, none],
    'origin-when-cross-origin': [whole, origin, origin],
    'strict-origin-when-cross-origin': [whole, origin, none],
    'unsafe-url': [whole, whole, whole],
  };
  const shown = (kind: string | undefined, url: string) => (kind === whole ? url : kind && `${new URL(url).origin}/`);
  for (const [policy, kinds] of Object.entries(table) as [Policy, readonly (string | undefined)[]][]) {
    test(`under the policy "${policy}"`, () => {
      const targets = ['https://a.test/x', 'https://b.test/', 'http://b.test/'];
      const expected = kinds.map((kind) => shown(kind, HTTPS));
      assert.deepEqual(
        targets.map((target) => referer(HTTPS, policy, target)),
        expected,
      );
    });
  }

  test('of http: is never one of a safer place, and loopback is as safe as https:', () => {
    for (const target of ['https://b.test', 'http://b.test']) {
      assert.equal(referer(HTTP, 'strict-origin', target), 'http://a.test/');
    }
    for (const host of ['127.0.0.1', '127.9.8.7', '[::1]', 'localhost', 'a.localhost', 'localhost.']) {
      assert.equal(referer(HTTPS, 'strict-origin', `http://${host}:8080/`), 'https://a.test/', host);
      assert.equal(referer(`http://${host}/`, 'strict-origin', 'http://b.test'), undefined, host);
    }
    for (const host of ['128.0.0.1', 'localhost.test', 'notlocalhost']) {
      assert.equal(referer(HTTPS, 'strict-origin', `http://${host}/`), undefined, host);
    }
  });

  test('shows neither credentials nor a fragment, and of a long one the origin', () => {
    assert.equal(referer('https://u:p@a.test/x?y#z', 'unsafe-url', HTTP), 'https://a.test/x?y');
    const path = 'x'.repeat(4096 - 'https://a.test/'.length);
    assert.equal(referer(`https://a.test/${path}`, 'unsafe-url', HTTP), `https://a.test/${path}`);
    assert.equal(referer(`https://a.test/${path}x`, 'unsafe-url', HTTP), 'https://a.test/');
  });

  for (const url of ['about:client', '', 'data:,x', 'blob:https://a.test/x']) {
    test(`is not made of ${JSON.stringify(url)}`, () => assert.equal(referer(url, 'unsafe-url', HTTP), undefined));
  }
});
