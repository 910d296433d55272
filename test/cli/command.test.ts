import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { repository } from '../support/compiled.ts';
import { dummyBytes, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import {
  environmentWithoutProxies,
  type ProgramOptions,
  type ProgramResult,
  runProgram,
} from '../support/run-program.ts';
import { close, expectHead, gate, mark, reset, send, startScriptedServer } from '../support/scripted-server.ts';

const dummy = startDummyServer();
const origin = `http://${dummy.authority}`;
const folder = mkdtempSync(join(tmpdir(), 'dugong-command-'));
after(() => {
  dummy.stop();
  rmSync(folder, { recursive: true });
});

function dugong(args: readonly string[], options?: ProgramOptions): Promise<ProgramResult> {
  return runProgram('src/cli/main.ts', args, { env: environmentWithoutProxies(), ...options });
}

function assertOutcome({ status, stderr }: ProgramResult, expected: number, message: RegExp | string): void {
  if (typeof message === 'string') assert.equal(stderr, message);
  else assert.match(stderr, message);
  assert.equal(status, expected);
}

async function echo(args: readonly string[]): Promise<EchoedRequest> {
  const result = await dugong(args);
  assertOutcome(result, 0, '');
  return JSON.parse(result.stdout.toString()) as EchoedRequest;
}

/** Sends SIGINT when the process has its handlers: that for SIGHUP, which Node has not by itself, is the last. */
async function interruptWhenHeard(pid: number): Promise<void> {
  const handled = () =>
    Number.parseInt(/^SigCgt:.*(.)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '', 16);
  while ((handled() & 1) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill(pid, 'SIGINT');
}

describe('dugong', () => {
  test('writes documents to standard output, in the order of the URLs', async () => {
    const paths = ['/send_200000_bytes', '/send_0_bytes', '/send_chunked?sizes=3,4', '/status/404'];
    const result = await dugong(paths.map((path) => origin + path));
    assertOutcome(result, 0, '');
    const bodies = [dummyBytes(200_000), dummyBytes(7), Buffer.from('status 404')];
    assert.deepEqual(result.stdout, Buffer.concat(bodies));
  });

  test('sends the requests to one server ahead of the responses, over one connection', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n';
    using server = startScriptedServer([
      [expectHead(), expectHead(), expectHead(), send(`${answer}a${answer}b${answer}c`)],
    ]);
    const at = `http://${server.authority}`;
    const result = await dugong([`${at}/1`, `${at}/2?x=y`, `${at}/3#fragment`]);
    assertOutcome(result, 0, '');
    assert.equal(result.stdout.toString(), 'abc');
    const lines = server.heads().map((head) => head.slice(0, head.indexOf('\r\n')));
    assert.deepEqual(lines, ['GET /1 HTTP/1.1', 'GET /2?x=y HTTP/1.1', 'GET /3 HTTP/1.1']);
    server.check();
  });

  test('keeps the order when URLs of several servers alternate, and each connection', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
    using other = startScriptedServer([[expectHead(), send(`${answer}x1`), expectHead(), send(`${answer}x2`)]]);
    const at = `http://${other.authority}/`;
    const result = await dugong([at, `${origin}/send_3_bytes`, at, `${origin}/send_1_bytes`]);
    assertOutcome(result, 0, '');
    assert.equal(result.stdout.toString(), 'x10,1x20');
    other.check();
  });

  test('writes to one file, or to a file for each URL that never leaves the folder', async () => {
    const file = join(folder, 'all');
    assertOutcome(await dugong(['-o', file, `${origin}/send_3_bytes`, `${origin}/send_2_bytes`]), 0, '');
    assert.equal(readFileSync(file, 'utf8'), '0,10,');
    const out = join(folder, 'new', 'out');
    const urls = [
      `${origin}/send_3_bytes`,
      `${origin}/send_3_bytes?again`,
      `${origin}/`,
      `${origin}/..%2F..%2Fescaped`,
      `${origin}/%1B%5B2Jred%0A`,
      `${origin}/-rf`,
      `${origin}/%2E%2e`,
      `${origin}/${'%C3%BC'.repeat(200)}`,
    ];
    assertOutcome(await dugong(['-O', out, ...urls]), 0, '');
    assert.deepEqual(readdirSync(out).sort(), [
      '_[2Jred_',
      '_rf',
      'escaped',
      'index.html',
      'index.html.1',
      'send_3_bytes',
      'send_3_bytes.1',
      'ü'.repeat(120),
    ]);
    assert.equal(readFileSync(join(out, 'send_3_bytes'), 'utf8'), '0,1');
  });

  test('writes heads when asked to, and only these with -I', async () => {
    const included = await dugong(['-i', `${origin}/send_3_bytes`]);
    assert.match(included.stdout.toString(), /^HTTP\/1\.1 200 OK\r\n(.+\r\n)*Content-Length: 3\r\n(.+\r\n)*\r\n0,1$/);
    const head = await dugong(['-I', `${origin}/send_3_bytes`]);
    assert.match(head.stdout.toString(), /^HTTP\/1\.1 200 OK\r\n(.+\r\n)*Content-Length: 3\r\n(.+\r\n)*\r\n$/);
  });

  test('sends method, fields and body as told', async () => {
    const json = await echo([
      '-d',
      '{"ü":1}',
      '-H',
      'Content-Type: application/json',
      '-H',
      'X: \t\u00a0y ',
      `${origin}/echo`,
    ]);
    assert.equal(json.method, 'POST');
    assert.equal(Buffer.from(json.body, 'base64').toString(), '{"ü":1}');
    const fields = json.headers.filter(([name]) => ['Content-Type', 'X'].includes(name));
    assert.deepEqual(fields, [
      ['Content-Type', 'application/json'],
      // A no-break space is a part of the value, two bytes in UTF-8.
      ['X', '\u00c2\u00a0y'],
    ]);
    writeFileSync(join(folder, 'body'), Buffer.from([0, 255, 10]));
    const put = await echo(['-X', 'PUT', '-d', `@${join(folder, 'body')}`, `${origin}/echo`]);
    assert.equal(put.method, 'PUT');
    assert.deepEqual(Buffer.from(put.body, 'base64'), Buffer.from([0, 255, 10]));
  });

  test('asks again for what a server has not answered before it ended the connection', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n';
    using server = startScriptedServer([
      [expectHead(), expectHead(), expectHead(), send(`${answer}Connection: close\r\n\r\na`), close()],
      [expectHead(), send(`${answer}\r\nb`), expectHead(), send(`${answer}\r\nc`)],
    ]);
    const at = `http://${server.authority}`;
    const result = await dugong([`${at}/1`, `${at}/2`, `${at}/3`]);
    assertOutcome(result, 0, '');
    assert.equal(result.stdout.toString(), 'abc');
    server.check();
  });

  test('never sends a POST twice', async () => {
    using server = startScriptedServer([[expectHead(), reset()]]);
    const result = await dugong(['-d', '', `http://${server.authority}/`]);
    assertOutcome(result, 3, /^dugong: http:\/\/[\d.:]+\/: .+\n {8}try again; /);
    assert.equal(server.connections(), 1);
  });
});

