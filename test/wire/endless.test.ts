/**
 * Servers that never come to an end, over real sockets: each is left after so many bytes, with an error of its own, and what
 * it sent has not been kept. What is endless by right, a body, is not looked at here.
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type HTTPConnection, type HTTPConnectionOptions, InvalidResponse } from 'dugong';
import { expectHead, type Script, send, sendForever, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo, waysOfWaiting } from '../support/waiting.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
/** More than any limit and the window of the receive buffer together: 64 KiB each. */
const ENOUGH = 2 ** 18;

interface Endless {
  /** What the server never stops doing. */
  readonly what: string;
  readonly before?: string;
  readonly forever: string;
  readonly complaint: RegExp;
}

const endless: readonly Endless[] = [
  {
    what: 'sends 100 (Continue) [RFC 9110 15.2]',
    forever: 'HTTP/1.1 100 Continue\r\n\r\n',
    complaint: /informational/,
  },
  {
    what: 'sends large 103 (Early Hints) [RFC 9110 15.2]',
    forever: `HTTP/1.1 103 Early Hints\r\nLink: <${'a'.repeat(30_000)}>\r\n\r\n`,
    complaint: /informational/,
  },
  { what: 'sends empty lines [RFC 9112 2.2]', forever: '\r\n', complaint: /empty lines/ },
  {
    what: 'goes on with the reason phrase [RFC 9112 4]',
    before: 'HTTP/1.1 200 ',
    forever: 'a',
    complaint: /status line/,
  },
  { what: 'goes on with a field name [RFC 9112 5]', before: HEAD, forever: 'N', complaint: /header section is longer/ },
  {
    what: 'goes on with a field value [RFC 9112 5]',
    before: `${HEAD}A: `,
    forever: 'v',
    complaint: /header section is longer/,
  },
  { what: 'goes on with fields [RFC 9112 5]', before: HEAD, forever: 'A: b\r\n', complaint: /header section/ },
  {
    what: 'folds a field [RFC 9112 5.2]',
    before: `${HEAD}A: b`,
    forever: '\r\n ',
    complaint: /header section is longer/,
  },
  { what: 'sends digits of a chunk size [RFC 9112 7.1]', before: CHUNKED, forever: '0', complaint: /chunk size/ },
  {
    what: 'goes on with a chunk extension [RFC 9112 7.1.1]',
    before: `${CHUNKED}1;a`,
    forever: 'a',
    complaint: /chunk extensions/,
  },
  {
    what: 'goes on with a quoted extension [RFC 9112 7.1.1]',
    before: `${CHUNKED}1;a="`,
    forever: ' ',
    complaint: /chunk extensions/,
  },
  {
    what: 'sends small chunks with extensions [RFC 9112 7.1.1]',
    before: CHUNKED,
    forever: '1;ext=1\r\nx\r\n',
    complaint: /chunk extensions/,
  },
  {
    what: 'goes on with a trailer [RFC 9112 7.1.2]',
    before: `${CHUNKED}0\r\nA: `,
    forever: 't',
    complaint: /trailer section is longer/,
  },
  {
    what: 'goes on with trailers [RFC 9112 7.1.2]',
    before: `${CHUNKED}0\r\n`,
    forever: 'A:\r\n',
    complaint: /trailer/,
  },
];

function scriptFor({ before, forever }: Endless, pace: { chunk?: number }): Script {
  return [expectHead(), ...(before === undefined ? [] : [send(before)]), sendForever(forever, pace)];
}

/** One exchange with it. */
function* coExchange(connection: HTTPConnection): ReturnType<HTTPConnection['coDiscard']> {
  yield* connection.coSendRequest('GET', '/');
  yield* connection.coReadResponse();
  yield* connection.coDiscard();
}

async function assertLeft(each: Endless, script: Script, run: (typeof waysOfWaiting)[number]['run']): Promise<void> {
  using server = startScriptedServer([script]);
  using connection = connectionTo(server);
  await assert.rejects(run(coExchange(connection)), (error) => {
    assert.ok(error instanceof InvalidResponse, String(error));
    assert.match(error.message, each.complaint);
    return true;
  });
  // The loss of the connection says how many bytes had come by then.
  assert.throws(
    () => connection.sendRequest('GET', '/again'),
    (error: { bytesReceived?: number }) => {
      assert.ok(
        (error.bytesReceived ?? Number.POSITIVE_INFINITY) <= ENOUGH,
        `${error.bytesReceived} bytes were received`,
      );
      return true;
    },
  );
  connection.disconnect();
  server.check();
}

for (const { name, run } of waysOfWaiting) {
  suite(`a server that never comes to an end is left within the limits (${name})`, () => {
    for (const each of endless) {
      test(`it ${each.what}`, () => assertLeft(each, scriptFor(each, {}), run));
    }
  });
}

suite('a server that never comes to an end and sends one byte at a time is left within the limits', () => {
  // Small limits, since each byte is a segment of its own.
  const limits: HTTPConnectionOptions['limits'] = {
    statusLine: 300,
    headerSection: 300,
    trailerSection: 300,
    chunkExtensions: 300,
    informational: 300,
  };
  for (const each of endless) {
    if (each.forever.length > 100) continue;
    test(`it ${each.what}`, () => {
      using server = startScriptedServer([scriptFor(each, { chunk: 1 })]);
      using connection = connectionTo(server, { limits });
      connection.sendRequest('GET', '/');
      assert.throws(() => {
        connection.readResponse();
        connection.discard();
      }, InvalidResponse);
      connection.disconnect();
      server.check();
    });
  }
});

test('memory does not grow with the number of endless servers that were left', () => {
  const servers = (): void => {
    for (const each of endless) {
      using server = startScriptedServer([scriptFor(each, {})]);
      using connection = connectionTo(server);
      connection.sendRequest('GET', '/');
      assert.throws(() => {
        connection.readResponse();
        connection.discard();
      }, InvalidResponse);
    }
  };
  servers();
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 3; round++) servers();
  const grown = process.memoryUsage().arrayBuffers - before;
  // What garbage collection has not looked at yet: some windows of 64 KiB to 256 KiB per server. What was sent is far more.
  assert.ok(grown < 3 * endless.length * 2 ** 19, `${grown} bytes`);
});
