import assert from 'node:assert/strict';
import fs, { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { FileSink, type FileSinkOptions, LocalFileError, removeTemporaries } from '../../src/cli/file-sink.ts';
import { LengthDecoder } from '../../src/http1/body-decoder.ts';
import type { HeadersInit } from '../../src/http1/headers.ts';
import { replaced, systemError } from '../support/failing-fs.ts';
import { responseWith } from '../support/http-response.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';

const JOB = { url: 'http://h/a' };
const OPTIONS: FileSinkOptions = { existing: 'refuse', remoteTime: false };

function response(length: number, headers: HeadersInit = {}) {
  return responseWith({ headers, body: new LengthDecoder(length) });
}

function put(sink: FileSink, ...chunks: Uint8Array[]): void {
  sink.begin(response(chunks.reduce((sum, { length }) => sum + length, 0)), JOB);
  for (const chunk of chunks) sink.write(chunk);
  sink.commit();
}

/** Bytes that differ from place to place. */
function bytes(length: number, seed = 7): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * seed + (index >> 8)) & 0xff));
}

function sinkIn(context: TestContext, options: Partial<FileSinkOptions> = {}) {
  const folder = temporaryFolder(context);
  return { folder, path: join(folder, 'a'), sink: new FileSink(join(folder, 'a'), { ...OPTIONS, ...options }) };
}

describe('a file', () => {
  for (const existing of ['refuse', 'overwrite'] as const) {
    for (const sizes of [
      [],
      [1],
      [0, 5, 9],
      [65_536],
      [65_536, 1],
      [65_537],
      [200_000, 3],
      [40_000, 40_000, 40_000],
      [1, 300_000],
    ]) {
      test(`of chunks of ${sizes.join(', ') || 'nothing'} is whole, and alone in its folder (${existing})`, (context) => {
        const { folder, path, sink } = sinkIn(context, { existing });
        const chunks = sizes.map((size, index) => bytes(size, index + 3));
        // As the engine does: the memory of a chunk is used again.
        const memory = Buffer.alloc(300_000);
        sink.begin(response(0), JOB);
        for (const chunk of chunks) {
          chunk.copy(memory);
          sink.write(memory.subarray(0, chunk.length));
        }
        assert.equal(existsSync(path), false);
        assert.equal(sink.written, false);
        sink.commit();
        assert.equal(sink.written, true);
        assert.deepEqual(readFileSync(path), Buffer.concat(chunks));
        assert.deepEqual(namesIn(folder), ['a']);
      });
    }
  }

  test('that is there is not overwritten, unless it may be', (context) => {
    const { folder, path, sink } = sinkIn(context);
    for (const size of [5, 100_000]) {
      writeFileSync(path, 'mine');
      assert.throws(() => put(sink, bytes(size)), {
        name: 'LocalFileError',
        message: `${path}: file already exists`,
        path,
      });
      assert.equal(sink.written, false);
      assert.equal(readFileSync(path, 'utf8'), 'mine');
      assert.deepEqual(namesIn(folder), ['a']);
      put(new FileSink(path, { ...OPTIONS, existing: 'overwrite' }), bytes(size));
      assert.deepEqual(readFileSync(path), bytes(size));
    }
  });

  test('is begun anew for each attempt', (context) => {
    const { folder, path, sink } = sinkIn(context);
    for (const size of [10, 150_000]) {
      sink.begin(response(10), JOB);
      sink.write(bytes(size, 9));
      sink.abandon();
      sink.abandon();
      assert.deepEqual(namesIn(folder), []);
    }
    sink.begin(response(10), JOB);
    sink.write(bytes(100_000, 9));
    // Without abandon().
    put(sink, Buffer.from('whole'));
    assert.equal(readFileSync(path, 'utf8'), 'whole');
    assert.deepEqual(namesIn(folder), ['a']);
  });

  test('is left alone by a 304', (context) => {
    const { path, sink } = sinkIn(context, { existing: 'overwrite' });
    writeFileSync(path, 'mine');
    sink.begin(responseWith({ status: 304 }), JOB);
    sink.commit();
    assert.equal(readFileSync(path, 'utf8'), 'mine');
    assert.equal(sink.written, false);
  });

  test('in a folder that is not there makes it', (context) => {
    const { folder } = sinkIn(context);
    const path = join(folder, 'x', 'y', 'z');
    put(new FileSink(path, OPTIONS), bytes(3));
    assert.deepEqual(readFileSync(path), bytes(3));
  });

  test('with a name of 255 bytes has a temporary name that fits', (context) => {
    const { folder } = sinkIn(context);
    const path = join(folder, '漢'.repeat(85));
    put(new FileSink(path, OPTIONS), bytes(100_000));
    assert.deepEqual(namesIn(folder), ['漢'.repeat(85)]);
  });

  test('gets the time of Last-Modified if that is asked for and plausible', (context) => {
    const { folder } = sinkIn(context);
    const time = (name: string, value: string | undefined, remoteTime = true): number => {
      const sink = new FileSink(join(folder, name), { ...OPTIONS, remoteTime });
      sink.begin(response(1, { 'Last-Modified': value }), JOB);
      sink.write(bytes(1));
      sink.commit();
      return statSync(sink.path).mtimeMs;
    };
    assert.equal(time('a', 'Tue, 15 Nov 1994 12:45:26 GMT'), Date.UTC(1994, 10, 15, 12, 45, 26));
    const before = Date.now() - 5000;
    const bad = [
      '0',
      'junk',
      '1',
      'Thu, 01 Jan 1970 00:00:00 GMT',
      'Tue, 15 Nov 2994 12:45:26 GMT',
      'Tue, 45 Nov 1994 12:45:26 GMT',
    ];
    for (const [index, value] of [...bad, undefined].entries()) assert.ok(time(`b${index}`, value) > before, value);
    assert.ok(time('c', 'Tue, 15 Nov 1994 12:45:26 GMT', false) > before);
  });
});

