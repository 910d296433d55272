import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseURL, shownURL, withoutUserinfo } from '../../src/cli/urls.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

describe('a URL on the command line', () => {
  const good = {
    'http://x/': 'http://x/',
    'HTTPS://X.test/a b': 'https://x.test/a%20b',
    'localhost:8080/x': 'http://localhost:8080/x',
    localhost: 'http://localhost/',
    'example.org': 'http://example.org/',
    'example.org/a?b#c': 'http://example.org/a?b#c',
    '127.0.0.1:80/': 'http://127.0.0.1/',
    '[::1]:8080/x': 'http://[::1]:8080/x',
    'host:8080': 'http://host:8080/',
  };
  for (const [text, href] of Object.entries(good)) {
    test(`may be ${text}`, () => assert.equal(parseURL(text).href, href));
  }

  const bad: Readonly<Record<string, RegExp>> = {
    out: /^out is no URL: one looks like http:/,
    './out': /is no URL/,
    '/tmp/out.d': /is no URL/,
    'out/dir': /is no URL/,
    '': /is no URL/,
    'ftp://x.test/': /only http:\/\/ and https:\/\//,
    'mailto:secret@x': /^\*\*\*@x: only http/,
    'http://u:secret@x.test/': /^x\.test: give user name and password with -u or -n/,
    'http://u:secret@': /\*\*\*@ is no URL/,
    'http://x/a\nhttp://y/': /: a URL has no control characters, as line breaks$/,
    'http://x/a\tb': /no control characters/,
    'http://x/\x7f': /no control characters/,
    'u:secret@x.test/': /only http|\*\*\*@/,
  };
  for (const [text, message] of Object.entries(bad)) {
    test(`cannot be ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseURL(text),
        (error: Error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, message);
          assert.ok(!error.message.includes('secret'), error.message);
          return true;
        },
      );
    });
  }

  test('is shown without user name and password', () => {
    assert.equal(shownURL('http://u:p@x/'), 'http://***@x/');
    assert.equal(withoutUserinfo('http://x/?u=http://u:p@y/ http://a@b'), 'http://x/?u=http://***@y/ http://***@b');
    assert.equal(withoutUserinfo('http://x/a@b'), 'http://x/a@b');
  });
});
