import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { serveDocuments } from '../../src/cli/demo-server.ts';
import { inThisForm, loaderOptions, repository } from '../support/compiled.ts';
import { environmentWithoutProxies } from '../support/run-program.ts';
import { timeLimit } from '../support/time-limit.ts';
import { consoleBlocks } from './console-blocks.ts';

const DOCUMENT = 'docs/command.md';
const blocks = consoleBlocks(DOCUMENT);

describe(`the shell commands in ${DOCUMENT}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-console-'));
  const work = join(folder, 'work');
  const bin = join(folder, 'bin');
  let server: Server;
  let port = '';
  before(async () => {
    for (const each of [work, bin]) mkdirSync(each);
    const program = [process.execPath, ...loaderOptions, join(repository, inThisForm('src/cli/main.ts'))];
    // The loader is found from the repository only.
    const words = program.map((word) => `'${word === 'tsx' ? import.meta.resolve('tsx') : word}'`).join(' ');
    writeFileSync(join(bin, 'dugong'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
    const served = await serveDocuments(300, 0);
    server = served.server;
    port = new URL(served.origin).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('are found', () => assert.ok(blocks.length >= 10));

  for (const { name, script, prints } of blocks) {
    test(`print what it says: ${name}`, async () => {
      const here = (line: string): string => line.replaceAll(/\b8080\b/g, port);
      const env = { ...environmentWithoutProxies(), HOME: work, PATH: `${bin}${delimiter}${process.env.PATH}` };
      const child = spawn('bash', ['-c', `exec 2>&1\n${here(script)}`], {
        cwd: work,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: timeLimit(60_000),
      });
      const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      const lines = output === '' ? [] : output.trimEnd().split('\n');
      const shown = lines.map((line, index) =>
        matches(line, here(prints[index] ?? '')) ? here(prints[index] ?? '') : line,
      );
      assert.deepEqual(shown, prints.map(here));
    });
  }
});

/** `...` in `pattern` is any text. */
function matches(line: string, pattern: string): boolean {
  const parts = pattern.split('...').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(line);
}
