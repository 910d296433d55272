import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { dummyBytes, startDummyServer } from '../support/dummy-server.ts';
import { listen } from '../support/listen.ts';
import { type ProgramResult, runProgram } from '../support/run-program.ts';
import { expectHead, gate, mark, type Script, send, startScriptedServer } from '../support/scripted-server.ts';

const dummy = startDummyServer();
const origin = `http://${dummy.authority}`;
after(() => dummy.stop());

function assertPrinted(result: ProgramResult, stdout: string): void {
  assert.equal(result.stderr, '');
  assert.equal(result.stdout.toString(), stdout);
  assert.equal(result.status, 0);
}

/** Answers with `body`, but the second half of it only when the gate is open. */
function halfAtFirst(body: Buffer): Script {
  const half = body.length / 2;
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
  return [
    expectHead(),
    send(head),
    send(body.subarray(0, half)),
    mark('half'),
    gate('rest'),
    send(body.subarray(half)),
  ];
}

for (const example of ['select-loop.ts', 'aio-future.ts']) {
  describe(`examples/${example}`, () => {
    test('writes the document to standard output', async () => {
      for (const path of ['/send_200000_bytes', '/send_chunked?sizes=300,70000,1', '/send_0_bytes']) {
        const { status, stdout, stderr } = await runProgram(`examples/${example}`, [origin + path]);
        assert.equal(stderr, '');
        assert.equal(status, 0);
        const size = { '/send_200000_bytes': 200_000, '/send_0_bytes': 0 }[path] ?? 70_301;
        assert.deepEqual(stdout, dummyBytes(size));
      }
    });

    test('waits for what is not there yet', async () => {
      const body = dummyBytes(3_000_000);
      using server = startScriptedServer([halfAtFirst(body)]);
      const running = runProgram(`examples/${example}`, [`http://${server.authority}/`]);
      await server.reached('half');
      server.open('rest');
      const { status, stdout } = await running;
      assert.equal(status, 0);
      assert.deepEqual(stdout, body);
      server.check();
    });
  });
}

describe('examples/many-servers.ts', () => {
  test('asks all servers at once', async () => {
    const script = (body: string): Script => [
      expectHead(),
      mark('asked'),
      gate('answer'),
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    ];
    using a = startScriptedServer([script('one')]);
    using b = startScriptedServer([script('the other')]);
    const urls = [`http://${a.authority}/a?x=1`, `http://${b.authority}/b`];
    const running = runProgram('examples/many-servers.ts', urls);
    // None has been answered when both have been asked.
    await Promise.all([a.reached('asked'), b.reached('asked')]);
    b.open('answer');
    a.open('answer');
    assertPrinted(await running, `3 bytes from ${urls[0]}\n9 bytes from ${urls[1]}\n`);
    assert.match(a.heads()[0] ?? '', /^GET \/a\?x=1 HTTP\/1\.1\r\n/);
    a.check();
    b.check();
  });

  test('fails if a document is missing', async () => {
    const { status, stdout, stderr } = await runProgram('examples/many-servers.ts', [`${origin}/status/404`]);
    assert.equal(status, 1);
    assert.equal(stdout.toString(), '');
    assert.match(stderr, /Error: http:\/\/127\.0\.0\.1:\d+\/status\/404 has status 404/);
  });
});

for (const example of ['style-await-each-call.ts', 'style-wrap-once.ts']) {
  describe(`examples/${example}`, () => {
    test('prints the checksum of the document', async () => {
      for (const size of [0, 8192, 100_000]) {
        const url = `${origin}/send_${size}_bytes`;
        const sha256 = createHash('sha256').update(dummyBytes(size)).digest('hex');
        assertPrinted(await runProgram(`examples/${example}`, [url]), `${sha256}  ${url}\n`);
      }
    });
  });
}

