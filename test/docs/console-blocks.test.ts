import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
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

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const stored = new Set<string>();

/** What the document takes for granted at localhost:8080, beside the documents of the demo. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/hello': ({ url }, response) => response.end(`hello from ${url}\n`),
  '/old': (_, response) => response.writeHead(302, { Location: '/hello' }).end(),
  '/download': (_, response) =>
    response.writeHead(200, { 'Content-Disposition': 'attachment; filename="report.csv"' }).end('a,b\n'),
  '/login': (_, response) => response.writeHead(200, { 'Set-Cookie': 'session=1' }).end('welcome\n'),
  '/account': ({ headers }, response) => response.end(`cookies: ${headers.cookie ?? 'none'}\n`),
  '/private': ({ headers }, response) => {
    const expected = `Basic ${Buffer.from('ann:secret').toString('base64')}`;
    if (headers.authorization === expected) response.end('only for Ann\n');
    else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="a"' }).end();
  },
  '/form': (request, response) => {
    void text(request).then((body) => response.end(`${request.method} ${request.headers['content-type']} ${body}\n`));
  },
};

/** Takes files, none of them twice if the client asks for that. */
function take({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const refused = headers['if-none-match'] === '*' && stored.has(url);
  stored.add(url);
  response.writeHead(refused ? 412 : 201, { 'Content-Length': 0 }).end();
}

/** Puts the answers before those of the server of the demo. */
function extend(server: Server): void {
  const documents = server.listeners('request') as Answer[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'PUT') return void take(request.resume(), response);
    // A proxy gets the whole URL.
    const answer = ANSWERS[new URL(request.url ?? '', 'http://localhost').pathname];
    if (answer !== undefined) answer(request, response);
    else for (const each of documents) each(request, response);
  });
}

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
    extend(server);
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