test('a file that replaces another one has its mode', (context) => {
  const path = join(temporaryFolder(context), 'a');
  writeFileSync(path, 'old', { mode: 0o600 });
  const sink = new FileSink(path, { existing: 'overwrite', remoteTime: false });
  sink.begin(responseWith(), JOB);
  sink.write(Buffer.from('new'));
  sink.commit();
  assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['new', 0o600]);
});

describe('symbolic links', () => {
  test('of the final name are replaced, never followed', (context) => {
    const { folder, path } = sinkIn(context);
    writeFileSync(join(folder, 'target'), 'mine');
    symlinkSync('target', path);
    assert.throws(() => put(new FileSink(path, OPTIONS), bytes(3)), LocalFileError);
    put(new FileSink(path, { ...OPTIONS, existing: 'overwrite' }), bytes(3));
    assert.deepEqual(readFileSync(path), bytes(3));
    assert.equal(readFileSync(join(folder, 'target'), 'utf8'), 'mine');
  });

  test('that lead out of the directory are refused', (context) => {
    const { folder } = sinkIn(context);
    const directory = join(folder, 'in');
    mkdirSync(join(folder, 'out'));
    mkdirSync(directory);
    symlinkSync('../out', join(directory, 'link'));
    for (const path of [join(directory, 'link', 'a'), join(directory, 'link', 'b', 'a')]) {
      assert.throws(() => put(new FileSink(path, { ...OPTIONS, directory }), bytes(3)), /leads out of the directory/);
    }
    assert.deepEqual(namesIn(join(folder, 'out')), []);
  });
});

describe('an error of the file system', () => {
  const full = (): never => {
    throw systemError('ENOSPC', 'no space left on device', 'write');
  };

  for (const [what, size] of [
    ['small', 10],
    ['large', 200_000],
  ] as const) {
    test(`in a write of a ${what} file leaves nothing, and says what it is about`, (context) => {
      const { folder, path, sink } = sinkIn(context);
      replaced(context, 'writeSync', full);
      assert.throws(
        () => put(sink, bytes(size)),
        (error: LocalFileError) =>
          error.message === `${path}: no space left on device` &&
          error.path === path &&
          error.code === 'ENOSPC' &&
          error instanceof LocalFileError,
      );
      assert.equal(sink.written, false);
      assert.deepEqual(namesIn(folder), []);
    });

    test(`in the close of a ${what} file leaves nothing`, (context) => {
      const { folder, sink } = sinkIn(context);
      const { closeSync } = fs;
      const late = (fd: number): never => {
        closeSync(fd);
        throw systemError('EIO', 'i/o error', 'close');
      };
      const { restore } = replaced(context, 'closeSync', late);
      assert.throws(() => put(sink, bytes(size)), /: i\/o error$/);
      restore();
      assert.deepEqual(namesIn(folder), []);
      put(sink, bytes(size));
      assert.deepEqual(namesIn(folder), ['a']);
    });

    test(`in the renaming of a ${what} file leaves nothing`, (context) => {
      const { folder, path } = sinkIn(context);
      mkdirSync(path);
      assert.throws(() => put(new FileSink(path, { ...OPTIONS, existing: 'overwrite' }), bytes(size)), LocalFileError);
      assert.deepEqual(namesIn(folder), ['a']);
    });
  }

  test('does not matter for the time', (context) => {
    const { path, sink } = sinkIn(context, { remoteTime: true });
    replaced(context, 'futimesSync', full);
    sink.begin(response(0, { 'Last-Modified': 'Tue, 15 Nov 1994 12:45:26 GMT' }), JOB);
    sink.commit();
    assert.ok(existsSync(path));
  });

  test('in a folder that cannot be made names it', (context) => {
    const { folder, path } = sinkIn(context);
    writeFileSync(path, '');
    const sink = new FileSink(join(path, 'b', 'c'), OPTIONS);
    assert.throws(() => sink.begin(response(0), JOB), { message: `${join(folder, 'a', 'b')}: not a directory` });
  });
});

describe('removeTemporaries', () => {
  test('removes what is not complete', (context) => {
    const { folder, path, sink } = sinkIn(context);
    const other = new FileSink(`${path}b`, OPTIONS);
    for (const each of [sink, other]) {
      each.begin(response(1_000_000), JOB);
      each.write(bytes(100_000));
    }
    assert.equal(namesIn(folder).length, 2);
    assert.match(namesIn(folder)[0] ?? '', /^\.a\.[0-9a-z]+-[0-9a-z]+\.tmp$/);
    removeTemporaries();
    removeTemporaries();
    assert.deepEqual(namesIn(folder), []);
    put(sink, bytes(3));
    assert.deepEqual(namesIn(folder), ['a']);
  });
});
