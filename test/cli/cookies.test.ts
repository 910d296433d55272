import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openCookieJar } from '../../src/cli/cookies.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const URL = 'http://www.example.com/a/b';
const LATER = '4102444800';

describe('cookies', () => {
  test('go back to where they came from', async () => {
    const jar = await openCookieJar();
    assert.equal(jar.header(URL), undefined);
    jar.store(['a=1', 'b=2; Path=/', 'c=3; Domain=example.com; Path=/', 'e=5; Path=/x'], URL);
    jar.store(['d=4; Secure; Path=/'], 'https://www.example.com/');
    jar.store(['z=9; Secure; Path=/'], URL);
    assert.equal(jar.header(URL), 'a=1; b=2; c=3');
    assert.equal(jar.header('http://www.example.com/'), 'b=2; c=3');
    assert.equal(jar.header('http://other.example.com/'), 'c=3');
    assert.equal(jar.header('https://www.example.com/'), 'b=2; c=3; d=4');
    assert.equal(jar.header('http://example.org/'), undefined);
    jar.store(['b=; Max-Age=0; Path=/'], URL);
    assert.equal(jar.header('http://www.example.com/'), 'c=3');
  });

  test('that are secure are not replaced by what comes without TLS', async () => {
    const jar = await openCookieJar();
    jar.store(['a=1; Secure; Path=/; Domain=example.com'], 'https://www.example.com/');
    for (const url of [URL, 'http://example.com/', 'http://www.example.com:8080/a/']) jar.store(['a=evil', 'b=2'], url);
    assert.equal(jar.header('https://www.example.com/a/b'), 'b=2; a=1');
    jar.store(['a=3; Secure; Path=/; Domain=example.com'], 'https://www.example.com/');
    assert.equal(jar.header('https://www.example.com/'), 'a=3');
  });

  test('for public suffixes and other hosts are refused, and so is what is no cookie', async () => {
    const jar = await openCookieJar();
    jar.store(['a=1; Domain=com', 'b=2; Domain=example.org', 'c=3; Domain=co.uk', '', ';', '__Host-d=4; Path=/'], URL);
    jar.store(['e=5; Domain=co.uk', 'f=6; Domain=github.io'], 'http://x.github.io/');
    assert.deepEqual([jar.header(URL), jar.header('http://x.github.io/')], [undefined, undefined]);
  });

  test('of localhost and of addresses are kept', async () => {
    const jar = await openCookieJar();
    for (const url of ['http://localhost:8080/', 'http://127.0.0.1:8080/', 'http://[::1]:8080/']) {
      jar.store(['a=1'], url);
      assert.equal(jar.header(url), 'a=1', url);
    }
  });
});

describe('a file of cookies', () => {
  test('is read as curl writes it', async (context) => {
    const path = join(temporaryFolder(context), 'jar');
    const lines = [
      '# Netscape HTTP Cookie File',
      `www.example.com\tFALSE\t/\tFALSE\t0\ta\t1`,
      `.example.com\tTRUE\t/\tFALSE\t${LATER}\tb\t2`,
      `#HttpOnly_www.example.com\tFALSE\t/a\tFALSE\t${LATER}\tc\t3`,
      `www.example.com\tFALSE\t/\tTRUE\t0\td\t4`,
      `www.example.com\tFALSE\t/\tFALSE\t1\texpired\t5`,
      `.com\tTRUE\t/\tFALSE\t0\tsuffix\t6`,
      `www.example.com\tFALSE\t/\tFALSE\t0\tempty`,
      `www.example.com\tFALSE\t/\tFALSE\tx\tbad\t8`,
      `www.example.com\tFALSE\t/\tFALSE\t0\tcontrol\t\x01`,
      `\tFALSE\t/\tFALSE\t0\tnowhere\t1`,
      'junk',
      '',
    ];
    writeFileSync(path, lines.join('\r\n'));
    const jar = await openCookieJar({ read: [path] });
    assert.equal(jar.header(URL), 'c=3; a=1; b=2; empty=');
    assert.equal(jar.header('https://www.example.com/'), 'a=1; b=2; d=4; empty=');
    assert.equal(jar.header('http://other.example.com/'), 'b=2');
    jar.save();
    assert.equal(readFileSync(path, 'utf8'), lines.join('\r\n'));
  });

  test('is written so that it can be read again, with the bytes of the server, for its owner only', async (context) => {
    const path = join(temporaryFolder(context), 'jar');
    const jar = await openCookieJar({ read: [path], write: path });
    jar.store(['a=\xc3\xa4; HttpOnly', 'b=2; Domain=example.com; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT'], URL);
    jar.store(['t=a\tb; Path=/', 'd="4 5"; Secure; Path=/'], 'https://www.example.com/');
    jar.save();
    assert.deepEqual(readFileSync(path, 'latin1').split('\n').slice(3), [
      '#HttpOnly_www.example.com\tFALSE\t/a\tFALSE\t0\ta\t\xc3\xa4',
      '.example.com\tTRUE\t/\tFALSE\t4102444800\tb\t2',
      'www.example.com\tFALSE\t/\tTRUE\t0\td\t"4 5"',
      '',
    ]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const again = await openCookieJar({ read: [path], write: path });
    assert.equal(again.header('https://www.example.com/a/b'), 'a=\xc3\xa4; b=2; d="4 5"');
    again.save();
    const before = readFileSync(path);
    (await openCookieJar({ read: [path], write: path })).save();
    assert.deepEqual(readFileSync(path), before);
  });

  test('that is not there is an error, unless it is to be written', async (context) => {
    const path = join(temporaryFolder(context), 'jar');
    await assert.rejects(openCookieJar({ read: [path] }), {
      name: 'LocalFileError',
      message: `${path}: no such file or directory`,
    });
    await assert.rejects(openCookieJar({ read: [path], write: `${path}2` }), { name: 'LocalFileError' });
    (await openCookieJar({ write: join(path, 'x') })).header(URL);
  });
});
