import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { NoAnswer, type ServerThread, serverThread } from './server-thread.ts';

interface EchoCalls {
  echo(value: string): string;
  later(value: string): Promise<string>;
  fail(value: string): never;
  sleepForEver(value: string): Promise<void>;
  die(value: string): void;
}

const folder = mkdtempSync(join(tmpdir(), 'dugong-thread-'));
after(() => rmSync(folder, { recursive: true }));

function thread(name: string, source: string): ServerThread<EchoCalls> {
  const path = join(folder, `${name}.mts`);
  writeFileSync(path, source);
  return serverThread<EchoCalls>(pathToFileURL(path));
}

const echoSource = `
  import { answerCalls } from ${JSON.stringify(new URL('./server-thread.ts', import.meta.url).href)};
  answerCalls({
    echo: (value: string) => value,
    later: (value: string) => new Promise((resolve) => setImmediate(resolve, value)),
    fail: (value: string) => { throw new RangeError(value); },
    sleepForEver: () => new Promise(() => {}),
    die: (value: string) => { setImmediate(() => { throw new Error(value); }); },
  });`;

describe('a server thread', () => {
  const echo = thread('echo', echoSource);

  test('answers a call that blocks, one that does not, and both at once', async () => {
    assert.equal(echo.call('echo', 'a'), 'a');
    assert.equal(await echo.callAsync('later', 'b'), 'b');
    const later = echo.callAsync('later', 'c');
    assert.equal(echo.call('later', 'd'), 'd');
    assert.equal(await later, 'c');
  });

  test('throws at the caller what the call has thrown', async () => {
    assert.throws(() => echo.call('fail', 'too far'), /too far/);
    await assert.rejects(echo.callAsync('fail', 'too far'), /too far/);
  });

  test('is given up after the time limit and goes on answering', async () => {
    assert.throws(() => echo.call('sleepForEver', '', 20), NoAnswer);
    await assert.rejects(echo.callAsync('sleepForEver', '', 20), NoAnswer);
    assert.equal(echo.call('echo', 'still here'), 'still here');
  });

  test('is one for all users of a module', () => {
    assert.equal(serverThread<EchoCalls>(pathToFileURL(join(folder, 'echo.mts'))), echo);
  });

  test('that dies fails the calls under way and all further ones', async () => {
    const mortal = thread('mortal', echoSource);
    const waiting = assert.rejects(mortal.callAsync('sleepForEver', ''), /the server thread has died: Error: told to/);
    mortal.call('die', 'told to');
    assert.throws(() => mortal.call('sleepForEver', ''), /the server thread has died: Error: told to/);
    await waiting;
  });

  test('whose module cannot be loaded fails the first call with the reason', () => {
    const broken = thread('broken', `import './no-such-file.ts';`);
    assert.throws(() => broken.call('echo', 'a'), /the server thread has died: [\s\S]*no-such-file/);
  });
});
