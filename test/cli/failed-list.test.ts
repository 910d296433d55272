import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { LocalFileError } from '../../src/cli/local-file.ts';
import { FailedList } from '../../src/cli/report.ts';
import { responseWith } from '../support/http-response.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';
import { resultWith } from '../support/transfer-result.ts';

describe('the list of what failed', () => {
  test('has the lines of the input in its order, with reasons', (context) => {
    const folder = temporaryFolder(context);
    const path = join(folder, 'input');
    writeFileSync(path, 'http://h/0\nhttp://h/1\tout=x\nhttp://h/2\nhttp://h/3\n');
    const list = new FailedList(path);
    list.add(resultWith({ index: 3, outcome: 'aborted', response: undefined }), 'http://h/3');
    list.add(
      resultWith({ index: 1, outcome: 'missing', response: responseWith({ status: 404 }) }),
      'http://h/1\tout=x',
    );
    list.add(resultWith({ index: 2, outcome: 'failed', error: new Error('a\nhttp://evil/\x1b[2J') }), 'http://h/2');
    assert.match(readFileSync(path, 'utf8'), /^http:\/\/h\/0\n/);
    list.close();
    assert.deepEqual(readFileSync(path, 'utf8').split('\n'), [
      ...['# missing: 404 OK', 'http://h/1\tout=x'],
      ...['# failed: a\\x0ahttp://evil/\\x1b[2J', 'http://h/2'],
      ...['# aborted: no reason is known', 'http://h/3', ''],
    ]);
    assert.deepEqual(namesIn(folder), ['input']);
  });

  test('is empty if nothing failed', (context) => {
    const path = join(temporaryFolder(context), 'a');
    new FailedList(path).close();
    assert.equal(readFileSync(path, 'utf8'), '');
  });

  test('that cannot be written names its file', (context) => {
    const path = join(temporaryFolder(context), 'none', 'a');
    assert.throws(
      () => new FailedList(path).close(),
      (error) => error instanceof LocalFileError && error.path === path,
    );
  });
});
