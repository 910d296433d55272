import assert from 'node:assert/strict';
import { existsSync, mkdirSync, realpathSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareFolder } from '../../src/cli/folders.ts';
import { LocalFileError } from '../../src/cli/local-file.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';

test('folders are made, inside the directory too', (context) => {
  const folder = temporaryFolder(context);
  prepareFolder(join(folder, 'a', 'b', 'file'), undefined);
  prepareFolder(join(folder, 'c', 'd', 'file'), join(folder, 'c'));
  assert.ok(existsSync(join(folder, 'a', 'b')) && existsSync(join(folder, 'c', 'd')));
});

test('a folder is looked at once', (context) => {
  const folder = join(temporaryFolder(context), 'a');
  prepareFolder(join(folder, 'one'), folder);
  rmdirSync(folder);
  prepareFolder(join(folder, 'two'), folder);
  assert.equal(existsSync(folder), false);
});

test('a directory may itself be reached through a link', (context) => {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  prepareFolder(join(folder, 'link', 'a', 'file'), join(folder, 'link'));
  assert.ok(existsSync(join(folder, 'real', 'a')));
});

test('a link that stays inside may be used, and one that leads out, also to a name that begins alike, may not', (context) => {
  const folder = temporaryFolder(context);
  const directory = join(folder, 'in');
  for (const name of ['in', 'in/a', 'in2']) mkdirSync(join(folder, name));
  symlinkSync('a', join(directory, 'inside'));
  symlinkSync('../in2', join(directory, 'outside'));
  symlinkSync('../none', join(directory, 'dangling'));
  prepareFolder(join(directory, 'inside', 'x', 'file'), directory);
  const leading = {
    message: `${join(directory, 'outside')}: a symbolic link leads out of the directory, to ${realpathSync(join(folder, 'in2'))}`,
  };
  assert.throws(() => prepareFolder(join(directory, 'outside', 'x', 'file'), directory), leading);
  assert.throws(() => prepareFolder(join(directory, 'dangling', 'file'), directory), LocalFileError);
  assert.throws(() => prepareFolder(join(directory, '..', 'file'), directory), {
    message: `${folder}: it is not in ${realpathSync(directory)}`,
  });
  assert.deepEqual([namesIn(join(folder, 'in2')), existsSync(join(folder, 'none'))], [[], false]);
});

test('a file in place of a folder is named', (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'a'), '');
  assert.throws(() => prepareFolder(join(folder, 'a', 'file'), undefined), {
    message: `${join(folder, 'a')}: file already exists`,
  });
});
