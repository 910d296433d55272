/** The trace of connections: what it says, what it hides, and where it goes. Each program has an environment of its own. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import { startTunnelProxy } from '../support/proxy-server.ts';
import {
  environmentWithoutProxies,
  type ProgramOptions,
  type ProgramResult,
  runProgram,
} from '../support/run-program.ts';
import {
  close,
  expectAnything,
  expectBytes,
  expectEnd,
  expectHead,
  type Script,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SECRET = 's3cret';

interface Traced extends ProgramResult {
  /** Its lines, without process id and time; the server's port is PORT. */
  readonly lines: readonly string[];
  /** Those of each connection, without its label. */
  readonly connections: readonly (readonly string[])[];
}

interface Run extends ProgramOptions {
  readonly port: number;
  readonly argument?: string;
  readonly variables?: Record<string, string>;
}

/** Runs a scenario of the program, with a trace into a file. */
async function traced(
  context: TestContext,
  scenario: string,
  { port, argument = '', variables, ...more }: Run,
): Promise<Traced> {
  const path = `${temporaryFolder(context)}/trace.txt`;
  const env = { ...environmentWithoutProxies(), NODE_DEBUG: '', DUGONG_TRACEFILE: path, ...variables };
  const result = await runProgram('test/client/wire-trace-program.ts', [scenario, String(port), argument], {
    env,
    ...more,
  });
  assert.equal(result.status, 0, result.stderr);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return { ...result, ...read(text, port) };
}

const LINE = /^(?:DUGONG )?\d+:? (#(?:\d+\.)?\d+) \d+\.\d{3} ((?:\*|[<>]\d*!?)(?: .*)?)$/;

function read(text: string, port: number): Pick<Traced, 'lines' | 'connections'> {
  assert.match(text, /^[\x20-\x7e\n]*$/);
  const lines: string[] = [];
  const byLabel = new Map<string, string[]>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, label = '', rest = ''] = LINE.exec(line) ?? assert.fail(`no line of a trace: ${line}`);
    const same = rest
      .replaceAll(`:${port}`, ':PORT')
      .replace(/descriptor \d+/, 'descriptor N')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'NOW');
    lines.push(`${label} ${same}`);
    byLabel.set(label, [...(byLabel.get(label) ?? []), same]);
  }
  return { lines, connections: [...byLabel.values()] };
}

/** Without what depends on how the network cuts the bytes. */
function messagesOf(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^\* \d+ bytes received$|bytes of chunks/.test(line) && !line.includes('| '));
}

const HEAD = ['Host: 127.0.0.1:PORT', 'Accept-Encoding: identity'];
const THREE: Script = [
  expectHead(),
  expectHead(),
  expectBytes(15),
  expectHead(),
  expectBytes('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'.length),
  // In pieces that split fields.
  send(response('103 Early Hints', ['Link: </x>', `X-Api-Key: ${SECRET}`]), { chunk: 7 }),
  send(ok('hello', `Set-Cookie: sid=${SECRET}`, 'X-Evil: \x9b2J\xe9'), { chunk: 7 }),
  send(chunkedResponse(['ab', 'c'], ['X-Sum: 3', `X-Token: ${SECRET}`]), { chunk: 7 }),
  send(ok('x'.repeat(50_000))),
  expectEnd(),
];

