import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { announce, makeDocuments } from '../../examples/five-ways/documents.ts';
import type { FetchedDocument } from '../../examples/five-ways/fetch-documents.ts';
import { expectTheSame, mismatches } from '../../examples/five-ways/verify.ts';
import { opensslMissing } from '../support/certificates.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { HTTPSServer, TestTrust } from '../support/https.ts';
import { listen } from '../support/listen.ts';
import { ok } from '../support/messages.ts';
import { type ProgramResult, runProgram } from '../support/run-program.ts';
import { expectEnd, expectHead, send } from '../support/scripted-server.ts';

const PROGRAM = 'examples/five-ways/main.ts';
const WAYS = [
  'blocking, one by one',
  'blocking, pipelined',
  'own select loop, pipelined',
  'AioFuture, one by one',
  'AioFuture, pipelined',
];

/** The cells of the printed table without those that are measured: way, documents, missing, MB, verified. */
function cells({ stdout }: ProgramResult): string[][] {
  const lines = stdout.toString().split('\n');
  const rows = lines.slice(3, 3 + WAYS.length).map((line) => line.split(/ {2,}/));
  for (const row of rows) for (const cell of row.slice(4, 7)) assert.match(cell, /^\d+(\.\d+)?$/);
  return rows.map(([way = '', documents = '', missing = '', megabytes = '', , , , verified = '']) => [
    way,
    documents,
    missing,
    megabytes,
    verified,
  ]);
}

function assertSucceeded({ status, stderr }: ProgramResult): void {
  assert.equal(stderr, '');
  assert.equal(status, 0);
}

async function serve(answer: Parameters<typeof createServer>[1]): Promise<{ server: Server; origin: string }> {
  const server = createServer(answer);
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  return { server, origin: `http://127.0.0.1:${port}` };
}

