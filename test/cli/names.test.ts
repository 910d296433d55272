import assert from 'node:assert/strict';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LONGEST_NAME, Names, nameFromDisposition, safeName } from '../../src/cli/names.ts';

function nameOf(path: string): string {
  return basename(new Names('d').pathFor(new URL(path, 'http://h/')));
}

function namesOf(...paths: string[]): string[] {
  const names = new Names('d');
  return paths.map((path) => basename(names.pathFor(new URL(path, 'http://h/'))));
}

/** Text with what is dangerous in names. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '..',
          '/',
          '\\',
          '\0',
          '.',
          ' ',
          '-',
          'con',
          'NUL',
          'COM\u00b9',
          'lpt1',
          ':',
          '?',
          '%2f',
          '%00',
          '~',
        ),
        fc.constantFrom(
          '\u202e',
          '\u200f',
          '\x1b[2J',
          '\r\n',
          '\ud800',
          '\u{1f600}',
          '漢',
          'e\u0301',
          'ß',
          'İ',
          '.tar.gz',
          '\u2028',
        ),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 120 },
    )
    .map((parts) => parts.join('')),
);

describe('the name for a URL', () => {
  for (const [path, name] of [
    ['/a/b.txt', 'b.txt'],
    ['/', 'index.html'],
    ['/a/', 'index.html'],
    ['/a/?q=1', 'index_q=1.html'],
    ['/download?id=1', 'download_id=1'],
    ['/a.jpg?w=9&h=2', 'a_w=9&h=2.jpg'],
    ['/a.tar.gz?x=1', 'a_x=1.tar.gz'],
    ['/a?u=http://x/y', 'a_u=http___x_y'],
    ['/a%20b%C3%A4.txt', 'a bä.txt'],
    ['/%25%32%66', '%2f'],
    ['/..%2fx', '___x'],
    ['/..%5cx', '___x'],
    ['/%2e%2e%2f%2e%2e%2fetc%2fpasswd', '___.._etc_passwd'],
    ['/x/%2e%2e', 'index.html'],
    ['/%00', '_'],
    ['/a%00b', 'a_b'],
    ['/%ff.bin', '%ff.bin'],
    ['/a.', 'a'],
    ['/a%20', 'a'],
    ['/con%20.txt', 'con_.txt'],
    ['/NUL', 'NUL_'],
    ['/com%C2%B9.log', 'com¹_.log'],
    ['/.bashrc', '_bashrc'],
    ['/--help', '__help'],
    ['/a%1b%5B2Jb', 'a_[2Jb'],
    ['/a%E2%80%AEgpj.exe', 'a_gpj.exe'],
    ['/a%E2%80%8Fb', 'a_b'],
    ['/a%0d%0ab', 'a b'],
    ['/e%CC%81', '\u00e9'],
    ['/a:b', 'a_b'],
  ] as const) {
    test(`${path} is ${JSON.stringify(name)}`, () => assert.equal(nameOf(path), name));
  }

  test('of 300 bytes in Chinese is cut between characters, keeps its extension, and stays distinct', () => {
    const path = (last: string): string => `/${encodeURIComponent(`${'漢'.repeat(100)}${last}.tar.gz`)}`;
    const [one, other] = [nameOf(path('一')), nameOf(path('二'))];
    assert.match(one, /^漢{70,}-[0-9a-f]{8}\.tar\.gz$/);
    assert.ok(Buffer.byteLength(one) <= LONGEST_NAME);
    assert.notEqual(one, other);
  });

  test('is safe, short enough and the same each time, whatever the URL', () => {
    fc.assert(
      fc.property(nasty, nasty, fc.boolean(), (path, query, encoded) => {
        const url = new URL('http://h/');
        url.pathname = encoded ? encodeURIComponent(path.replace(/\p{Cs}/gu, '')) : path;
        url.search = query;
        const path1 = new Names('/some/folder').pathFor(url);
        assert.equal(dirname(path1), '/some/folder');
        assertSafe(basename(path1));
        assert.equal(new Names('/some/folder').pathFor(url), path1);
      }),
    );
  });
});

function assertSafe(name: string): void {
  assert.ok(name !== '' && Buffer.byteLength(name) <= LONGEST_NAME, `${Buffer.byteLength(name)} bytes`);
  assert.doesNotMatch(name, /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}<>:"/\\|?*]|^[.-]|[. ]$/u);
  assert.doesNotMatch(name, /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)/i);
  assert.equal(name, name.normalize('NFC'));
}

describe('safeName', () => {
  test('gives names that are safe and stay as they are when made safe again', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const name = safeName(text);
        assertSafe(name);
        assert.equal(safeName(name), name);
        assert.equal(safeName(text), name);
      }),
    );
  });
});

test('a name of any length takes little time, and stays distinct', () => {
  const long = (end: string): string => safeName(`a${'. '.repeat(100_000)}${end}.txt`);
  assert.match(long('x'), /^a[. ]+-[0-9a-f]{8}\.txt$/);
  assert.notEqual(long('x'), long('y'));
  assertSafe(safeName(`${'.'.repeat(100_000)}x`));
  assertSafe(nameFromDisposition(`attachment; filename="a${'. '.repeat(100_000)}b"`) ?? '');
});

describe('the names of a run', () => {
  test('get numbers in the order of the list where they are the same', () => {
    assert.deepEqual(namesOf('/a/x.txt', '/b/x.txt', '/c/x.txt', '/', '/d/'), [
      ...['x.txt', 'x-2.txt', 'x-3.txt'],
      ...['index.html', 'index-2.html'],
    ]);
    assert.deepEqual(namesOf('/x', '/a/x', '/x-2', '/b/x'), ['x', 'x-2', 'x-2-2', 'x-3']);
    assert.deepEqual(namesOf('/x-2', '/x', '/a/x'), ['x-2', 'x', 'x-3']);
  });

  test('are compared without case, in NFC, and with sharp s as ss', () => {
    assert.deepEqual(namesOf('/Logo.png', '/logo.PNG'), ['Logo.png', 'logo-2.PNG']);
    assert.deepEqual(namesOf('/%C3%A9', '/e%CC%81', '/%C3%89'), ['é', 'é-2', 'É-3']);
    assert.deepEqual(namesOf('/STRASSE', '/stra%C3%9Fe'), ['STRASSE', 'straße-2']);
  });

  test('keep queries apart', () => {
    assert.deepEqual(namesOf('/d?id=1', '/d?id=2', '/d?id=1'), ['d_id=1', 'd_id=2', 'd_id=1-2']);
  });

  test('are distinct and deterministic, whatever the URLs', () => {
    const urls = fc.array(
      fc.oneof(nasty, fc.constantFrom('a', 'A', 'a-2', 'ß', 'ss', '漢'.repeat(99), '漢'.repeat(98))),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(urls, (paths) => {
        const plan = (): string[] => {
          const names = new Names('d');
          return paths.map((path) =>
            names.pathFor(new URL(`http://h/${encodeURIComponent(path.replace(/\p{Cs}/gu, ''))}`)),
          );
        };
        const planned = plan();
        assert.equal(new Set(planned.map((path) => path.toUpperCase().toLowerCase())).size, paths.length);
        for (const path of planned) {
          assert.equal(join('d', basename(path)), path);
          assertSafe(basename(path));
        }
        assert.deepEqual(plan(), planned);
      }),
    );
  });

  test('take a time that grows with their number only', () => {
    const names = new Names('d');
    for (let index = 0; index < 20_000; index++) names.pathFor(new URL('http://h/'));
    assert.equal(names.pathFor(new URL('http://h/')), 'd/index-20001.html');
  });
});

describe('the name of a Content-Disposition', () => {
  for (const [value, name] of [
    ['attachment; filename="a b.txt"', 'a b.txt'],
    ['attachment; filename=a.txt;', 'a.txt'],
    ['attachment; filename="a.txt" ; ', 'a.txt'],
    ['attachment;filename="\\"a\\".txt"', '_a_.txt'],
    ["attachment; filename=a.txt; filename*=UTF-8''%e2%82%ac.txt", '€.txt'],
    ["attachment; filename*=UTF-8''%e2%82%ac.txt; filename=a.txt", '€.txt'],
    ["attachment; filename=a.txt; filename*=KOI8-R''%c1.txt", 'a.txt'],
    ["attachment; filename=a.txt; filename*=UTF-8''%ff", 'a.txt'],
    ["attachment; filename*=iso-8859-1''%e4.txt", 'ä.txt'],
    ["attachment; filename*=UTF-8''..%2f..%2f.x", 'x'],
    ['attachment; filename="../../.x"', 'x'],
    ['attachment; filename="..\\\\..\\\\x"', 'x'],
    ['attachment; filename="/etc/passwd"', 'passwd'],
    ['attachment; filename=".bashrc"', 'bashrc'],
    ['attachment; filename=a.txt; path="x/y.txt"', 'a.txt'],
    ['attachment; filename="\u00c3\u00a4.txt"', 'ä.txt'],
    ['attachment; filename="\u00e4.txt"', 'ä.txt'],
    ['attachment; filename="nul"', 'nul_'],
    ['attachment; filename=""', undefined],
    ['attachment; filename=".."', undefined],
    ['attachment; filename="a/"', undefined],
    ['attachment', undefined],
    ['attachment;', undefined],
    ['', undefined],
    ['filename', undefined],
  ] as const) {
    test(`${JSON.stringify(value)} is ${JSON.stringify(name)}`, () => assert.equal(nameFromDisposition(value), name));
  }

  test('is safe, whatever the field', () => {
    fc.assert(
      fc.property(nasty, nasty, (one, other) => {
        for (const value of [
          one,
          `attachment; filename="${one}"; ${other}`,
          `a; filename*=UTF-8''${encodeURIComponent(one.replace(/\p{Cs}/gu, ''))}`,
        ]) {
          const name = nameFromDisposition(value);
          if (name !== undefined) assertSafe(name);
        }
      }),
    );
  });
});