describe('a trace', () => {
  const expected = [
    '* connection to 127.0.0.1:PORT, NOW',
    '* resolving 127.0.0.1',
    '* addresses: 127.0.0.1',
    '* connecting to 127.0.0.1:PORT',
    '* connected to 127.0.0.1, descriptor N',
    ...['GET /a?q=1 HTTP/1.1', HEAD[0], 'Authorization: ***', 'X-From: http://***@h.example/', HEAD[1]].map(
      (line) => `>1 ${line}`,
    ),
    '>1',
    ...['POST /b HTTP/1.1', ...HEAD, 'Content-Length: 15'].map((line) => `>2 ${line}`),
    '>2',
    '>2 (a body of 15 bytes)',
    '>2 (15 bytes of the body)',
    ...['PUT /c HTTP/1.1', ...HEAD, 'Transfer-Encoding: chunked'].map((line) => `>3 ${line}`),
    '>3',
    '>3 (a chunked body)',
    '>3 (the end of the body)',
    ...['HTTP/1.1 103 Early Hints', 'Link: </x>', 'X-Api-Key: ***'].map((line) => `<1 ${line}`),
    '<1',
    ...['HTTP/1.1 200 OK', 'Content-Length: 5', 'Set-Cookie: ***', 'X-Evil: \\x9b2J\\xe9'].map((line) => `<1 ${line}`),
    '<1',
    '<1 (a body of 5 bytes)',
    '<1 (the end of the body: 5 bytes)',
    ...['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'].map((line) => `<2 ${line}`),
    '<2',
    '<2 (a chunked body)',
    '<2 X-Sum: 3',
    '<2 X-Token: ***',
    '<2 (the end of the body: 3 bytes)',
    ...['HTTP/1.1 200 OK', 'Content-Length: 50000'].map((line) => `<3 ${line}`),
    '<3',
    '<3 (a body of 50000 bytes)',
    '<3 (the end of the body: 50000 bytes)',
  ];

  test('has each head, the lengths of bodies, and trailers, in all ways of waiting', async (context) => {
    using server = startScriptedServer([THREE, THREE, THREE, THREE]);
    const { connections, stderr } = await traced(context, 'messages', server);
    server.check();
    assert.equal(stderr, '');
    assert.equal(connections.length, 4);
    for (const lines of connections) {
      const { received, chunks } = sums(lines);
      assert.deepEqual(messagesOf(lines).slice(0, -1), expected);
      assert.equal(chunks, 15);
      assert.equal(lines.at(-1), `* closed: ${server.received().length} bytes sent, ${received} received`);
    }
    assert.doesNotMatch(JSON.stringify(connections), /s3cret/);
  });

  test('has secrets and bodies, too, if DUGONG_TRACE_SECRETS is 1', async (context) => {
    using server = startScriptedServer([THREE, THREE, THREE, THREE]);
    const { connections } = await traced(context, 'messages', {
      port: server.port,
      variables: { DUGONG_TRACE_SECRETS: '1' },
    });
    for (const lines of connections) {
      for (const each of [
        '>1 Authorization: Bearer s3cret',
        '>1 X-From: http://user:s3cret@h.example/',
        '>2 | password=s3cret',
        '<1 X-Api-Key: s3cret',
        '<1 Set-Cookie: sid=s3cret',
        '<2 X-Token: s3cret',
      ])
        assert.ok(lines.includes(each), each);
      const body = (mark: string) =>
        lines.flatMap((line) => (line.startsWith(`${mark} | `) ? [line.slice(5)] : [])).join('');
      assert.equal(body('>3'), '3\\r\\nabc\\r\\n2\\r\\nde\\r\\n');
      assert.equal(body('<1'), 'hello');
      assert.equal(body('<2'), 'abc');
      assert.equal(body('<3'), 'x'.repeat(50_000));
    }
  });

  test('does not show what another value of DUGONG_TRACE_SECRETS asks for', async (context) => {
    using server = startScriptedServer([[expectHead(), send(ok('', `Set-Cookie: ${SECRET}`)), expectEnd()]]);
    const { lines } = await traced(context, 'responses', {
      ...{ port: server.port, argument: '1', variables: { DUGONG_TRACE_SECRETS: 'true' } },
    });
    assert.ok(lines.includes('#1 <1 Set-Cookie: ***'));
  });

  test('has the lengths of what follows an upgrade', async (context) => {
    const switching = response('101 Switching Protocols', ['Upgrade: echo', 'Connection: Upgrade']);
    using server = startScriptedServer([[expectHead(), send(switching), expectBytes(6), send('s3cr'), expectEnd()]]);
    const { connections } = await traced(context, 'upgrade', server);
    const [lines = []] = connections;
    for (const each of ['<1 (HTTP ends here)', '> (6 bytes of another protocol)', '< (4 bytes of another protocol)'])
      assert.ok(lines.includes(each), lines.join('\n'));
  });

  test('of fetchSync, createFetch and Transfer is the same', async (context) => {
    const script = [expectHead(), send(ok('x')), expectAnything()];
    using server = startScriptedServer([script, script, script]);
    const { connections } = await traced(context, 'layers', server);
    const requests = connections.map((lines) => lines.find((line) => line.startsWith('>1 ')));
    assert.deepEqual(
      requests,
      ['/sync', '/fetch', '/bulk'].map((path) => `>1 GET ${path} HTTP/1.1`),
    );
    for (const lines of connections) {
      assert.ok(lines.includes('<1 (the end of the body: 1 bytes)'));
    }
  });

  test('of the command is the same', async (context) => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectAnything()]]);
    const path = `${temporaryFolder(context)}/trace.txt`;
    const env = { ...environmentWithoutProxies(), DUGONG_TRACEFILE: path };
    const { stdout } = await runProgram('src/cli/main.ts', [`http://127.0.0.1:${server.port}/a`], { env });
    assert.equal(stdout.toString(), 'x');
    assert.ok(read(readFileSync(path, 'utf8'), server.port).lines.includes('#1 >1 GET /a HTTP/1.1'));
  });

  test('of several threads has whole lines, and says which thread', async (context) => {
    const script = [expectHead(), send(ok('x')), expectAnything()];
    using server = startScriptedServer(Array.from({ length: 60 }, () => script));
    const { lines, connections } = await traced(context, 'workers', { port: server.port, argument: '20' });
    assert.equal(connections.length, 60);
    for (const each of connections) assert.match(each.at(-1) ?? '', /^\* closed: \d+ bytes sent, 39 received$/);
    assert.equal(new Set(lines.map((line) => line.split('.')[0])).size, 3);
  });
});

