/** What the command says when things go wrong half way, or for reasons that only the user can do away with. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { POLLOUT } from '../../src/coroutine.ts';
import { native } from '../../src/io/native.ts';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { CommandHost } from '../support/command-host.ts';
import { HTTPSServer } from '../support/https.ts';
import { ok, response } from '../support/messages.ts';
import { type ProgramResult, runProgram } from '../support/run-program.ts';
import { close, expectHead, gate, mark, send, startScriptedServer } from '../support/scripted-server.ts';
import { startTLSServer } from '../support/tls-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'dugong-outcomes-'));
const host = new CommandHost();
after(async () => {
  rmSync(folder, { recursive: true });
  await host.stop();
});

/** Runs it as a process of its own. */
function dugong(args: readonly string[], onStart: (pid: number) => void): Promise<ProgramResult> {
  return runProgram('src/cli/main.ts', args, { onStart });
}

describe('a file that could not be written to its end', () => {
  const part = ok('0123456789').slice(0, -5);

  test('is not there when the connection is lost', async () => {
    using server = startScriptedServer([[expectHead(), send(part), close()]]);
    const file = join(folder, 'lost');
    const { status, stderr } = await host.run(['--retry', '0', '-o', file, `http://${server.authority}/`]);
    assert.equal(status, 4);
    assert.match(stderr, /^dugong: http:/);
    assert.equal(existsSync(file), false);
  });

  test('is named with the cause and the way out when the disk is full', {
    skip: process.platform === 'linux' ? false : '/dev/full is a device of Linux',
  }, async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'), { peerMayLeave: true })]]);
    const { status, stderr } = await host.run(['-o', '/dev/full', `http://${server.authority}/`]);
    assert.equal(status, 3);
    assert.match(stderr, /^dugong: \/dev\/full: no space left on device\n {8}make room, /);
  });
});

test('a report that cannot be written keeps back neither the others nor the totals', async () => {
  using server = startScriptedServer([
    [expectHead(), send(ok('x')), expectHead(), send(response('404 Not Found', ['Content-Length: 0']))],
  ]);
  const [failed, har, summary] = [join(folder, 'none', 'failed'), join(folder, 'none', 'har'), join(folder, 'summary')];
  const reports = [
    '-c',
    join(folder, 'none', 'jar'),
    '--failed',
    failed,
    '--har',
    har,
    '--summary',
    summary,
    '--jsonl',
    '-P',
    join(folder, 'kept'),
  ];
  const urls = [1, 2].map((path) => `http://${server.authority}/${path}`);
  const { status, stderr } = await host.run(['-j', '1', '--pipeline', '1', ...reports, ...urls]);
  for (const path of [failed, har]) assert.ok(stderr.includes(`dugong: ${path}: no such file or directory\n`), stderr);
  assert.match(stderr, /\ndugong: 1 document \(1 B\) in .* 1 missing\.\n$/);
  assert.equal((JSON.parse(readFileSync(summary, 'utf8')) as { missing: number }).missing, 1);
  assert.equal(status, 3);
});

test('a file with another size than its line says is not taken for the document', async () => {
  const list = join(folder, 'sizes');
  const target = join(folder, 'sized');
  mkdirSync(target);
  for (const name of ['right', 'wrong']) writeFileSync(join(target, name), name === 'right' ? '1234567' : 'short');
  writeFileSync(list, 'http://localhost:1/right\tsize=7\nhttp://localhost:1/wrong\tsize=7\n');
  const { status, stdout, stderr } = await host.run(['--skip-existing', '--jsonl', '-P', target, '--input', list]);
  assert.equal(status, 3);
  assert.match(
    stderr,
    /^dugong: http:\/\/localhost:1\/wrong .*: the file exists, and has 5 bytes, not 7\n {8}.*--overwrite replaces it\n/,
  );
  const lines = String(stdout).trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { file: string | null }).file),
    [join(target, 'right'), null],
  );
});

