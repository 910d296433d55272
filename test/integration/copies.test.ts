/** The package more than once in one process: installed twice, or dist/ twice over one addon. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repository } from '../support/compiled.ts';

/** As a user's program would be: in JavaScript, outside of this repository. */
const program = `
import { isMainThread, Worker } from 'node:worker_threads';
const [first, second, port] = process.argv.slice(2);
const copies = [await import(first), await import(second)];
async function get({ HTTPConnection }) {
  const connection = new HTTPConnection('127.0.0.1', { port: Number(port) });
  const { promises } = connection;
  await promises.sendRequest('GET', '/');
  await promises.readResponse();
  const awaited = await promises.readText();
  connection.sendRequest('GET', '/');
  connection.readResponse();
  const both = awaited + connection.readText();
  connection.disconnect();
  return both;
}
const [one, two] = copies;
const bodies = [...(await Promise.all(copies.map(get))), await get(one)];
// A time that the other copy waits for, begun later and much longer, holds up none.
const tooLong = setTimeout(() => process.exit(3), 60_000);
const slept = [];
for (const [short, long] of [[one, two], [two, one]]) {
  const controller = new AbortController();
  const soon = new short.AioFuture(short.coSleep(50));
  const late = new long.AioFuture(long.coSleep(1_000_000), { signal: controller.signal });
  await soon;
  controller.abort(new Error('aborted'));
  slept.push(await late.catch((error) => error.message));
}
clearTimeout(tooLong);
let message;
try {
  one.runBlocking(two.coSleep(1000));
} catch (error) {
  message = error.message;
}
console.log(JSON.stringify({ same: one.PollNeeded === two.PollNeeded, bodies, slept, message }));
if (isMainThread) {
  new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
}
`;

describe('two copies of the package in one process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-copies-'));
  const server = createServer((_request, response) => response.end('x'));
  const addon = join(repository, 'native/build/Release/dugong.node');

  before(async () => {
    writeFileSync(join(folder, 'program.mjs'), program);
    for (const name of ['a', 'b']) {
      const root = join(folder, name, 'node_modules', 'dugong');
      mkdirSync(join(root, 'native/build/Release'), { recursive: true });
      cpSync(join(repository, 'dist'), join(root, 'dist'), { recursive: true });
      cpSync(join(repository, 'package.json'), join(root, 'package.json'));
      cpSync(addon, join(root, 'native/build/Release/dugong.node'));
    }
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function run(env: NodeJS.ProcessEnv): Promise<unknown[]> {
    const urls = ['a', 'b'].map((name) => pathToFileURL(join(folder, name, 'node_modules/dugong/dist/index.js')).href);
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [join(folder, 'program.mjs'), ...urls, `${port}`], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = (await text(child.stdout)).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line));
  }

  for (const [how, env] of [
    ['each with its addon', {}],
    ['over one addon', { DUGONG_ADDON: addon }],
  ] as const) {
    test(`work both, ${how}, in the main thread and in a worker; one does not run coroutines of the other`, async () => {
      const message =
        'the coroutine yielded a PollNeeded of another copy of dugong: run it by what that copy exports, or install one only';
      const expected = { same: false, bodies: ['xx', 'xx', 'xx'], slept: ['aborted', 'aborted'], message };
      // The server is in this thread, which goes on meanwhile.
      assert.deepEqual(await run(env), [expected, expected]);
    });
  }
});