/** What notes say of received bytes, and of bytes that were sent in chunks. */
function sums(lines: readonly string[]): { received: number; chunks: number } {
  const sum = (pattern: RegExp) => lines.reduce((total, line) => total + Number(pattern.exec(line)?.[1] ?? 0), 0);
  return { received: sum(/^\* (\d+) bytes received$/), chunks: sum(/^>3 \((\d+) bytes of chunks\)$/) };
}

describe('a trace of what fails', () => {
  test('has each address and its failure', async (context) => {
    const { connections } = await traced(context, 'unreachable', { port: 1 });
    assert.equal(connections.length, 1);
    assert.deepEqual(connections[0]?.slice(2), [
      '* addresses: 127.0.0.2, 127.0.0.3',
      '* connecting to 127.0.0.2:PORT',
      '* failed: connect ECONNREFUSED 127.0.0.2:PORT',
      '* connecting to 127.0.0.3:PORT',
      '* failed: connect ECONNREFUSED 127.0.0.3:PORT',
      '* error: SystemError: connect ECONNREFUSED 127.0.0.3:PORT',
      '* closed: 0 bytes sent, 0 received, requests not answered in full: 1',
    ]);
  });

  /** What a server sends, and the last lines of the trace but the one that it is closed. */
  const refused: readonly [name: string, sent: string, lines: readonly string[]][] = [
    ['another protocol', '220 mail.example ESMTP\r\n', ['<! 220 mail.example ESMTP']],
    [
      'a status that is none',
      'HTTP/1.1 2OO OK\r\nSet-Cookie: s3cret\r\n\r\n',
      ['<! HTTP/1.1 2OO OK', '<! Set-Cookie: ***'],
    ],
    [
      'a space behind a name',
      'HTTP/1.1 200 OK\r\nSet-Cookie : s3cret\r\nX: y\r\n\r\n',
      ['<! HTTP/1.1 200 OK', '<! ***', '<! X: y'],
    ],
    ['a line end in a value', 'HTTP/1.1 200 OK\r\nX: y\nSet-Cookie: s3cret\r\n\r\n', ['<! HTTP/1.1 200 OK', '<! ***']],
    ['a CR in a secret', 'HTTP/1.1 200 OK\r\nX-Token: s\rs3cret\r\n\r\n', ['<! HTTP/1.1 200 OK', '<! ***']],
    [
      'a fold of a secret',
      'HTTP/1.1 200 OK\r\nX-Token: a\r\n s3cret\r\nX\0: y\r\n\r\n',
      ['<! HTTP/1.1 200 OK', '<! X-Token: ***', '<! ***', '<! ***'],
    ],
    ['a NUL in a name', 'HTTP/1.1 200 OK\r\nSet-Coo\0kie: s3cret\r\n\r\n', ['<! HTTP/1.1 200 OK', '<! ***']],
    ['a field in place of a status line', 'Set-Cookie: s3cret\r\n\r\n', ['<! Set-Cookie: ***']],
    ['escapes of a terminal', 'HTTP/1.1 200 \x1b[2J\r\n\r\n', ['<! HTTP/1.1 200 \\x1b[2J']],
    ['a body behind it', `HTTP/1.1 099 x\r\n\r\npw=${SECRET}`, ['<! HTTP/1.1 099 x']],
    [
      'chunks that are none',
      `${response('200 OK', ['Transfer-Encoding: chunked'])}xyz pw=${SECRET}\r\n`,
      ['<1', '<1 (a chunked body)', '* error:', '* the connection cannot be used any more'],
    ],
    ['a head that is cut short', 'HTTP/1.1 200 OK\r\nX-Token: s3cr', ['<! HTTP/1.1 200 OK', '<! X-Token: ***']],
    ['nothing', '', ['* the connection cannot be used any more']],
  ];
  test('has what the server sent, without secrets, each in a line of its own', async (context) => {
    using server = startScriptedServer(
      refused.map(([, sent]) => [expectHead(), send(sent, { peerMayLeave: true }), close()]),
    );
    const { connections, lines } = await traced(context, 'responses', {
      port: server.port,
      argument: String(refused.length),
    });
    for (const [index, [name, , expected]] of refused.entries()) {
      const all = (connections[index] ?? []).map((line) => line.replace(/^(\* error:).*/, '$1'));
      const end = all.findIndex((line) => /closed: /.test(line) || /body was read/.test(line));
      assert.deepEqual(all.slice(end - expected.length, end), expected, name);
      assert.ok(all.includes('* error:'), name);
    }
    assert.doesNotMatch(lines.join('\n'), /s3cr/);
  });
});