describe('the exit status of dugong', () => {
  test('is 0 for every response, but 1 with --fail for a status of 400 or more', async () => {
    const urls = [`${origin}/status/500`, `${origin}/status/200`];
    assertOutcome(await dugong(urls), 0, '');
    const failed = await dugong(['--fail', ...urls]);
    assertOutcome(failed, 1, '');
    assert.equal(failed.stdout.toString(), 'status 500status 200');
    assertOutcome(await dugong(['--fail', `${origin}/status/302`]), 0, '');
  });

  test('is 2 for a command line that means nothing', async () => {
    const cases: [string[], RegExp][] = [
      [[], /^dugong: missing required argument 'URL'\n {8}dugong --help shows/],
      [['--nonsense', origin], /^dugong: unknown option '--nonsense'/],
      [['localhost'], /^dugong: localhost is no URL: one looks like http:/],
      [['ftp://localhost/'], /^dugong: ftp:\/\/localhost\/: only http:\/\/ and https:/],
      [['--cacert', '/nonexistent', origin], /^dugong: --cacert \/nonexistent: ENOENT/],
      [['-x', 'no host', origin], /^dugong: .*the proxy is no URL/],
      [
        ['-x', 'socks5://u:secret@proxy', origin],
        /^dugong: .*the proxy must be .*; socks5: is not supported\n(?!.*secret)/,
      ],
      [['http://me:secret@localhost/'], /^dugong: localhost: user names in URLs are not supported(?!.*secret)/],
      [['-H', 's3cret', origin], /^dugong: -H: a field looks like "Accept: text\/html"\n/],
      [['-H', 'Name;value', origin], /^dugong: -H: a field looks like/],
      [['http://user:s3cret@[x/'], /^dugong: http:\/\/\*\*\*@\[x\/ is no URL/],
      [['ftp://user:s3cret@x/'], /^dugong: ftp:\/\/\*\*\*@x\/: only http:/],
      [['\x1b[2J\u202ex'], /^dugong: \\x1b\[2J\\u202ex is no URL/],
      [['-H', 'bad name: x', origin], /^dugong: http:.*"bad\.\.\." is no field name/],
      [['--timeout', 'soon', origin], /^dugong: --timeout soon: must be a number of seconds/],
      [['-d', '@/nonexistent', origin], /^dugong: -d @\/nonexistent: ENOENT/],
      [['-I', '-d', 'x', origin], /^dugong: option '-d, --data <TEXT>' cannot be used with option '-I, --head'/],
      [['-o', 'a', '-O', 'b', origin], /cannot be used with/],
    ];
    const check = async ([args, message]: [string[], RegExp]): Promise<void> => {
      const result = await dugong(args);
      assertOutcome(result, 2, message);
      assert.equal(result.stdout.toString(), '');
    };
    await Promise.all(cases.map(check));
  });

  test('is 3 for a network error, with its cause and the way out', async () => {
    const refused = 'dugong: http://127.0.0.1:1/: connect ECONNREFUSED 127.0.0.1:1\n';
    assertOutcome(
      await dugong(['http://127.0.0.1:1/']),
      3,
      `${refused}        is the server running, and is the port right?\n`,
    );

    using silent = startScriptedServer([[expectHead(), gate('never')]]);
    const timedOut = await dugong(['--timeout', '0.2', `http://${silent.authority}/`]);
    assertOutcome(timedOut, 3, /: timed out after 200 ms.*\n {8}try again, or allow more with --timeout\n$/);

    using short = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), close()],
    ]);
    const cut = await dugong([`http://${short.authority}/`]);
    assertOutcome(cut, 3, /^dugong: http:/);
    assert.equal(cut.stdout.toString(), 'abc');
    short.check();
  });

  test('is 4 for what is not HTTP/1.1', async () => {
    using server = startScriptedServer([
      [expectHead(), send('220 smtp.example ready\r\n\r\n', { peerMayLeave: true })],
    ]);
    assertOutcome(
      await dugong([`http://${server.authority}/`]),
      4,
      /\n {8}does an HTTP\/1\.1 server listen on this port\?\n$/,
    );
  });

  test('is 5 if the output cannot be written', async () => {
    assertOutcome(await dugong(['-o', join(folder, 'no', 'file'), `${origin}/`]), 5, /^dugong: ENOENT: /);
    writeFileSync(join(folder, 'file'), '');
    assertOutcome(await dugong(['-O', join(folder, 'file'), `${origin}/`]), 5, /^dugong: EEXIST: /);
  });

  test('is 130 after SIGINT, with the connection closed', async () => {
    using server = startScriptedServer([[expectHead(), mark('asked'), gate('never')]]);
    let pid = 0;
    const running = dugong([`http://${server.authority}/`], {
      onStart: (started) => {
        pid = started;
      },
    });
    await server.reached('asked');
    process.kill(pid, 'SIGINT');
    assertOutcome(await running, 130, 'dugong: interrupted\n');
  });

  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`is ${status} after ${signal}, and says which file is incomplete`, async () => {
      const part = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart';
      using server = startScriptedServer([[expectHead(), send(part), mark('sent'), gate('never')]]);
      const file = join(folder, signal);
      let pid = 0;
      const running = dugong(['-o', file, `http://${server.authority}/`], {
        onStart: (started) => {
          pid = started;
        },
      });
      await server.reached('sent');
      while (!existsSync(file) || readFileSync(file).length === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      process.kill(pid, signal);
      assertOutcome(await running, status, `dugong: ended by ${signal}\n        ${file} is incomplete\n`);
    });
  }

  test('is 130 after SIGINT while standard input is read', { skip: process.platform !== 'linux' }, async () => {
    const running = dugong(['-d', '@-', `${origin}/`], { onStart: (pid) => void interruptWhenHeard(pid) });
    assertOutcome(await running, 130, 'dugong: interrupted\n');
  });

  test('is 141, without a message, when the reader of standard output has gone', async () => {
    const result = await dugong([`${origin}/send_20000000_bytes`], { closeStdout: true });
    assertOutcome(result, 141, '');
  });
});

test('dugong --help and --version say so on standard output', async () => {
  const help = await dugong(['--help']);
  assertOutcome(help, 0, '');
  for (const part of [
    'Usage: dugong [options] <URL...>',
    'Examples:',
    'Exit status:',
    '--output-dir',
    '--no-proxy',
    'https_proxy',
  ]) {
    assert.ok(help.stdout.includes(part), part);
  }
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
  assert.equal((await dugong(['--version'])).stdout.toString(), `${version}\n`);
});
