import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { constants, existsSync, lstatSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { companion, createBeside, isStream, LocalFileError, writeWhole } from '../../src/cli/local-file.ts';
import { replaced, systemError } from '../support/failing-fs.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';

describe('an error of a local file', () => {
  test('names the path and the reason, and has the error of the system', () => {
    const cause = systemError('ENOSPC', 'no space left on device', 'write');
    const error = new LocalFileError('/a', cause);
    assert.deepEqual(
      [error.message, error.path, error.cause, error.code],
      ['/a: no space left on device', '/a', cause, 'ENOSPC'],
    );
    const missing = assertThrown(() => readFileSync('/none'));
    assert.equal(new LocalFileError('/none', missing).message, '/none: no such file or directory');
    assert.equal(new LocalFileError('/a', new Error('other')).message, '/a: other');
    assert.deepEqual(
      [new LocalFileError('/a', 'text').message, new LocalFileError('/a', 'text').code],
      ['/a: text', undefined],
    );
  });
});

function assertThrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing is thrown');
}

describe('a file that is written as a whole', () => {
  test('replaces the one that is there, or does not', (context) => {
    const folder = temporaryFolder(context);
    const path = join(folder, 'a');
    writeWhole(path, Buffer.from('one'), { existing: 'refuse' });
    assert.throws(() => writeWhole(path, Buffer.from('two'), { existing: 'refuse' }), {
      message: `${path}: file already exists`,
    });
    assert.equal(readFileSync(path, 'utf8'), 'one');
    writeWhole(path, Buffer.from('two'));
    assert.equal(readFileSync(path, 'utf8'), 'two');
    assert.deepEqual(namesIn(folder), ['a']);
  });

  test('is written in as many calls as the system wants, and not at all if one fails', (context) => {
    const folder = temporaryFolder(context);
    const path = join(folder, 'a');
    const { writeSync } = fs;
    let calls = 0;
    replaced(context, 'writeSync', (fd: number, bytes: Uint8Array, offset: number) => {
      if (++calls === 5) throw systemError('ENOSPC', 'no space left on device', 'write');
      return writeSync(fd, bytes, offset, 1);
    });
    writeWhole(path, Buffer.from('four'));
    assert.equal(readFileSync(path, 'utf8'), 'four');
    assert.throws(() => writeWhole(path, Buffer.from('more')), LocalFileError);
    assert.equal(readFileSync(path, 'utf8'), 'four');
    assert.deepEqual(namesIn(folder), ['a']);
  });

  test('is none for what is no file: that takes the bytes, and stays what it is', (context) => {
    const folder = temporaryFolder(context);
    const [fifo, link] = [join(folder, 'fifo'), join(folder, 'null')];
    execFileSync('mkfifo', [fifo]);
    const reader = fs.openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      writeWhole(fifo, Buffer.from('one'));
      const bytes = Buffer.alloc(9);
      assert.equal(bytes.toString('utf8', 0, fs.readSync(reader, bytes)), 'one');
    } finally {
      fs.closeSync(reader);
    }
    assert.ok(lstatSync(fifo).isFIFO());
    symlinkSync('/dev/null', link);
    writeWhole(link, Buffer.from('one'));
    assert.equal(readlinkSync(link), '/dev/null');
    assert.deepEqual(namesIn(folder), ['fifo', 'null']);
  });

  test('does not overwrite on a file system without hard links either', (context) => {
    const folder = temporaryFolder(context);
    const path = join(folder, 'a');
    replaced(context, 'linkSync', () => {
      throw systemError('EPERM', 'operation not permitted', 'link');
    });
    writeWhole(path, Buffer.from('one'), { existing: 'refuse' });
    assert.throws(() => writeWhole(path, Buffer.from('two'), { existing: 'refuse' }), {
      message: `${path}: file already exists`,
    });
    assert.equal(readFileSync(path, 'utf8'), 'one');
    assert.deepEqual(namesIn(folder), ['a']);
  });
});

describe('a companion', () => {
  test('has a name of at most 255 bytes, distinct for long names', () => {
    assert.equal(companion('/x/a', '.part'), '/x/.a.part');
    assert.equal(companion('a', '.part'), '.a.part');
    const long = (last: string): string => basename(companion(`/x/${'漢'.repeat(84)}${last}`, '.part'));
    assert.ok(Buffer.byteLength(long('a')) <= 255);
    assert.notEqual(long('a'), long('b'));
    assert.equal(long('a'), long('a'));
    assert.equal(basename(companion(`/x/${'a'.repeat(249)}`, '.part')).length, 255);
    assert.ok(basename(companion(`/x/${'a'.repeat(250)}`, '.part')).length < 255);
  });
});

describe('a temporary file', () => {
  test('is never one that is there', (context) => {
    const folder = temporaryFolder(context);
    const first = createBeside(join(folder, 'a'));
    fs.closeSync(first.fd);
    const [, counter = ''] = /-([0-9a-z]+)\.tmp$/.exec(first.name) ?? [];
    const next = first.name.replace(`-${counter}.tmp`, `-${(Number.parseInt(counter, 36) + 1).toString(36)}.tmp`);
    writeFileSync(next, 'mine');
    const second = createBeside(join(folder, 'a'));
    fs.closeSync(second.fd);
    assert.notEqual(second.name, next);
    assert.equal(readFileSync(next, 'utf8'), 'mine');
    assert.ok(existsSync(second.name));
  });
});

test('devices and open files are streams, and files, folders and links to them are not', (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'a'), '');
  symlinkSync('a', join(folder, 'link'));
  symlinkSync('/dev/null', join(folder, 'null'));
  assert.deepEqual(['/dev/null', '/dev/stdout', join(folder, 'null')].map(isStream), [true, true, true]);
  assert.deepEqual(
    ['a', 'link', 'none', ''].map((name) => isStream(join(folder, name))),
    [false, false, false, false],
  );
});
