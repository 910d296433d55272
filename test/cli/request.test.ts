/** What the command sends: the fields and the body, byte by byte. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Given } from '../../src/cli/given.ts';
import { Interruption } from '../../src/cli/interruption.ts';
import { requestForm } from '../../src/cli/request.ts';
import { repository } from '../support/compiled.ts';
import { ok } from '../support/messages.ts';
import { environmentWithoutProxies, type ProgramOptions, runProgram } from '../support/run-program.ts';
import { expect, expectHead, type Script, send, startScriptedServer } from '../support/scripted-server.ts';

const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };

/** The head of the one request that `dugong ...args URL` sends. */
async function head(args: readonly string[]): Promise<string> {
  return (await sent(args, [expectHead()])).head;
}

async function sent(
  args: readonly string[],
  expected: Script,
  options: ProgramOptions = {},
): Promise<{ head: string; all: Buffer }> {
  using server = startScriptedServer([[...expected, send(ok('x'))]]);
  const env = environmentWithoutProxies();
  const result = await runProgram('src/cli/main.ts', [...args, `http://${server.authority}/`], { env, ...options });
  assert.equal(result.stderr, '');
  assert.equal(result.status, 0);
  server.check();
  return { head: server.heads()[0] ?? '', all: server.received() };
}

describe('a request of dugong', () => {
  test('names the program and takes anything, unless told otherwise', async () => {
    assert.match(await head([]), new RegExp(`\r\nUser-Agent: dugong/${version}\r\nAccept: \\*/\\*\r\n`));
    const own = await head(['-H', 'user-agent: me', '-H', 'ACCEPT: text/html']);
    assert.match(own, /\r\nuser-agent: me\r\nACCEPT: text\/html\r\n/);
    assert.doesNotMatch(own, /dugong|\*/);
  });

  test('has no field that was taken away, and an empty one that was asked for [curl(1), --header]', async () => {
    const given = await head(['-H', 'User-Agent:', '-H', 'Accept;', '-H', 'X-Empty;', '-H', 'X-None: ']);
    assert.doesNotMatch(given, /User-Agent|X-None|\*/i);
    assert.match(given, /\r\nAccept: *\r\n/);
    assert.match(given, /\r\nX-Empty: *\r\n/);
  });

  test('has Accept-Encoding as it was given, also empty', async () => {
    assert.match(await head(['-H', 'accept-encoding: x']), /\r\naccept-encoding: x\r\n/);
    const empty = await head(['-H', 'Accept-Encoding;']);
    assert.match(empty, /\r\nAccept-Encoding: *\r\n/);
    assert.doesNotMatch(empty, /identity/);
  });

  test('has fields as the bytes that were typed', async () => {
    const given = await head(['-H', 'X-Name: Jürgen \u{1f600}']);
    assert.equal(/X-Name: (.*)\r/.exec(given)?.[1], Buffer.from('Jürgen \u{1f600}').toString('latin1'));
  });

  test('has the body that comes on standard input', async () => {
    const body = Buffer.from([0, 255, 13, 10, ...Buffer.from('from stdin')]);
    const { all, head } = await sent(['--data-binary', '@-'], [expectHead(), expect(body)], { input: body });
    assert.match(head, /^POST [\s\S]*\r\nContent-Length: 14\r\n/);
    assert.deepEqual(all.subarray(-14), body);
  });

  test('has a file as it is, but for -d: without CR, LF and NUL [curl(1), --data]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dugong-request-'));
    try {
      const file = join(folder, 'body');
      writeFileSync(file, 'a\r\nb\0\xff\n', 'latin1');
      const bodyOf = async (given: Given): Promise<string | undefined> => {
        using interruption = new Interruption();
        return (await requestForm(given, { version, interruption })).body?.toString('latin1');
      };
      assert.equal(await bodyOf({ data: [`@${file}`, 'c\n'] }), 'ab\xff&c\n');
      assert.equal(await bodyOf({ dataBinary: [`@${file}`, 'c\n'] }), 'a\r\nb\0\xff\n&c\n');
      assert.equal(await bodyOf({ json: [`@${file}`, 'c\n'] }), 'a\r\nb\0\xff\nc\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
