/** The exit status of the command, in each of the ways in which a run ends, and what it says then. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CommandHost } from '../support/command-host.ts';
import { assertOutcome, dugong, interruptWhenHeard } from '../support/dugong-program.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { close, expectHead, gate, mark, send, startScriptedServer } from '../support/scripted-server.ts';

const dummy = startDummyServer();
const origin = `http://${dummy.authority}`;
const folder = mkdtempSync(join(tmpdir(), 'dugong-exit-status-'));
const host = new CommandHost();
after(async () => {
  dummy.stop();
  rmSync(folder, { recursive: true });
  await host.stop();
});

describe('the exit status of dugong', () => {
  test('is 8 for a document that is missing, with --fail and without, and nothing of it is written', async () => {
    const urls = [`${origin}/status/500`, `${origin}/status/200`];
    for (const args of [
      ['--retry', '0'],
      ['-f', '--retry', '0'],
    ]) {
      const result = await dugong([...args, ...urls]);
      assertOutcome(result, 8, /status\/500: 500 /);
      assert.equal(result.stdout.toString(), 'status 200');
    }
    assertOutcome(await dugong([`${origin}/status/302`]), 8, /: 302 /);
  });

  test('is 6 where credentials are wanted', async () => {
    assertOutcome(await dugong([`${origin}/status/401`]), 6, /: 401 .*\n {8}-u or -n gives user name and password\n$/);
  });

  test('is the lowest that occurred, in whatever order', async () => {
    const urls = [`${origin}/status/404`, 'http://127.0.0.1:1/', `${origin}/status/200`];
    for (const each of [urls, urls.toReversed()]) assert.equal((await dugong(['--retry', '0', ...each])).status, 4);
  });

  test('is 2 for a command line that means nothing', async () => {
    const cases: [string[], RegExp][] = [
      [[], /^dugong: there is no URL\n {8}dugong --help shows/],
      [['--nonsense', origin], /^dugong: unknown option '--nonsense'/],
      [['somewhere'], /^dugong: somewhere is no URL: one looks like http:/],
      [['-O', 'out', origin], /^dugong: -O takes no value: -P out names the folder/],
      [['-O', '/tmp', origin], /^dugong: -O takes no value: -P \/tmp names the folder/],
      [['-v', 'check', origin], /^dugong: the command comes first: dugong check/],
      [['-o', 'a', origin, origin], /^dugong: -o names a file for one URL, and there are 2; -P FOLDER or -O/],
      [['-o', 'a', '-o', 'b', origin], /^dugong: -o names a file for one URL, and there are more names than URLs/],
      [['-X', 'GET', '-d', 's3cret', origin], /^dugong: -X GET: a request with this method has no body/],
      [['-C', '-', '-o', 'a', origin], /^dugong: -C takes no value/],
      [['', origin], /^dugong: "" is no URL/],
      [['--input', '/dev/null'], /^dugong: --input \/dev\/null: there is no URL in it/],
      [['--shard', '3/2', origin], /^dugong: --shard 3\/2: must be like 1\/4/],
      [['put', origin], /^dugong: put: give files or folders, and a URL/],
      [['completion', 'tcsh'], /^dugong: completion: for which shell/],
      [['demo', '--port', '80'], /^dugong: demo: --port goes with --serve/],
      [['--jsonl', origin], /^dugong: --jsonl and the documents would share standard output/],
      [['-u', 's3cret', origin], /^dugong: -u: give NAME:PASSWORD/],
      [['--resolve', 'x', origin], /^dugong: --resolve x: must be like/],
      [['ftp://localhost/'], /^dugong: ftp:\/\/localhost\/: only http:\/\/ and https:/],
      [['--cacert', '/nonexistent', origin], /^dugong: --cacert \/nonexistent: ENOENT/],
      [['-x', 'no host', origin], /^dugong: .*the proxy is no URL/],
      [
        ['-x', 'socks5://u:secret@proxy', origin],
        /^dugong: .*the proxy must be .*; socks5: is not supported\n(?!.*secret)/,
      ],
      [['http://me:secret@localhost/'], /^dugong: localhost: give user name and password with -u or -n(?!.*secret)/],
      [['-H', 's3cret', origin], /^dugong: -H: a field looks like "Accept: text\/html"\n/],
      [['-H', 'Accept-Encoding:', origin], /^dugong: -H: Accept-Encoding cannot be taken away: .*any coding/],
      [['--compressed', '-H', 'accept-encoding: ', origin], /^dugong: -H: accept-encoding cannot be taken away/],
      [['check', '-H', 'Host:', origin], /^dugong: -H: Host cannot be taken away: each request has one/],
      [['-H', 'Name;value', origin], /^dugong: -H: a field looks like/],
      [['http://user:s3cret@[x/'], /^dugong: http:\/\/\*\*\*@\[x\/ is no URL/],
      [['ftp://user:s3cret@x/'], /^dugong: ftp:\/\/\*\*\*@x\/: only http:/],
      [['\x1b[2J\u202ex'], /^dugong: \\x1b\[2J\\u202ex is no URL/],
      [['-H', 'bad name: x', origin], /^dugong: -H: "bad\.\.\." is no field name/],
      [['-m', 'soon', origin], /^dugong: --max-time soon: must be a number of seconds/],
      [['--timeout', '5', origin], /^dugong: --timeout is not known: give -m/],
      [['--output-dir', 'x', origin], /^dugong: --output-dir is not known: give -P/],
      [['-d', '@/nonexistent', origin], /^dugong: -d @\/nonexistent: ENOENT/],
      [['-d', '@-', '-d', '@-', origin], /^dugong: -d @-: standard input was read already\n/],
      [['-I', '-d', 'x', origin], /^dugong: option '-I, --head' cannot be used with option '-d, --data <TEXT>'/],
      [['-o', 'a', '-O', origin], /cannot be used with/],
    ];
    for (const [args, message] of cases) {
      const result = await host.run(args);
      assertOutcome(result, 2, message);
      assert.equal(result.stdout.toString(), '', args.join(' '));
    }
    assertOutcome(await dugong(['--nonsense', origin]), 2, /^dugong: unknown option '--nonsense'/);
  });

  test('is 4 for a network error, with its cause and the way out', async () => {
    const refused = 'dugong: http://127.0.0.1:1/: connect ECONNREFUSED 127.0.0.1:1\n';
    assertOutcome(
      await dugong(['--retry', '0', 'http://127.0.0.1:1/']),
      4,
      `${refused}        is the server running, and is the port right?\n`,
    );

    using short = startScriptedServer([
      [expectHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'), close()],
    ]);
    const cut = await dugong(['--retry', '0', `http://${short.authority}/`]);
    assertOutcome(cut, 4, /^dugong: http:/);
    assert.equal(cut.stdout.toString(), 'abc');
    short.check();
  });

  test('is 7 for what is not HTTP/1.1', async () => {
    using server = startScriptedServer([
      [expectHead(), send('220 smtp.example ready\r\n\r\n', { peerMayLeave: true })],
    ]);
    assertOutcome(
      await dugong([`http://${server.authority}/`]),
      7,
      /\n {8}does an HTTP\/1\.1 server listen on this port\?\n$/,
    );
  });

  test('is 4 if a response does not begin, or does not end, in the time of -m', async () => {
    for (const part of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart']) {
      using server = startScriptedServer([[expectHead(), send(part), gate('never')]]);
      const result = await dugong(['-m', '0.2', `http://${server.authority}/`]);
      assertOutcome(result, 4, /\n {8}try again, or allow more with -m/);
      assert.equal(server.connections(), 1);
    }
  });

  test('is 3 if the output cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    assertOutcome(
      await dugong(['-P', join(folder, 'file'), `${origin}/`]),
      3,
      /^dugong: http\S+: \S*file.*: not a directory\n/,
    );
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
    assertOutcome(await running, 130, /^dugong: interrupted: .* 1 not fetched.*\n {8}not done: http:\S+\n$/);
  });

  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`is ${status} after ${signal}, and nothing is left of a document that is not whole`, async () => {
      const part = 'HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\npart';
      using server = startScriptedServer([[expectHead(), send(part), mark('sent'), gate('never')]]);
      const out = join(folder, signal);
      let pid = 0;
      const running = dugong(['-P', out, `http://${server.authority}/a`], {
        onStart: (started) => {
          pid = started;
        },
      });
      await server.reached('sent');
      process.kill(pid, signal);
      assertOutcome(await running, status, new RegExp(`^dugong: ended by ${signal}: .*\\n {8}not done: http:`));
      assert.deepEqual(existsSync(out) ? readdirSync(out) : [], []);
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

  const onLinux = process.platform === 'linux' ? false : '/dev/full is a device of Linux';
  for (const [what, flags] of [
    ['the report of links', ['check']],
    ['--jsonl', ['-P', folder, '--overwrite', '--jsonl']],
    ['-w', ['-P', folder, '--overwrite', '-w', 'x'.repeat(40_000)]],
  ] as const) {
    test(`is that of standard output, which does not take ${what}`, { skip: onLinux }, async () => {
      const urls = [1, 2, 3, 4, 5].map((each) => `${origin}/status/${flags[0] === 'check' ? 404 : 200}?${each}`);
      assertOutcome(await dugong([...flags, ...urls], { closeStdout: true }), 141, '');
      const full = await dugong([...flags, ...urls], { outputTo: '/dev/full' });
      assertOutcome(full, 3, /^dugong: standard output: no space left on device\n {8}make room/);
    });
  }
});
