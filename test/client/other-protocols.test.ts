/** Servers that speak another protocol, and speak first: what they greet with is named, whenever it comes. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Coroutine,
  coAll,
  createFetch,
  type HTTPConnection,
  InvalidResponse,
  isTempNetworkError,
  ProxyError,
} from '../../src/index.ts';
import { fetchSync } from '../../src/sync/index.ts';
import { ok } from '../support/messages.ts';
import { plainAndTLS } from '../support/plain-and-tls.ts';
import { runProgram } from '../support/run-program.ts';
import {
  close,
  expectHead,
  gate,
  mark,
  reset,
  type Script,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { through } from '../support/tunnelled.ts';
import { connectionTo, thrownBy, waysOfWaiting } from '../support/waiting.ts';

const GREETINGS: Readonly<Record<string, string>> = {
  SSH: 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n',
  'FTP, SMTP': '220 host.example ESMTP\r\n',
  POP3: '+OK ready\r\n',
  IMAP: '* OK ready\r\n',
  MySQL: '\x4a\0\0\0\x0a5.7.41\0',
  telnet: '\r\n\r\nlogin: ',
  VNC: 'RFB 003.008\n',
  'an empty line of another kind': '\nhello',
};
const LARGE = Buffer.alloc(8_000_000);

/** Shows the greeting, and does not pass. */
function assertNamed(error: unknown, greeting: string): true {
  assert.ok(error instanceof InvalidResponse, String(error));
  assert.ok(error.message.includes(JSON.stringify(greeting)) || greeting.startsWith('\n'), error.message);
  assert.equal(isTempNetworkError(error), false);
  return true;
}

/** Asks for something; `connected`: and connects beforehand, which is followed by that. */
function* coAsk(connection: HTTPConnection, connected?: () => void, body?: Uint8Array): Coroutine<void> {
  if (connected !== undefined) yield* connection.coConnect();
  connected?.();
  yield* connection.coSendRequest('PUT', '/', { body });
  yield* connection.coReadResponse();
}

