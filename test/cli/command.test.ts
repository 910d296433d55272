import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CommandHost } from '../support/command-host.ts';
import { repository } from '../support/compiled.ts';
import { assertOutcome, dugong, interruptWhenHeard } from '../support/dugong-program.ts';
import { dummyBytes, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { ok, response } from '../support/messages.ts';
import { close, expect, expectHead, loop, reset, send, startScriptedServer } from '../support/scripted-server.ts';

const dummy = startDummyServer();
const origin = `http://${dummy.authority}`;
const folder = mkdtempSync(join(tmpdir(), 'dugong-command-'));
const host = new CommandHost();
after(async () => {
  dummy.stop();
  rmSync(folder, { recursive: true });
  await host.stop();
});

async function echo(args: readonly string[]): Promise<EchoedRequest> {
  const result = await host.run(args);
  assertOutcome(result, 0, '');
  return JSON.parse(result.stdout.toString()) as EchoedRequest;
}

describe('dugong', () => {
  test('writes documents to standard output, in the order of the URLs', async () => {
    const paths = ['/send_200000_bytes', '/send_0_bytes', '/send_chunked?sizes=3,4'];
    const result = await host.run(paths.map((path) => origin + path));
    assertOutcome(result, 0, '');
    const bodies = [dummyBytes(200_000), dummyBytes(7)];
    assert.deepEqual(result.stdout, Buffer.concat(bodies));
  });

  test('sends the requests to one server ahead of the responses, over one connection', {}, async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n';
    using server = startScriptedServer([
      [expectHead(), send(`${answer}a`), expectHead(), expectHead(), send(`${answer}b${answer}c`)],
    ]);
    const at = `http://${server.authority}`;
    const result = await host.run(['-j', '1', `${at}/1`, `${at}/2?x=y`, `${at}/3#fragment`]);
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
    const result = await host.run([at, `${origin}/send_3_bytes`, at, `${origin}/send_1_bytes`]);
    assertOutcome(result, 0, '');
    assert.equal(result.stdout.toString(), 'x10,1x20');
    other.check();
  });

  test('writes to files: named one by one, or by the URLs in a folder that they never leave', async () => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    const named = ['-o', one, `${origin}/send_3_bytes`, '-o', other, `${origin}/send_2_bytes`];
    assertOutcome(await host.run(named), 0, '');
    assert.deepEqual([readFileSync(one, 'utf8'), readFileSync(other, 'utf8')], ['0,1', '0,']);
    const out = join(folder, 'new', 'out');
    const paths = ['a', 'a', '', '..%2F..%2Fescaped', '%1B%5B2Jred%0A', '-rf', '%C3%BC'.repeat(200)];
    using server = startScriptedServer([[loop(paths.length, [expectHead(), send(ok('0,1'))])]]);
    const urls = paths.map((path) => `http://${server.authority}/${path}`);
    assertOutcome(await host.run(['-j', '1', '-P', out, ...urls]), 0, '');
    const names = readdirSync(out);
    assert.equal(names.length, urls.length);
    assert.ok(names.includes('a') && names.includes('index.html'));
    for (const name of names) assert.match(name, /^[^\p{Cc}./-][^\p{Cc}/]*$/u);
    assert.equal(existsSync(join(folder, 'escaped')), false);
    assert.equal(readFileSync(join(out, 'a'), 'utf8'), '0,1');
  });

  test('replaces no file unless told so', async () => {
    const file = join(folder, 'precious');
    writeFileSync(file, 'mine');
    const url = `${origin}/send_3_bytes`;
    assertOutcome(await host.run(['-o', file, url]), 3, /precious: the file exists\n {8}to replace it: --overwrite/);
    assertOutcome(await host.run(['--skip-existing', '-o', file, url]), 0, '');
    assert.equal(readFileSync(file, 'utf8'), 'mine');
    assertOutcome(await host.run(['--overwrite', '-o', file, url]), 0, '');
    assert.equal(readFileSync(file, 'utf8'), '0,1');
  });

  test('writes heads when asked to, and only these with -I', async () => {
    const included = await host.run(['-i', `${origin}/send_3_bytes`]);
    assert.match(included.stdout.toString(), /^HTTP\/1\.1 200 OK\r\n(.+\r\n)*Content-Length: 3\r\n(.+\r\n)*\r\n0,1$/);
    const head = await host.run(['-I', `${origin}/send_3_bytes`]);
    assert.match(head.stdout.toString(), /^HTTP\/1\.1 200 OK\r\n(.+\r\n)*Content-Length: 3\r\n(.+\r\n)*\r\n$/);
    const missing = await host.run(['-I', `${origin}/status/404`]);
    assert.match(missing.stdout.toString(), /^HTTP\/1\.1 404 .*\r\n(.+\r\n)*\r\n$/);
    assert.equal(missing.status, 8);
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
    const put = await echo(['-X', 'PUT', '--data-binary', `@${join(folder, 'body')}`, `${origin}/echo`]);
    assert.equal(put.method, 'PUT');
    assert.deepEqual(Buffer.from(put.body, 'base64'), Buffer.from([0, 255, 10]));
  });

  test('asks again for what a server has not answered before it ended the connection', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n';
    using server = startScriptedServer([
      [expectHead(), send(`${answer}Connection: close\r\n\r\na`), close()],
      [expectHead(), send(`${answer}\r\nb`), expectHead(), send(`${answer}\r\nc`)],
    ]);
    const at = `http://${server.authority}`;
    const result = await host.run(['-j', '1', `${at}/1`, `${at}/2`, `${at}/3`]);
    assertOutcome(result, 0, '');
    assert.equal(result.stdout.toString(), 'abc');
    server.check();
  });

  test('never sends a POST twice', async () => {
    using server = startScriptedServer([[expectHead(), reset()]]);
    const result = await host.run(['-d', '', `http://${server.authority}/`]);
    assertOutcome(result, 4, /^dugong: http:\/\/[\d.:]+\/: .+\n {8}try again; /);
    assert.equal(server.connections(), 1);
  });

  test('sends forms and JSON with their types', async () => {
    const form = await echo([
      '-d',
      'a=1',
      '-d',
      'b=ü',
      '-u',
      'me:pass',
      '-e',
      'http://r/',
      '-b',
      'a=1',
      '-b',
      'b=2',
      `${origin}/echo`,
    ]);
    assert.equal(Buffer.from(form.body, 'base64').toString(), 'a=1&b=ü');
    const fields = new Map(form.headers.map(([name, value]) => [name, value]));
    assert.equal(fields.get('Content-Type'), 'application/x-www-form-urlencoded');
    assert.equal(fields.get('Authorization'), 'Basic bWU6cGFzcw==');
    assert.equal(fields.get('Referer'), 'http://r/');
    assert.equal(fields.get('Cookie'), 'a=1; b=2');
    const json = await echo(['--json', '[1]', '-A', 'me', `${origin}/echo`]);
    const types = json.headers.filter(([name]) => ['Content-Type', 'Accept', 'User-Agent'].includes(name));
    assert.deepEqual(types, [
      ['User-Agent', 'me'],
      ['Accept', 'application/json'],
      ['Content-Type', 'application/json'],
    ]);
  });

  test('takes flags from standard input with -K -, once', async () => {
    const config = Buffer.from('silent\nverbose\nuser-agent = "from standard input"\n');
    const one = await dugong(['-K', '-', '--no-silent', '--no-verbose', `${origin}/echo`], { input: config });
    assertOutcome(one, 0, '');
    const { headers } = JSON.parse(one.stdout.toString()) as EchoedRequest;
    assert.deepEqual(
      headers.find(([name]) => name === 'User-Agent'),
      ['User-Agent', 'from standard input'],
    );
    const wrong = await dugong(['-K', '-', `${origin}/echo`], { input: Buffer.from('\nnonsense') });
    assertOutcome(wrong, 2, /^dugong: -K -, line 2: no flag can be set by this line\n/);
    const twice = await dugong(['-K', '-', '-d', '@-', `${origin}/echo`], { input: config });
    assertOutcome(twice, 2, '');
    const said = await dugong(['-K', '-', '--input', '-'], { input: Buffer.from('') });
    assertOutcome(said, 2, /^dugong: --input -: standard input was read already\n/);
  });

  test('prints the cookies with -c -, behind the documents', async () => {
    const answer = response('200 OK', ['Set-Cookie: a=\xe4; Path=/', 'Content-Length: 2'], 'x\n');
    using server = startScriptedServer([[expectHead(), send(answer)]]);
    const result = await dugong(['-c', '-', `http://${server.authority}/`]);
    assertOutcome(result, 0, '');
    const lines = result.stdout.toString('latin1').split('\n');
    assert.deepEqual(lines.slice(0, 2), ['x', '# Netscape HTTP Cookie File']);
    assert.equal(lines.at(-2), '127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t\xe4');
  });

  test('prints the reports whose file is -', async () => {
    const result = await dugong(['-s', '-P', folder, '--failed', '-', '--summary', '-', `${origin}/status/404`]);
    assertOutcome(result, 8, '');
    assert.match(result.stdout.toString(), /^# missing: 404 .*\nhttp:\S+\/status\/404\n\{"documents":1,.*\}\n$/);
  });

  test('works through a list, goes on after what is missing, and writes it to a list that it can read', async () => {
    const [list, failed, summary] = [join(folder, 'list'), join(folder, 'failed'), join(folder, 'summary')];
    const lines = [
      `${origin}/send_3_bytes`,
      `${origin}/status/404\tout=gone`,
      `${origin}/send_2_bytes\tsize=2\tout=two`,
    ];
    writeFileSync(list, `# a list\n\n${lines.join('\r\n')}\n`);
    const out = join(folder, 'listed');
    const args = ['-P', out, '--jsonl', '--failed', failed, '--summary', summary];
    const { status, stdout, stderr } = await host.run([...args, '--input', list]);
    assert.equal(status, 8);
    assert.match(stderr, /^dugong: \S+\/status\/404 \(line 4\): 404 .*\ndugong: 2 documents .* 1 missing\.\n$/);
    assert.deepEqual(readdirSync(out).sort(), ['send_3_bytes', 'two']);
    const results = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(results.map(({ line, outcome, status: code }) => [line, outcome, code]).sort(), [
      [3, 'done', 200],
      [4, 'missing', 404],
      [5, 'done', 200],
    ]);
    assert.equal((JSON.parse(readFileSync(summary, 'utf8')) as { missing: number }).missing, 1);
    assert.deepEqual(
      readFileSync(failed, 'utf8')
        .split('\n')
        .filter((line) => !line.startsWith('#')),
      [`${origin}/status/404\tout=gone`, ''],
    );
    const again = await host.run(['-P', out, '--input', failed, '--failed', failed]);
    assertOutcome(again, 8, /status\/404 \(line \d\): 404/);
    assert.match(readFileSync(failed, 'utf8'), /status\/404\tout=gone\n$/);
  });

  test('lists documents again under the names of the whole list', async () => {
    const [out, failed] = [join(folder, 'named'), join(folder, 'named-again')];
    const refusal = response('404 Not Found', ['Content-Length: 0']);
    using server = startScriptedServer([
      [expectHead(), send(ok('1')), expectHead(), send(refusal), expectHead(), send(ok('3'))],
      [expectHead(), send(ok('2'))],
    ]);
    const urls = ['x/a', 'y/a', 'z/a'].map((path) => `http://${server.authority}/${path}`);
    assert.equal(
      (await host.run(['-s', '-j', '1', '--pipeline', '1', '-P', out, '--failed', failed, ...urls])).status,
      8,
    );
    assert.match(readFileSync(failed, 'utf8'), /\/y\/a\tout=a-2\n$/);
    assertOutcome(await host.run(['-P', out, '--skip-existing', '--input', failed]), 0, '');
    assert.deepEqual(
      readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]),
      [
        ['a', '1'],
        ['a-2', '2'],
        ['a-3', '3'],
      ],
    );
  });

  test('stops at the first failure if told so', async () => {
    const failed = join(folder, 'early');
    const urls = [`${origin}/status/404`, `${origin}/send_1_bytes`, `${origin}/send_2_bytes`];
    const args = ['--fail-early', '--pipeline', '1', '-j', '1', '--failed', failed, '-P', join(folder, 'early-out')];
    const { status, stderr } = await host.run([...args, ...urls]);
    assert.equal(status, 8);
    assert.match(stderr, /404/);
    assert.match(readFileSync(failed, 'utf8'), /status\/404\n/);
  });

  test('puts files, and replaces none on the server unless told so', async () => {
    const site = join(folder, 'site');
    mkdirSync(site);
    writeFileSync(join(site, 'a b'), 'content');
    using server = startScriptedServer([
      [expectHead(), expect('content'), send(response('201 Created', ['Content-Length: 0']))],
      [expectHead(), expect('content'), send(response('412 Precondition Failed', ['Content-Length: 0']))],
      [expectHead(), expect('content'), send(response('204 No Content'))],
    ]);
    const url = `http://${server.authority}/to/`;
    assertOutcome(await host.run(['put', site, site, url]), 2, /^dugong: put: \S+ b and \S+ b would both be http/);
    assertOutcome(await host.run(['put', site, url]), 0, '');
    assertOutcome(await host.run(['put', site, url]), 8, /: 412 Precondition Failed\n {8}.*--overwrite replaces it\n$/);
    assertOutcome(await host.run(['put', '--overwrite', site, url]), 0, '');
    const [first = '', , third = ''] = server.heads();
    assert.match(first, /^PUT \/to\/a%20b HTTP\/1\.1\r\n[\s\S]*If-None-Match: \*\r\n[\s\S]*Content-Length: 7\r\n/);
    assert.doesNotMatch(third, /If-None-Match/);
  });

  test('puts once more what a list of its own says was not stored', async () => {
    const site = join(folder, 'to-put');
    const again = join(folder, 'put-again');
    mkdirSync(site);
    writeFileSync(join(site, 'a'), 'content');
    const taken = [expectHead(), expect('content'), send(response('201 Created', ['Content-Length: 0']))];
    using server = startScriptedServer([
      [expectHead(), expect('content'), send(response('507 Insufficient Storage', ['Content-Length: 0']))],
      taken,
    ]);
    const url = `http://${server.authority}/to/`;
    const path = join(site, 'a');
    assertOutcome(await host.run(['put', '-s', '--failed', again, site, url]), 8, '');
    assert.equal(readFileSync(again, 'utf8'), `# missing: 507 Insufficient Storage\n${url}a\tfile=${path}\n`);
    assertOutcome(await host.run(['put', '--failed', again, '--input', again]), 0, '');
    assert.equal(readFileSync(again, 'utf8'), '');
    assertOutcome(
      await host.run(['put', '--input', again]),
      2,
      /^dugong: put: there is no file in --input .*put-again \(--allow/,
    );
    assertOutcome(await host.run(['put', '--allow-empty', '--input', again]), 0, '');
    server.check();
  });

  test('checks links: HEAD, then GET, and says what is not simply alive', async () => {
    using refusing = startScriptedServer([
      [expectHead(), send(response('405 Method Not Allowed', ['Content-Length: 0']))],
      [expectHead(), send(response('206 Partial Content', ['Content-Range: bytes 0-0/9', 'Content-Length: 1'], 'x'))],
    ]);
    const urls = [
      `${origin}/send_3_bytes`,
      `${origin}/status/410`,
      `${origin}/status/403`,
      `http://${refusing.authority}/`,
    ];
    const { status, stdout } = await host.run(['check', ...urls]);
    assert.equal(status, 8);
    const lines = stdout.toString().trim().split('\n').sort();
    assert.deepEqual(lines, [`blocked    403 ${origin}/status/403`, `missing    410 ${origin}/status/410`]);
    const [head = '', get = ''] = [0, 1].flatMap((connection) => refusing.heads(connection));
    assert.match(head, /^HEAD /);
    assert.match(get, /^GET [\s\S]*\r\nRange: bytes=0-0\r\n/);
    const allowed = await host.run([
      'check',
      '--allow-blocked',
      '--jsonl',
      `${origin}/status/403`,
      `${origin}/status/403#x`,
    ]);
    assert.equal(allowed.status, 0);
    assert.equal(allowed.stdout.toString().match(/"state":"blocked"/g)?.length, 2);
  });

  test('runs its demo, and serves its documents until it is interrupted', async () => {
    const demo = await dugong(['demo', '--documents', '60']);
    assertOutcome(demo, 0, '');
    assert.equal(demo.stdout.toString().match(/every byte right/g)?.length, 3);
    const serving = dugong(['demo', '--serve', '--port', '0', '--documents', '3'], {
      onStart: (pid) => void interruptWhenHeard(pid),
    });
    const served = await serving;
    assert.equal(served.status, 130);
  });
});

test('dugong --help and --version say so on standard output', async () => {
  const help = await dugong(['--help', 'all']);
  assertOutcome(help, 0, '');
  for (const part of ['Usage: dugong [get] [flags] URL...', 'Examples:', 'Exit codes:', '--directory', 'https_proxy']) {
    assert.ok(help.stdout.includes(part), part);
  }
  assert.match((await dugong(['check', '-h'])).stdout.toString(), /^Usage: dugong check/);
  assert.match((await dugong(['-v', '-h'])).stdout.toString(), /^Usage: dugong/);
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
  assert.equal((await dugong(['--version'])).stdout.toString(), `${version}\n`);
  assert.match((await dugong(['completion', 'bash'])).stdout.toString(), /^complete -o filenames -F _dugong dugong$/m);
});
