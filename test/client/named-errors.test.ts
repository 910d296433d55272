/** The messages of errors begin with the request that they are about, or with the server where there is none. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyFollowing, type Coroutine, DugongError, HTTPConnection, StateError } from '../../src/index.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { chunkedResponse, ok } from '../support/messages.ts';
import { close, end, expectHead, gate, type Script, send, startScriptedServer } from '../support/scripted-server.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';

const CUT_SHORT = ok('0123456789').slice(0, -5);
const BROKEN = 'HTTP/1.1 abc\r\n\r\n';

/** What fails, and what the message begins with behind "http://host:port". */
const failures: readonly {
  readonly name: string;
  readonly script: Script;
  readonly subject: (origin: string) => string;
  readonly co: (connection: HTTPConnection) => Coroutine<unknown>;
}[] = [
  {
    name: 'a connection that is lost before the response',
    script: [expectHead(), end()],
    subject: (origin) => `GET ${origin}/path?query`,
    *co(connection) {
      yield* connection.coSendRequest('GET', '/path?query');
      yield* connection.coReadResponse();
    },
  },
  {
    name: 'a response that is no HTTP',
    script: [expectHead(), send(BROKEN)],
    subject: (origin) => `GET ${origin}/`,
    *co(connection) {
      yield* connection.coSendRequest('GET', '/');
      yield* connection.coReadResponse();
    },
  },
  ...(['coRead', 'coReadAll', 'coReadText', 'coDiscard'] as const).map((operation) => ({
    name: `a body that is cut short, of the first of two requests (${operation})`,
    script: [expectHead(), expectHead(), send(CUT_SHORT), close()] as Script,
    subject: (origin: string) => `GET ${origin}/first`,
    *co(connection: HTTPConnection) {
      yield* connection.coSendRequest('GET', '/first');
      yield* connection.coSendRequest('GET', '/second');
      yield* connection.coReadResponse();
      for (let count = 0; count < 10; count++) yield* connection[operation]();
    },
  })),
  {
    name: 'a body that is cut short (coReadInto)',
    script: [expectHead(), send(CUT_SHORT), close()],
    subject: (origin) => `GET ${origin}/`,
    *co(connection) {
      yield* connection.coSendRequest('GET', '/');
      yield* connection.coReadResponse();
      for (let count = 0; count < 10; count++) yield* connection.coReadInto(Buffer.alloc(100));
    },
  },
  {
    name: 'the second of two responses',
    script: [expectHead(), expectHead(), send(chunkedResponse(['x'])), send(BROKEN)],
    subject: (origin) => `HEAD ${origin}/second`,
    *co(connection) {
      yield* connection.coSendRequest('GET', '/first');
      yield* connection.coSendRequest('HEAD', '/second');
      yield* connection.coReadResponse();
      yield* connection.coReadAll();
      yield* connection.coReadResponse();
    },
  },
  {
    name: 'an unknown charset',
    script: [
      expectHead(),
      send('HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=x-none\r\nContent-Length: 1\r\n\r\nx'),
    ],
    subject: (origin) => `GET ${origin}/`,
    *co(connection) {
      yield* connection.coSendRequest('GET', '/');
      yield* connection.coReadResponse();
      yield* connection.coReadText();
    },
  },
  {
    name: 'a body that the server refuses',
    script: [
      expectHead(),
      send('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
      gate('end'),
    ],
    subject: (origin) => `PUT ${origin}/upload`,
    *co(connection) {
      yield* connection.coSendRequest('PUT', '/upload', { body: new BodyFollowing() });
      for (;;) yield* connection.coWrite(Buffer.alloc(100_000));
    },
  },
  {
    name: 'an OPTIONS request for the server itself',
    script: [expectHead(), close()],
    subject: (origin) => `OPTIONS ${origin}`,
    *co(connection) {
      yield* connection.coSendRequest('OPTIONS', '*');
      yield* connection.coReadResponse();
    },
  },
];

describe('an error', () => {
  for (const { name, script, subject, co } of failures) {
    for (const { name: way, run } of waysOfWaiting) {
      test(`begins with its request: ${name} (${way})`, async () => {
        using server = startScriptedServer([script]);
        using connection = new HTTPConnection(`http://${server.authority}`);
        const error = await run(co(connection)).then(
          () => assert.fail('there is none'),
          (reason) => reason,
        );
        assert.ok(error instanceof DugongError && !(error instanceof StateError), String(error));
        const beginning = `${subject(`http://${server.authority}`)}: `;
        assert.ok(error.message.startsWith(beginning), error.message);
        assert.doesNotMatch(error.message.slice(beginning.length), /http:/);
        assert.ok(error.stack?.startsWith(`${error.name}: ${error.message}\n`), error.stack);
      });
    }
  }

  test('of a time limit says it, of blocking calls and of promises, and once only', async () => {
    using server = startScriptedServer([[expectHead(), gate('never')]]);
    using connection = new HTTPConnection(`http://${server.authority}`, { timeout: 30 });
    connection.sendRequest('GET', '/slow');
    const message = `GET http://${server.authority}/slow: timed out after 30 ms (receive)`;
    for (let time = 0; time < 2; time++) assert.throws(() => connection.readResponse(), { message });
    await assert.rejects(connection.promises.readResponse({ timeout: 30 }), { message });
  });

  test('of connecting names the server, with https: for TLS', { skip: opensslMissing() }, () => {
    using server = startScriptedServer([[close()]]);
    const { port } = server;
    const connection = new HTTPConnection(`https://localhost:${port}`, { lookup: () => ['127.0.0.1'] });
    const { message } = thrownBy(() => connection.connect()) as Error;
    assert.ok(message.startsWith(`https://localhost:${port}: `), message);
    using origin = new TestTrust().serve([[]]);
    const url = `https://localhost:${origin.front.port}`;
    const untrusted = new HTTPConnection(url, { lookup: () => ['127.0.0.1'] });
    const error = thrownBy(() => untrusted.sendRequest('GET', '/')) as Error;
    assert.match(String(error), /^TLSError: GET https:\/\/localhost:\d+\/: the certificate of /);
  });

  test('is shown whole beside a path of any length', () => {
    using server = startScriptedServer([[expectHead(), close()]]);
    using connection = new HTTPConnection(`http://${server.authority}`);
    connection.sendRequest('GET', `/${'x'.repeat(10_000)}`);
    const { message } = thrownBy(() => connection.readResponse()) as Error;
    assert.match(message, /^GET http:.*xxx\.\.\.: .*ended|closed/);
    assert.ok(message.length < 1000);
  });
});