describe('npm start', () => {
  test('fetches all documents in five ways, and verifies them', async () => {
    const result = await runProgram(PROGRAM, ['--documents', '400']);
    assertSucceeded(result);
    const documents = makeDocuments(400).map(announce);
    const sizes = documents.flatMap((document) => ('missing' in document ? [] : [document.size]));
    const megabytes = (sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1);
    const counts = [String(sizes.length), String(400 - sizes.length), megabytes];
    assert.deepEqual(
      cells(result),
      WAYS.map((way) => [way, ...counts, 'yes']),
    );
    assert.match(result.stdout.toString(), /^400 documents from http:\/\/127\.0\.0\.1:\d+\//);
  });

  test('fails on wrong bytes, and names the documents', async () => {
    const result = await runProgram(PROGRAM, ['--documents', '60'], {
      preload: 'test/examples/wrong-byte-preload.ts',
    });
    assert.equal(result.status, 1);
    for (const [, , , , verified = ''] of cells(result)) assert.match(verified, /^\d+ WRONG$/);
    const line = /^blocking, one by one: \/documents\/\d+: sha256 [0-9a-f]{64} of \d+ bytes instead of [0-9a-f]{64}$/m;
    assert.match(result.stdout.toString(), line);
    assert.match(result.stdout.toString(), /^AioFuture, pipelined: and \d+ more$/m);
  });

  test('fetches from the servers of the user', async () => {
    using a = startDummyServer();
    using b = startDummyServer();
    const [first, second] = [`http://${a.authority}`, `http://${b.authority}`];
    const urls = [`${first}/send_200000_bytes`, `${second}/status/404`, `${first}/send_chunked?sizes=3,4`];
    const result = await runProgram(PROGRAM, ['--url', ...urls]);
    assertSucceeded(result);
    assert.deepEqual(
      cells(result),
      WAYS.map((way) => [way, '2', '1', '0.2', 'yes']),
    );
    assert.equal(result.stdout.toString().split('\n')[0], `3 documents from ${first}, ${second}`);
  });

  test('copes with a server that ends each connection after a few responses', async () => {
    const { server, origin } = await serve((_, response) => response.end('x'.repeat(1000)));
    server.maxRequestsPerSocket = 3;
    const result = await runProgram(PROGRAM, [
      '--url',
      ...Array.from({ length: 20 }, (_, index) => `${origin}/${index}`),
    ]);
    server.close();
    assertSucceeded(result);
    assert.deepEqual(
      cells(result),
      WAYS.map((way) => [way, '20', '0', '0.0', 'yes']),
    );
  });

  test('fails if the same document is not the same in every way', async () => {
    let requests = 0;
    const { server, origin } = await serve((_, response) => response.end(String(requests++)));
    const result = await runProgram(PROGRAM, ['--url', `${origin}/counter`]);
    server.close();
    assert.equal(result.status, 1);
    assert.deepEqual(
      cells(result).map(([, , , , verified]) => verified),
      ['yes', '1 WRONG', '1 WRONG', '1 WRONG', '1 WRONG'],
    );
  });

  test('takes https:// URLs, with the certificates that Node trusts', { skip: opensslMissing() }, async () => {
    const { ca, certificate } = new TestTrust();
    const file = join(mkdtempSync(join(tmpdir(), 'dugong-five-ways-')), 'ca.pem');
    writeFileSync(file, ca);
    using server = new HTTPSServer(
      WAYS.map(() => [expectHead(), send(ok('secret')), expectEnd()]),
      certificate,
    );
    const result = await runProgram(PROGRAM, ['--url', `https://${server.front.authority}/`], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: file },
    });
    rmSync(dirname(file), { recursive: true });
    assertSucceeded(result);
    assert.match(result.stdout.toString(), /^1 document from https:/);
  });

  test('says which server it could not reach', async () => {
    const { server, origin } = await serve(undefined);
    await new Promise((resolve) => server.close(resolve));
    const { status, stderr } = await runProgram(PROGRAM, ['--url', `${origin}/`]);
    assert.equal(status, 1);
    const refused = `blocking, one by one: SystemError: GET ${origin}/: connect ECONNREFUSED ${origin.slice('http://'.length)}\n`;
    assert.equal(stderr, `${refused}Is the server running, and are the URLs right?\n`);
  });

  test('refuses arguments that mean nothing, and shows what does', async () => {
    const cases: [string[], RegExp][] = [
      [['--documents', 'many'], /^--documents many: must be a whole number above 0\n/],
      [['--documents', '0'], /^--documents 0: /],
      [['--nonsense'], /^Unknown option '--nonsense'/],
      [['http://localhost/'], /^http:\/\/localhost\/: say --url before URLs\n/],
      [['--url', 'localhost'], /^localhost: no URL/],
      [['--url', 'ftp://localhost/'], /^ftp:\/\/localhost\/: only http:\/\/ and https:\/\/ URLs/],
      [['--url', 'http://localhost/', '--documents', '3'], /exclude each other/],
    ];
    const check = async ([args, message]: [string[], RegExp]): Promise<void> => {
      const { status, stdout, stderr } = await runProgram(PROGRAM, args);
      assert.equal(status, 2, args.join(' '));
      assert.equal(stdout.toString(), '');
      assert.match(stderr, message);
      assert.match(stderr, /npm start -- --documents N/);
    };
    await Promise.all(cases.map(check));
    const help = await runProgram(PROGRAM, ['--help']);
    assertSucceeded(help);
    assert.match(help.stdout.toString(), /npm start -- --url/);
  });

  test('ends at SIGINT as processes do, and leaves no message of an error behind', async () => {
    // It answers the two ways that block; of the third request nothing is heard.
    let process_ = 0;
    let requests = 0;
    const { server, origin } = await serve((_, response) => {
      if (++requests <= 3) response.end('x');
      else process.kill(process_, 'SIGINT');
    });
    const { status, signal, stderr } = await runProgram(PROGRAM, ['--url', `${origin}/`], {
      onStart: (pid) => {
        process_ = pid;
      },
    });
    server.closeAllConnections();
    server.close();
    assert.equal(status, null);
    assert.equal(signal, 'SIGINT');
    assert.equal(stderr, 'interrupted\n');
  });
});

describe('the verification of the five ways', () => {
  const document = (status: number, body: string): FetchedDocument => ({ status, body: Buffer.from(body) });
  const fetched = [document(200, 'a'), document(404, 'no'), document(200, '')];
  const expected = expectTheSame(fetched, ['/a', '/b', '/c']);

  test('finds nothing wrong with the same documents', () => {
    assert.deepEqual(mismatches(fetched, expected), []);
  });

  test('finds other bodies, other statuses, missing and surplus documents', () => {
    const wrong = [document(200, 'A'), document(200, 'no')];
    const [body, status, missing, ...none] = mismatches(wrong, expected);
    assert.match(body ?? '', /^\/a: sha256 [0-9a-f]{64} of 1 bytes instead of [0-9a-f]{64}$/);
    assert.equal(status, '/b: status 200 instead of 404');
    assert.equal(missing, '/c: not fetched');
    assert.deepEqual(none, []);
    assert.deepEqual(mismatches([...fetched, document(200, '')], expected), ['1 more than there are']);
  });
});