describe('examples/own-event-loop.ts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-example-'));
  after(() => rmSync(folder, { recursive: true }));

  test('saves what exists, reports what is missing, and leaves no turn to the event loop of Node', async () => {
    const sizes = [3, 0, 150_000, 2_500_000, 8192];
    const paths = sizes.map((size) => `/send_${size}_bytes`);
    paths.splice(1, 0, '/status/404');
    paths.push('/nothing?here', '/send_chunked?sizes=10,20');
    const result = await runProgram('examples/own-event-loop.ts', [folder, ...paths.map((path) => origin + path)]);
    assertPrinted(
      result,
      "saved: 6\nmissing: /status/404\nmissing: /nothing?here\nturns of Node's event loop meanwhile: 0\n",
    );
    const documents = new Map([
      [0, 3],
      [2, 0],
      [3, 150_000],
      [4, 2_500_000],
      [5, 8192],
      [7, 30],
    ]);
    assert.deepEqual(
      readdirSync(folder).sort(),
      [...documents.keys()].map((index) => `doc_${index}.dat`),
    );
    for (const [index, size] of documents) {
      assert.deepEqual(readFileSync(join(folder, `doc_${index}.dat`)), dummyBytes(size));
    }
  });

  test('sends all requests before the first response, and waits blocked', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    using server = startScriptedServer([
      [expectHead(), expectHead(), expectHead(), mark('all sent'), gate('answer'), send(answer + answer), send(answer)],
    ]);
    const urls = ['/1', '/2', '/3'].map((path) => `http://${server.authority}${path}`);
    const running = runProgram('examples/own-event-loop.ts', [folder, ...urls]);
    await server.reached('all sent');
    server.open('answer');
    assertPrinted(await running, "saved: 3\nturns of Node's event loop meanwhile: 0\n");
    server.check();
  });

  test('takes documents of one server only', async () => {
    const { status, stderr } = await runProgram('examples/own-event-loop.ts', [
      folder,
      `${origin}/a`,
      'http://other/b',
    ]);
    assert.equal(status, 2);
    assert.match(stderr, /^usage: /);
  });
});

describe('examples/own-epoll-loop.ts', () => {
  test('drives a sender and a reader on each of several connections', async () => {
    using other = startDummyServer();
    const sizes = [3, 150_000, 0, 2_500_000, 8192];
    const urls = [dummy, other].flatMap(({ authority }) => [
      ...sizes.map((size) => `http://${authority}/send_${size}_bytes`),
      `http://${authority}/send_chunked?sizes=10,20`,
      `http://localhost:${authority.split(':')[1]}/status/404`,
    ]);
    const result = await runProgram('examples/own-epoll-loop.ts', urls);
    assert.equal(result.stderr, '');
    const lines = result.stdout.toString().trimEnd().split('\n');
    assert.equal(lines.pop(), "turns of Node's event loop meanwhile: 0");
    const expected = [dummy, other].flatMap(({ authority, port }) => [
      ...sizes.map((size) => `200 ${size} bytes from ${authority}/send_${size}_bytes`),
      `200 30 bytes from ${authority}/send_chunked?sizes=10,20`,
      `404 10 bytes from localhost:${port}/status/404`,
    ]);
    assert.deepEqual(lines.sort(), expected.sort());
  });

  test('waits, blocked, on all connections at once, each with all of its requests sent', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const script: Script = [expectHead(), expectHead(), mark('all sent'), gate('answer'), send(answer), send(answer)];
    using a = startScriptedServer([script]);
    using b = startScriptedServer([script]);
    const urls = [a, b].flatMap(({ authority }) => [`http://${authority}/1`, `http://${authority}/2`]);
    const running = runProgram('examples/own-epoll-loop.ts', urls);
    await Promise.all([a.reached('all sent'), b.reached('all sent')]);
    b.open('answer');
    a.open('answer');
    const { status, stdout } = await running;
    assert.equal(status, 0);
    assert.equal(stdout.toString().match(/^200 2 bytes from /gm)?.length, 4);
    a.check();
    b.check();
  });
});

describe('examples/many-connections-blocked.ts', () => {
  test('has 500 connections open at once, while its main thread is blocked', async () => {
    const waiting: ServerResponse[] = [];
    const connections = new Set<unknown>();
    // No request is answered before all have come.
    const server = createServer((request, response) => {
      connections.add(request.socket);
      if (waiting.push(response) === 500) for (const each of waiting) each.end('x'.repeat(1000));
    });
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    try {
      const result = await runProgram('examples/many-connections-blocked.ts', [`http://127.0.0.1:${port}/`, '500']);
      assertPrinted(result, "500 answers, 500000 bytes\nturns of Node's event loop meanwhile: 0\n");
      assert.equal(connections.size, 500);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('fails if one of the answers is missing', async () => {
    const { status, stderr } = await runProgram('examples/many-connections-blocked.ts', [`${origin}/status/404`, '3']);
    assert.equal(status, 1);
    assert.match(stderr, /Error: status 404/);
  });
});

test('every example says how to use it when it is called without arguments', async () => {
  const examples = [
    'select-loop',
    'aio-future',
    'many-servers',
    'style-await-each-call',
    'style-wrap-once',
    'own-event-loop',
    'own-epoll-loop',
    'many-connections-blocked',
  ];
  const check = async (example: string): Promise<void> => {
    const { status, stdout, stderr } = await runProgram(`examples/${example}.ts`, []);
    assert.equal(status, 2);
    assert.equal(stdout.toString(), '');
    assert.match(stderr, new RegExp(`^usage: ${example}\\.ts `));
  };
  await Promise.all(examples.map(check));
});
