/**
 * The program of a project that has installed dugong: requests in each way, by the library and by the command.
 *
 * Its arguments: the end of the addon's path, and the words of the command, if it is to run.
 */

import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { HTTPConnection } from 'dugong';
import { ClientProtocol } from 'dugong/http1';

const [addon, ...command] = process.argv.slice(2);
const server = fork(fileURLToPath(new URL('server.mjs', import.meta.url)));
const [port] = await once(server, 'message');
const connection = new HTTPConnection('127.0.0.1', { port });
connection.sendRequest('GET', '/blocking');
assert.equal(connection.readResponse().status, 200);
assert.equal(connection.readText(), 'you asked for /blocking');
if (process.versions.bun === undefined && process.versions.deno === undefined) {
  await connection.promises.sendRequest('GET', '/promises');
  await connection.promises.readResponse();
  assert.equal(await connection.promises.readText(), 'you asked for /promises');
} else {
  await assert.rejects(async () => connection.promises.sendRequest('GET', '/promises'), {
    code: 'DUGONG_NO_EVENT_LOOP',
  });
}
connection.disconnect();

const require = createRequire(import.meta.url);
assert.equal(require('dugong').HTTPConnection, HTTPConnection);
assert.equal(typeof ClientProtocol, 'function');
assert.equal(require('dugong/sync-fetch')(`http://127.0.0.1:${port}/fetch`).text(), 'you asked for /fetch');
assert.equal(
  require('dugong/sync-request')('GET', `http://127.0.0.1:${port}/get`).getBody('utf8'),
  'you asked for /get',
);
if (command.length > 0) {
  const [program, ...words] = command;
  const output = execFileSync(program, [...words, `http://127.0.0.1:${port}/command`]);
  assert.equal(output.toString(), 'you asked for /command');
}

// proc(5): what this process has mapped.
const loaded = new Set(readFileSync('/proc/self/maps', 'utf8').match(/\/\S+\.node$/gm));
assert.equal(loaded.size, 1, `these addons are loaded: ${[...loaded].join(', ')}`);
for (const path of loaded) assert.ok(path.endsWith(`/dugong/${addon}`), `${path} is loaded`);
server.disconnect();
