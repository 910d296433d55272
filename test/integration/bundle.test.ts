/** dist/ as published (build.ts): what bundling must leave as it is. What the modules do, their own tests say. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repository } from '../support/compiled.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import { thrownBy } from '../support/waiting.ts';

const dist = join(repository, 'dist');

function entry(path: string): Promise<Record<string, unknown>> {
  return import(pathToFileURL(join(dist, path)).href);
}

describe('the bundled package', () => {
  test('has one copy of each class, with its name, in all entries', async () => {
    const library = await entry('index.js');
    const { ConnectionClosed } = await entry('http1/index.js');
    assert.equal(ConnectionClosed, library['ConnectionClosed']);
    const names = Object.entries(library).filter(([name]) => /^[A-Z][a-z]|^HTTP|^TLS[A-Z][a-z]/.test(name));
    assert.ok(names.length > 20);
    for (const [name, value] of names) assert.equal((value as { name: string }).name, name);
    const { fetchSync } = (await entry('sync/index.js')) as typeof import('../../src/sync/index.ts');
    const server = startScriptedServer([]);
    server.stop();
    const error = thrownBy(() => fetchSync(`http://${server.authority}/`));
    assert.ok(error instanceof (library['SystemError'] as new () => Error), String(error));
  });

  test('shows the caller in the stack of an error', async () => {
    const { HTTPConnection } = (await entry('index.js')) as typeof import('../../src/index.ts');
    using connection = new HTTPConnection('127.0.0.1', { port: 1 });
    function caller(): void {
      connection.connect();
    }
    const { stack = '' } = thrownBy(caller) as Error;
    const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
    assert.ok(frames.filter((line) => line.includes('/dist/')).length <= 3, stack);
    assert.match(stack, /at caller /);
  });

  test('has maps that lead to the sources', () => {
    const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js.map'));
    assert.ok(maps.length > 6);
    for (const path of maps) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(join(dist, path), 'utf8')) as Record<
        string,
        string[]
      >;
      assert.equal(sourcesContent?.length, sources?.length);
      for (const source of sources ?? []) {
        const file = resolve(dist, dirname(path), source);
        assert.ok(file.startsWith(join(repository, 'src')) && existsSync(file), `${path}: ${source}`);
      }
    }
  });
});