test('a trace of a proxy that refuses hides what its reason phrase may hold', async (context) => {
  const refusal = response(`407 Proxy-Authorization: Basic ${SECRET}`, ['Content-Length: 0']);
  using server = startScriptedServer([[expectHead(), send(refusal), close()]]);
  const options = { proxy: `http://127.0.0.1:${server.port}`, tls: true, timeout: 20_000 };
  const run = { port: server.port, argument: JSON.stringify(options) };
  const { lines } = await traced(context, 'tunnel', run);
  assert.match(
    lines.join('\n'),
    /error: ProxyError: the proxy refused to connect to 127\.0\.0\.1:PORT: 407 \*\*\* \(it wants/,
  );
  assert.doesNotMatch(lines.join('\n'), /s3cret/);
});

describe('a trace over TLS', { skip: opensslMissing() }, () => {
  test('has the tunnel, the certificate, and what is inside', async (context) => {
    const trust = new TestTrust();
    using server = trust.serve([[expectHead(), send(ok('inside')), expectEnd()]]);
    using proxy = startTunnelProxy(server.front, { answer: response('200 OK', [`X-Token: ${SECRET}`]) });
    const options = { proxy: `http://user:${SECRET}@127.0.0.1:${proxy.port}`, tls: { ca: trust.ca }, timeout: 20_000 };
    const run = { port: server.front.port, argument: JSON.stringify(options) };
    const { connections, stdout } = await traced(context, 'tunnel', run);
    assert.equal(stdout.toString(), '');
    const [lines = []] = connections;
    const shown = messagesOf(lines).map((line) =>
      line.replace(`:${proxy.port}`, ':PROXY').replace(/TLS_\w+/, 'CIPHER'),
    );
    assert.deepEqual(shown.slice(1, -1), [
      '* resolving the proxy 127.0.0.1',
      '* addresses: 127.0.0.1',
      '* connecting to 127.0.0.1:PROXY',
      '* connected to 127.0.0.1, descriptor N',
      '>0 CONNECT 127.0.0.1:PORT HTTP/1.1',
      '>0 Host: 127.0.0.1:PORT',
      '>0 Proxy-Authorization: ***',
      '>0 Accept-Encoding: identity',
      '>0',
      '<0 HTTP/1.1 200 OK',
      '<0 X-Token: ***',
      '<0',
      '<0 (HTTP ends here)',
      '* TLS with 127.0.0.1',
      '* TLSv1.3 CIPHER, ALPN none, certificate of server, DNS:localhost, DNS:origin.example, IP Address:127.0.0.1, verified',
      '>1 GET /inside HTTP/1.1',
      '>1 Host: 127.0.0.1:PORT',
      '>1 Accept-Encoding: identity',
      '>1',
      '<1 HTTP/1.1 200 OK',
      '<1 Content-Length: 6',
      '<1',
      '<1 (a body of 6 bytes)',
      '<1 (the end of the body: 6 bytes)',
    ]);
    assert.doesNotMatch(lines.join('\n'), /s3cret|dXNlc/);
  });
});

describe('NODE_DEBUG', () => {
  for (const [value, asks] of [
    ['dugong', true],
    ['http,DUGONG', true],
    ['du*', true],
    ['', false],
  ] as const) {
    test(`${value === '' ? 'that is empty asks for nothing' : `${value} asks for the trace on standard error`}`, async (context) => {
      using server = startScriptedServer([[expectHead(), send(ok('%s%d\n')), expectEnd()]]);
      const variables = { DUGONG_TRACEFILE: '', NODE_DEBUG: value };
      const { stderr, lines } = await traced(context, 'responses', { port: server.port, argument: '1', variables });
      assert.deepEqual(lines, []);
      const found = stderr.split('\n').filter((line) => line.startsWith('DUGONG '));
      assert.equal(
        read(`${found.join('\n')}${asks ? '\n' : ''}`, server.port).lines.includes('#1 >1 GET /x HTTP/1.1'),
        asks,
      );
    });
  }
});

describe('the file of a trace', () => {
  test('has the process id in place of %d', async (context) => {
    const folder = temporaryFolder(context);
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    const variables = { DUGONG_TRACEFILE: `${folder}/%d-%d.txt` };
    await traced(context, 'responses', { port: server.port, argument: '1', variables });
    const [name = ''] = readdirSync(folder);
    const [, id] = /^(\d+)-\1\.txt$/.exec(name) ?? [];
    assert.ok(readFileSync(`${folder}/${name}`, 'utf8').startsWith(`${id} #1 `));
  });

  test('that cannot grow is given up with one warning, and the requests go on', async (context) => {
    const script = [expectHead(), send(ok('x')), expectEnd()];
    using server = startScriptedServer(Array.from({ length: 8 }, () => script));
    // The system refuses what is beyond one block, as it does on a full disk.
    const through = ['sh', '-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'sh'];
    const path = `${temporaryFolder(context)}/trace.txt`;
    const env = { ...environmentWithoutProxies(), DUGONG_TRACEFILE: path };
    const args = ['responses', String(server.port), '8'];
    const { status, stderr, stdout } = await runProgram('test/client/wire-trace-program.ts', args, { env, through });
    server.check();
    assert.equal(status, 0, stderr);
    assert.equal(stdout.toString(), '');
    assert.equal(stderr.split('DUGONG_TRACEFILE: nothing is written to').length, 2, stderr);
    assert.match(stderr, /EFBIG/);
    assert.ok(statSync(path).size <= 1024);
  });
});