describe('a server that is none of HTTP and speaks first raises InvalidResponse with what it said', () => {
  const atOnce = (greeting: string): Script => [send(greeting, { peerMayLeave: true }), mark('greeted'), gate('never')];
  const WHEN: Readonly<Record<string, (greeting: string) => Script>> = {
    'as soon as it is connected to': atOnce,
    'and hangs up': (greeting) => [send(greeting), mark('greeted'), close()],
    'when the request comes': (greeting) => [mark('greeted'), expectHead(), send(greeting), gate('never')],
    'when the request comes, and hangs up': (greeting) => [mark('greeted'), expectHead(), send(greeting), close()],
  };

  for (const [protocol, greeting] of Object.entries(GREETINGS)) {
    for (const [when, script] of Object.entries(WHEN)) {
      test(`${protocol}, ${when}`, async () => {
        using server = startScriptedServer(waysOfWaiting.flatMap(() => [script(greeting), script(greeting)]));
        for (const { run } of waysOfWaiting) {
          for (const first of ['connect', 'request'] as const) {
            using connection = connectionTo(server);
            await assert.rejects(
              run(coAsk(connection, first === 'connect' ? () => server.waitFor('greeted') : undefined)),
              (error) => assertNamed(error, greeting),
            );
          }
        }
      });
    }
  }

  for (const [greeting, first] of [
    ['HELLO from a printer\r\n', 1],
    ['\r\n\r\nlogin: ', 3],
  ] as const) {
    test(`${JSON.stringify(greeting)}, of which ${first} come before the request`, async () => {
      const [begin, rest] = [greeting.slice(0, first), greeting.slice(first)];
      const script: Script = [send(begin), mark('begun'), expectHead(), send(rest), gate('never')];
      using server = startScriptedServer(waysOfWaiting.map(() => script));
      for (const { run } of waysOfWaiting) {
        using connection = connectionTo(server);
        const asking = run(coAsk(connection, () => server.waitFor('begun')));
        await assert.rejects(asking, (error) => assertNamed(error, greeting));
      }
    });
  }

  for (const { name, skip, serve } of plainAndTLS) {
    test(`from connect(), once it is there, as from the request that follows (${name})`, { skip }, () => {
      using server = serve([atOnce('220 hello\r\n')]);
      using connection = server.connect();
      const greeted = thrownBy(() => {
        for (;;) {
          connection.connect();
        }
      });
      assertNamed(greeted, '220 hello\r\n');
      assertNamed(
        thrownBy(() => connection.sendRequest('GET', '/')),
        '220 hello\r\n',
      );
    });

    test(`while a large request is being sent (${name})`, { skip }, async () => {
      const greeting = '220 hello\r\n';
      const script: Script = [expectHead(), stopReading(), send(greeting), gate('never')];
      using server = serve(waysOfWaiting.map(() => script));
      for (const { run } of waysOfWaiting) {
        using connection = server.connect();
        await assert.rejects(run(coAsk(connection, undefined, LARGE)), (error) => assertNamed(error, greeting));
      }
    });

    test(`to a sender and a reader (${name})`, { skip }, async () => {
      const script = atOnce('220 hello\r\n');
      using server = serve(waysOfWaiting.map(() => script));
      for (const { run } of waysOfWaiting) {
        using connection = server.connect();
        const both = coAll([connection.coSendRequest('GET', '/'), connection.coReadResponse()]);
        await assert.rejects(run(both), (error) => assertNamed(error, '220 hello\r\n'));
      }
    });
  }

  test('and aborts before the request is sent', () => {
    using server = startScriptedServer([[gate('connected'), send('220 hello\r\n'), reset(), mark('gone')]]);
    using connection = connectionTo(server);
    connection.connect();
    server.open('connected');
    server.waitFor('gone');
    assertNamed(
      thrownBy(() => connection.sendRequest('GET', '/')),
      '220 hello\r\n',
    );
  });

  test('to fetchSync, createFetch and the command, which do not try again', async () => {
    const script = atOnce('SSH-2.0-x\r\n');
    using server = startScriptedServer([script, script, script]);
    const url = `http://${server.authority}/`;
    assertNamed(
      thrownBy(() => fetchSync(url)),
      'SSH-2.0-x\r\n',
    );
    await assert.rejects(createFetch()(url), ({ cause }: Error) => assertNamed(cause, 'SSH-2.0-x\r\n'));
    const { status, stderr } = await runProgram('src/cli/main.ts', [url]);
    assert.notEqual(status, 0);
    assert.match(stderr, /begins with "SSH-2\.0-x/);
    assert.equal(server.connections(), 3);
  });

  test('of a proxy it is a ProxyError', () => {
    for (const script of [atOnce('220 hello\r\n'), [send('220 hello\r\n'), close()]] as Script[]) {
      using proxy = startScriptedServer([script]);
      using connection = through(proxy);
      const error = thrownBy(() => connection.connect());
      assert.ok(error instanceof ProxyError, String(error));
      assertNamed(error.cause, '220 hello\r\n');
    }
  });
});

describe('a connection that has had an answer', () => {
  test('takes bytes that answer nothing for the end of it, whatever they are [RFC 9112 9.2]', () => {
    for (const noise of [GREETINGS['SSH'] as string, ok('stale')]) {
      using server = startScriptedServer([[expectHead(), send(ok('1') + noise), mark('sent'), gate('never')]]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      server.waitFor('sent');
      connection.readResponse();
      assert.equal(connection.readText(), '1');
      const error = thrownBy(() => connection.sendRequest('GET', '/'));
      assert.ok(isTempNetworkError(error));
      assert.match(String(error), /^ConnectionClosed: GET http:.*\/: the server sent bytes that answer no request/);
    }
  });

  test('so does one whose server has sent a response of HTTP before any request [RFC 9112 9.2]', () => {
    using server = startScriptedServer([[send(ok('stale')), mark('sent'), gate('never')]]);
    using connection = connectionTo(server);
    connection.connect();
    server.waitFor('sent');
    const error = thrownBy(() => connection.sendRequest('GET', '/'));
    assert.match(String(error), /^ConnectionClosed: GET http:.*\/: the server sent bytes that answer no request/);
  });
});
