import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { LocalFileError } from '../../src/cli/file-sink.ts';
import { contentOfFile, filesInList, filesToSend, lineFor } from '../../src/cli/files-to-send.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'dugong-send-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'site/sub dir'), { recursive: true });
writeFileSync(join(folder, 'site/b.txt'), 'bb');
writeFileSync(join(folder, 'site/a#?.txt'), 'a');
writeFileSync(join(folder, 'site/sub dir/ü.txt'), 'ü');
symlinkSync('..', join(folder, 'site/circle'));

const target = (text: string): URL => new URL(text);
const urls = (sources: readonly string[], url: string): string[] =>
  filesToSend(sources, target(url)).map((each) => each.url.href);

describe('the files to send', () => {
  test('are all in a folder, in order, with names that are percent-encoded; links to folders are not followed', () => {
    assert.deepEqual(urls([join(folder, 'site')], 'http://x/to'), [
      'http://x/to/a%23%3F.txt',
      'http://x/to/b.txt',
      'http://x/to/sub%20dir/%C3%BC.txt',
    ]);
  });

  test('are one at the URL itself, or under its own name behind a slash', () => {
    const file = join(folder, 'site/b.txt');
    assert.deepEqual(urls([file], 'http://x/c'), ['http://x/c']);
    assert.deepEqual(urls([file], 'http://x/c?a=1'), ['http://x/c?a=1']);
    assert.deepEqual(urls([file], 'http://x/c/'), ['http://x/c/b.txt']);
    assert.deepEqual(urls([file, join(folder, 'site/a#?.txt')], 'http://x/c'), [
      'http://x/c/b.txt',
      'http://x/c/a%23%3F.txt',
    ]);
  });

  test('must be there, and a URL with a query has no place for names', () => {
    assert.throws(() => urls([join(folder, 'none')], 'http://x/'), LocalFileError);
    assert.throws(() => urls([folder], 'http://x/?a'), UsageError);
    assert.throws(() => urls([join(folder, 'site/b.txt')], 'http://x/?a'), /names are added to a path only/);
    assert.throws(() => urls(['/dev/null', folder], 'http://x/'), /neither a file nor a folder/);
  });

  test('may be those of a list, which takes every path', () => {
    for (const name of ['tab\tand\nline\r', '"quoted"', 'two\u2028lines', ' # spaces ']) {
      const path = join(folder, 'site', name);
      writeFileSync(path, name);
      const file = { path, url: new URL('http://x/a%09b'), size: Buffer.byteLength(name) };
      assert.deepEqual(filesInList(`\ufeff# a comment\r\n\n${lineFor(file)}\n`), [file]);
      rmSync(path);
    }
    assert.throws(() => filesInList('\n/x'), /line 2 of the list: must be a URL, a tab and file=PATH$/);
    assert.throws(() => filesInList('ftp://x/\tfile=a'), UsageError);
    assert.throws(() => filesInList('http://x/\tfile="a'), /must be a string of JSON/);
    assert.throws(() => filesInList(`http://x/\tfile=${folder}`), /: it is no file$/);
    assert.throws(() => filesInList('http://x/\tfile=none'), LocalFileError);
  });

  test('are read in pieces', () => {
    const file = join(folder, 'large');
    const content = Buffer.alloc(150_000, 'xyz');
    writeFileSync(file, content);
    const pieces = [...contentOfFile(file)];
    assert.equal(pieces.length, 3);
    assert.deepEqual(Buffer.concat(pieces), content);
    assert.throws(() => [...contentOfFile(join(folder, 'none'))], LocalFileError);
  });
});