test('a document that breaks off on standard output is an error of the network', async () => {
  const cut = [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), close()];
  using server = startScriptedServer([cut, cut]);
  const { status, stdout, stderr } = await host.run([`http://${server.authority}/`]);
  assert.deepEqual([status, String(stdout)], [4, 'abc']);
  assert.match(stderr, /the transfer broke off after 3 bytes, which standard output has/);
});

describe('a folder that changes while documents come', () => {
  /** Answers with two bytes, after `before`; counts the requests. */
  async function serving<T>(before: (count: number) => void, use: (url: string) => Promise<T>): Promise<[T, number]> {
    let count = 0;
    const server = createServer((_request, answer) => {
      before(++count);
      answer.end('ok');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      return [await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), count];
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('and is gone ends the run, with one message', async () => {
    const target = join(folder, 'gone');
    const list = join(folder, 'list');
    const [{ status, stderr }, requests] = await serving(
      (count) => count === 2 && rmSync(target, { recursive: true }),
      (url) => {
        writeFileSync(list, Array.from({ length: 500 }, (_, index) => `${url}/${index}\n`).join(''));
        return host.run(['-j', '1', '--pipeline', '1', '-P', target, '--input', list]);
      },
    );
    assert.equal(status, 3);
    assert.match(stderr, /^dugong: .*: no such file or directory\n/);
    assert.equal(stderr.match(/no such file/g)?.length, 1);
    assert.ok(requests < 50, `${requests} requests`);
  });

  test('and gets the file of a document from elsewhere: --skip-existing leaves it', async () => {
    const target = join(folder, 'shared');
    mkdirSync(target);
    const [{ status, stdout, stderr }] = await serving(
      () => writeFileSync(join(target, 'document'), 'of another process'),
      (url) => host.run(['--skip-existing', '--jsonl', '-P', target, `${url}/document`]),
    );
    assert.deepEqual([status, stderr], [0, '']);
    assert.equal((JSON.parse(String(stdout)) as { class: string }).class, 'skipped');
    assert.equal(readFileSync(join(target, 'document'), 'utf8'), 'of another process');
  });
});

/** Bytes; a pipe of Linux holds 16 of them (pipe(7)). */
const PAGE = 4096;
const onLinux = process.platform === 'linux' ? false : 'FIFOs and /dev/full as Linux has them';

describe('a signal ends the command', { skip: onLinux }, () => {
  const fifo = join(folder, 'fifo');
  before(() => {
    execFileSync('mkfifo', [fifo]);
  });

  /** Opens the FIFO without waiting, when another process has opened the other end. */
  async function opened(flags: number): Promise<number> {
    for (;;) {
      try {
        return openSync(fifo, flags | constants.O_NONBLOCK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
        await new Promise(setImmediate);
      }
    }
  }

  test('while a file that is to be sent keeps it waiting', async () => {
    let pid = 0;
    const running = dugong(['-d', `@${fifo}`, 'http://localhost:1/'], (started) => {
      pid = started;
    });
    const writing = await opened(constants.O_WRONLY);
    process.kill(pid, 'SIGTERM');
    assert.equal((await running).signal, 'SIGTERM');
    closeSync(writing);
  });

  test('while nothing opens the other end of its output', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), mark('sent'), gate('never')]]);
    let pid = 0;
    const running = dugong(['-o', fifo, `http://${server.authority}/`], (started) => {
      pid = started;
    });
    await server.reached('sent');
    process.kill(pid, 'SIGTERM');
    const { signal, status, stderr } = await running;
    assert.ok(signal === 'SIGTERM' || status === 143, `${signal} ${status}`);
    assert.match(stderr, /^dugong: ended by SIGTERM/);
  });

  for (const output of ['standard output', 'a file']) {
    test(`while the reader of ${output} does not read`, async () => {
      using server = startScriptedServer([[expectHead(), send(ok('x'.repeat(1e6)), { peerMayLeave: true })]]);
      const reading = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
      leaveRoomForOnePage(reading);
      let pid = 0;
      const onStart = (started: number): void => {
        pid = started;
      };
      const url = `http://${server.authority}/`;
      const running =
        output === 'a file'
          ? dugong(['-o', fifo, url], onStart)
          : runProgram('src/cli/main.ts', [url], { onStart, outputTo: fifo });
      // The first write has more than a page: when that is taken, the rest of it waits.
      while (hasRoom(reading)) await new Promise(setImmediate);
      process.kill(pid, 'SIGINT');
      const { signal, status, stderr } = await running;
      closeSync(reading);
      assert.ok(signal === 'SIGINT' || status === 130, `${signal} ${status}`);
      assert.match(stderr, /^dugong: interrupted/);
    });
  }

  /** Fills the FIFO, which holds whole pages, and takes one out again. */
  function leaveRoomForOnePage(descriptor: number): void {
    const page = Buffer.alloc(PAGE);
    while (hasRoom(descriptor)) writeSync(descriptor, page);
    assert.equal(readSync(descriptor, page), PAGE);
    assert.ok(hasRoom(descriptor));
  }

  function hasRoom(descriptor: number): boolean {
    return (native.pollOne(descriptor, POLLOUT, 0) & POLLOUT) !== 0;
  }
});

