/**
 * Does things on connections, for the tests of their trace: the environment says where the trace goes.
 *
 *     wire-trace-program.ts SCENARIO PORT [ARGUMENT]
 */

import { Worker } from 'node:worker_threads';
import { type Coroutine, createFetch, HTTPConnection, Transfer } from '../../src/index.ts';
import { fetchSync } from '../../src/sync/index.ts';
import { waysWithLoop } from '../support/waiting.ts';

const [scenario = '', port = '', argument = ''] = process.argv.slice(2);
const server = { hostname: '127.0.0.1', port: Number(port) };
const origin = `http://127.0.0.1:${port}`;

function connection(options: object = {}, hostname: string = server.hostname): HTTPConnection {
  return new HTTPConnection(hostname, { port: server.port, ...options });
}

/** Three requests, the responses of which come behind an informational one. */
function* coMessages(): Coroutine<void> {
  using to = connection();
  const headers = { Authorization: 'Bearer s3cret', 'X-From': 'http://user:s3cret@h.example/' };
  yield* to.coSendRequest('GET', '/a?q=1', { headers });
  yield* to.coSendRequest('POST', '/b', { body: 'password=s3cret' });
  yield* to.coSendRequest('PUT', '/c', { body: ['abc', 'de'].map((piece) => Buffer.from(piece)) });
  yield* to.coReadResponse();
  yield* to.coReadAll();
  yield* to.coReadResponse();
  yield* to.coDiscard();
  yield* to.coReadResponse();
  const target = Buffer.alloc(100_000);
  let length = 0;
  while (length < 50_000) length += yield* to.coReadInto(target.subarray(length));
}

function blockedGet(path: string, options: object = {}, hostname?: string): void {
  using to = connection({ timeout: 20_000, ...options }, hostname);
  try {
    to.sendRequest('GET', path);
    to.readResponse();
    to.readAll();
  } catch (error) {
    process.stdout.write(`${(error as Error).name}\n`);
  }
}

/** This program, in the form that it has. */
const IN_THREAD = `(async () => {
  ${import.meta.url.endsWith('.ts') ? `(await import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))})).register();` : ''}
  await import(${JSON.stringify(import.meta.url)});
})()`;

const scenarios: Readonly<Record<string, () => void | Promise<void>>> = {
  /** In each way of waiting. */
  messages: async () => {
    for (const { run } of waysWithLoop) await run(coMessages());
  },
  /** As often as the argument says; each connection gets another response, or none. */
  responses: () => {
    for (let count = 0; count < Number(argument); count++) blockedGet('/x');
  },
  upgrade: () => {
    using to = connection();
    to.sendRequest('GET', '/echo', { upgrade: 'echo' });
    to.readResponse();
    to.writeRaw(Buffer.from('s3cret'));
    to.readRaw(100);
  },
  layers: async () => {
    fetchSync(`${origin}/sync`).text();
    const fetch = createFetch();
    await (await fetch(`${origin}/fetch`)).text();
    await fetch.closeIdleConnections();
    for await (const _ of new Transfer().promises.run([{ url: `${origin}/bulk` }]));
  },
  tunnel: () => blockedGet('/inside', JSON.parse(argument)),
  unreachable: () => {
    const lookup = () => ['127.0.0.2', '127.0.0.3'];
    blockedGet('/', { lookup, attemptDelay: 20_000 }, 'server.example');
  },
  workers: async () => {
    const argv = ['responses', port, argument];
    const threads = [1, 2, 3].map(() => new Worker(IN_THREAD, { eval: true, execArgv: [], argv }));
    await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve))));
  },
};

await scenarios[scenario]?.();
