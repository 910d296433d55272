/** The file of a trace, and the form of its lines. (What the environment says is in test/client/wire-trace.test.ts.) */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, test } from 'node:test';
import { escapedBytes, fileSink } from '../../src/io/trace-output.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The warnings of what `action` does. */
async function warningsOf(action: () => void): Promise<string[]> {
  const warnings: string[] = [];
  const note = (warning: Error & { code?: string }) => void warnings.push(`${warning.code} ${warning.message}`);
  process.on('warning', note);
  action();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  return warnings;
}

describe('the file of a trace', () => {
  test('is new, for its owner alone; then it is added to', async (context) => {
    const path = `${temporaryFolder(context)}/trace.txt`;
    assert.deepEqual(await warningsOf(() => fileSink(path)(['one', 'two'])), []);
    assert.deepEqual(await warningsOf(() => fileSink(path)(['three'])), []);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(
      readFileSync(path, 'utf8'),
      ['one', 'two', 'three'].map((line) => `${process.pid} ${line}\n`).join(''),
    );
  });

  test('is not used, with one warning, if others can read it, or if it is no regular file', async (context) => {
    const folder = temporaryFolder(context);
    const at = (name: string) => `${folder}/${name}`;
    writeFileSync(at('wide'), 'kept\n');
    chmodSync(at('wide'), 0o640);
    writeFileSync(at('target'), 'kept\n', { mode: 0o600 });
    symlinkSync(at('target'), at('link'));
    writeFileSync(at('first'), 'kept\n', { mode: 0o600 });
    linkSync(at('first'), at('second'));
    mkdirSync(at('folder'));
    execFileSync('mkfifo', ['-m', '600', at('fifo')]);
    const cases: readonly [path: string, reason: RegExp][] = [
      [at('wide'), /it is not for its owner alone: change its mode to 0600, or remove it$/],
      [at('link'), /ELOOP/],
      [at('second'), /it has several names$/],
      [at('folder'), /EISDIR/],
      [at('fifo'), /ENXIO/],
      ['/dev/full', /it is no regular file$/],
      [at('none/trace.txt'), /ENOENT/],
    ];
    for (const [path, reason] of cases) {
      const warnings = await warningsOf(() => {
        const sink = fileSink(path);
        sink(['one']);
        sink(['two']);
      });
      assert.equal(warnings.length, 1, path);
      assert.ok(
        warnings[0]?.startsWith(`DUGONG_TRACEFILE DUGONG_TRACEFILE: nothing is written to ${path}: `),
        warnings[0],
      );
      assert.match(warnings[0] ?? '', reason);
    }
    for (const name of ['wide', 'target', 'first']) assert.equal(readFileSync(at(name), 'utf8'), 'kept\n');
  });

  test('may be closed by the program', async (context) => {
    const path = `${temporaryFolder(context)}/trace.txt`;
    const warnings = await warningsOf(() => {
      const descriptor = openSync('/dev/null', 'r');
      closeSync(descriptor);
      const sink = fileSink(path);
      closeSync(descriptor);
      sink(['one']);
      sink(['two']);
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /EBADF/);
  });
});

test('what is shown of bytes is printable ASCII, of bounded length', () => {
  assert.equal(escapedBytes('a\\b\r\n\t\0\x1b\x7f\x9b\xe9'), 'a\\\\b\\r\\n\\t\\x00\\x1b\\x7f\\x9b\\xe9');
  assert.equal(escapedBytes('x'.repeat(8000)), 'x'.repeat(8000));
  assert.equal(escapedBytes('x'.repeat(9000)), `${'x'.repeat(8000)}... (1000 bytes more)`);
  assert.equal(escapedBytes('\0'.repeat(9000)), `${'\\x00'.repeat(2000)}... (7000 bytes more)`);
});