describe('standard input and output', { skip: onLinux }, () => {
  test('are named where the input is a folder: nothing is sent', async () => {
    const { status, stderr } = await runProgram('src/cli/main.ts', ['-d', '@-', 'http://localhost:1/'], {
      inputFrom: folder,
    });
    assert.match(stderr, /^dugong: -d @-: .* folder\n/);
    assert.equal(status, 2);
  });

  test('may be full, or gone, when the help is to be shown', async () => {
    for (const option of ['--help', '--version']) {
      const { status, stderr } = await runProgram('src/cli/main.ts', [option], { outputTo: '/dev/full' });
      assert.match(stderr, /^dugong: ENOSPC: /);
      assert.equal(status, 3);
      const gone = await runProgram('src/cli/main.ts', [option], { closeStdout: true });
      assert.equal(gone.stderr, '');
      assert.equal(gone.status, 141);
    }
  });
});

describe('the way out of an error of TLS', { skip: opensslMissing() }, () => {
  const authority = makeAuthority('command');
  const certificate = makeCertificate({ subject: '/CN=server', san: 'DNS:other.example', issuer: authority });
  const ca = join(folder, 'ca.pem');

  test('fits its cause', async () => {
    writeFileSync(ca, authority.cert);
    using server = new HTTPSServer([], certificate);
    const url = `https://${server.front.authority}/`;
    const cases: [string[], RegExp][] = [
      [[url], /\n {8}if you trust the server nevertheless, give its certificate with --cacert\n$/],
      [
        ['--cacert', ca, url],
        /\(ERR_TLS_CERT_ALTNAME_INVALID\).*\n {8}the server needs another certificate; --insecure/,
      ],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = await host.run(args);
      assert.match(stderr, message);
      assert.equal(status, 5);
    }
  });

  test('is a certificate of the client where the server wants one, with TLS 1.3 after the handshake', async () => {
    writeFileSync(ca, authority.cert);
    const { cert, key } = makeCertificate({ san: 'DNS:localhost', issuer: authority });
    using server = startTLSServer({ cert, key, ca: authority.cert, requestCert: true, minVersion: 'TLSv1.3' });
    const { status, stderr } = await host.run(['--cacert', ca, `https://localhost:${server.port}/`]);
    assert.match(stderr, /CERTIFICATE_REQUIRED.*\n {8}the server wants a certificate of its client: --cert and --key/);
    assert.equal(status, 5);
  });

  test('is the command line where --cacert names no certificates', async () => {
    const key = join(folder, 'key.pem');
    writeFileSync(key, certificate.key);
    const { status, stderr } = await host.run(['--cacert', key, 'https://localhost/']);
    assert.equal(stderr.split('\n')[0], `dugong: --cacert ${key}: no certificates in PEM form (no start line)`);
    assert.equal(status, 2);
  });
});
