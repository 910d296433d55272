import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type SingleExecutable, singleExecutable, unpackedAsset } from '../../src/io/single-executable.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';

const content = Buffer.from('an addon');
const executable: SingleExecutable = { folder: '/', asset: () => content };

/** What is done in a folder that is the one for temporary files meanwhile. */
function inFolder(context: TestContext, action: (folder: string) => void): void {
  const { TMPDIR: before } = process.env;
  const folder = temporaryFolder(context);
  process.env['TMPDIR'] = folder;
  try {
    action(folder);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

describe('the asset of a single executable', () => {
  test('is no asset of a program of files', () => assert.equal(singleExecutable(), undefined));

  test('becomes a file that only its user can read and run, once', (context) => {
    inFolder(context, (folder) => {
      const path = unpackedAsset(executable, 'x.node');
      const { mode, ino } = statSync(path);
      assert.equal(mode & 0o777, 0o500);
      assert.deepEqual(readFileSync(path), content);
      assert.equal(unpackedAsset(executable, 'x.node'), path);
      assert.equal(statSync(path).ino, ino);
      assert.deepEqual(namesIn(folder), [basename(path)]);
    });
  });

  test('has another path if it is another one', (context) => {
    inFolder(context, () => {
      const other = unpackedAsset({ folder: '/', asset: () => Buffer.from('another addon') }, 'x.node');
      assert.notEqual(other, unpackedAsset(executable, 'x.node'));
    });
  });

  for (const [what, spoil] of [
    ['is another file', (path: string): void => writeFileSync(path, 'foreign')],
    ['others can write', (path: string): void => chmodSync(path, 0o777)],
    ['is a link', (path: string, folder: string): void => symlinkSync(join(folder, 'target'), path)],
  ] as const) {
    test(`replaces a file of its name that ${what}`, (context) => {
      inFolder(context, (folder) => {
        const path = unpackedAsset(executable, 'x.node');
        if (what !== 'others can write') unlinkSync(path);
        writeFileSync(join(folder, 'target'), content);
        spoil(path, folder);
        assert.equal(unpackedAsset(executable, 'x.node'), path);
        assert.ok(statSync(path).isFile());
        assert.equal(statSync(path).mode & 0o777, 0o500);
        assert.deepEqual(readFileSync(path), content);
        assert.deepEqual(namesIn(folder), [basename(path), 'target'].sort());
      });
    });
  }

  test('is a file of this process alone where something of its name cannot be replaced', (context) => {
    inFolder(context, (folder) => {
      const path = unpackedAsset(executable, 'x.node');
      unlinkSync(path);
      mkdirSync(path);
      const other = unpackedAsset(executable, 'x.node');
      assert.notEqual(other, path);
      assert.equal(dirname(dirname(other)), folder);
      assert.deepEqual(readFileSync(other), content);
    });
  });

  test('has an absolute path, also where that of the temporary folder is relative', (context) => {
    inFolder(context, (folder) => {
      process.env['TMPDIR'] = relative(process.cwd(), folder);
      assert.equal(dirname(unpackedAsset(executable, 'x.node')), folder);
    });
  });

  test('that is not there is an error', (context) => {
    inFolder(context, () => {
      const asset = (): never => {
        throw new Error('no such asset');
      };
      assert.throws(() => unpackedAsset({ folder: '/', asset }, 'x.node'), /no such asset/);
    });
  });
});
