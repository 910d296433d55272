import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseNetrc } from '../../src/cli/netrc.ts';

function credentials(text: string, host: string, login?: string): string | undefined {
  const found = parseNetrc(text).for(host, login);
  return found && `${found.login}:${found.password}`;
}

describe('a .netrc', () => {
  for (const [what, text, expected] of [
    ['with an entry on one line', 'machine h login u password p', 'u:p'],
    ['with an entry on several lines', 'machine\n h\nlogin\tu\r\n\r\npassword p\r\n', 'u:p'],
    ['with an account', 'machine h login u account a password p', 'u:p'],
    [
      'with other machines',
      'machine g login a password b\nmachine h login u password p\nmachine h login x password y',
      'u:p',
    ],
    ['with a name in another case', 'MACHINE H Login u Password p', 'u:p'],
    ['with a default', 'machine g login a password b\ndefault login u password p', 'u:p'],
    ['with a default behind the machine', 'machine h login u password p\ndefault login a password b', 'u:p'],
    ['with comments', '# machine h login a password b\nmachine h # login a\n login u password p#1 # x', 'u:p#1'],
    ['with a macro', 'macdef init\nmachine h login a password b\n\nmachine h login u password p', 'u:p'],
    ['with a macro inside of an entry', 'machine h login u password p macdef x\ncd /\nmachine h\n\nlogin v', 'v:p'],
    ['with quotes', 'machine h login "u \\"v\\"" password "#p\\n\\\\\\t\\r\\x"', 'u "v":#p\n\\\t\rx'],
    ['with a quote inside of a token', 'machine h login u"v password p"', 'u"v:p"'],
    ['with an empty password', 'machine h login u password ""', 'u:'],
    ['without a password', 'machine h login u', 'u:'],
    ['with keywords as values', 'machine h login machine password password', 'machine:password'],
    ['that ends early', 'machine h login u password', 'u:'],
    ['without a machine', 'login u password p', undefined],
    ['with another machine', 'machine g login u password p', undefined],
    ['that is empty', '', undefined],
  ] as const) {
    test(`${what} gives ${expected}`, () => assert.equal(credentials(text, 'h'), expected));
  }

  test('may name addresses', () => {
    assert.equal(credentials('machine ::1 login u password p', '[::1]'), 'u:p');
  });

  test('may have several logins', () => {
    const text = 'machine h login a password 1 machine h login b password 2';
    assert.deepEqual(
      [undefined, 'b', 'c'].map((login) => credentials(text, 'h', login)),
      ['a:1', 'b:2', undefined],
    );
  });

  test('with a quoted text that does not end is refused', () => {
    assert.throws(() => parseNetrc('machine h\nlogin "u'), { message: 'line 2: a quoted text has no end' });
    assert.throws(() => parseNetrc('machine h login "u\\"'), /line 1/);
  });

  test('gives back what was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (password) => {
        const quoted = password.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
        const lineBreak = /[\u2028\u2029]/.test(password);
        if (!lineBreak) assert.equal(credentials(`machine h password "${quoted}"`, 'h'), `:${password}`);
      }),
    );
  });
});
