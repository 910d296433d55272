/**
 * Responses that come while their request is still being sent, in each form of body and each way of waiting: a refusal ends the
 * sending, a success does not (RFC 9112 9.5).
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AioFuture, BodyFollowing, type Coroutine, coAll, coAllSettled, type HTTPConnection, PollLoop } from 'dugong';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { chunked, ok, response } from '../support/messages.ts';
import { startTLSFront } from '../support/proxy-server.ts';
import {
  end,
  expect,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  mark,
  type Script,
  send,
  startScriptedServer,
  stopReading,
} from '../support/scripted-server.ts';
import { MORE_THAN_EVER_FITS, MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { connectionClosed, connectionTo, suspend, waysOfWaiting } from '../support/waiting.ts';

const ways = [
  ...waysOfWaiting,
  {
    name: 'PollLoop',
    run: async <T>(coroutine: Coroutine<T>): Promise<T> => {
      using loop = new PollLoop();
      return loop.runUntilComplete(loop.createTask(coroutine));
    },
  },
];

const block = Buffer.alloc(1 << 20, 'x');
const blocks = Math.ceil(MORE_THAN_FITS / block.length);
const refusal = response('413 Content Too Large', ['Content-Length: 2'], 'no');
/** Reads the head, answers, and reads nothing more; the connection stays open. */
const refusing: Script = [expectHead(), stopReading(), send(refusal), gate('never')];
const notSent = connectionClosed({ phase: 'send', lost: ['PUT /'] });
const toldWhy = {
  name: 'ConnectionClosed',
  message: /\/: the server answered before the request had been sent in whole/,
};

function* pieces(log: string[] = [], count: number = blocks): Generator<Buffer> {
  try {
    for (let index = 0; index < count; index++) yield block;
  } finally {
    log.push('source ended');
  }
}

function* coWriteAll(connection: HTTPConnection): Coroutine<void> {
  yield* connection.coSendRequest('PUT', '/', { body: new BodyFollowing(blocks * block.length) });
  for (const piece of pieces()) yield* connection.coWrite(piece);
}

const forms: readonly { name: string; coSend(connection: HTTPConnection): Coroutine<void> }[] = [
  { name: 'in pieces', coSend: (connection) => connection.coSendRequest('PUT', '/', { body: pieces() }) },
  {
    name: 'whole',
    coSend: (connection) => connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) }),
  },
  { name: 'that follows', coSend: coWriteAll },
];

/** The refusal can be read; then the connection is at its end, and says so. */
function assertRefused(connection: HTTPConnection): void {
  assert.equal(connection.responsePending(), true);
  assert.throws(() => connection.sendRequest('GET', '/next'), { name: 'ConnectionClosed' });
  const answer = connection.readResponse();
  assert.deepEqual([answer.status, answer.path, connection.readText()], [413, '/', 'no']);
  assert.equal(connection.responsePending(), false);
  assert.throws(() => connection.sendRequest('GET', '/next'), { name: 'ConnectionClosed' });
  assert.throws(() => connection.write(block), { name: 'ConnectionClosed' });
}

describe('a refusal before the whole request has been sent, from a server that reads no more [RFC 9112 9.5]', () => {
  for (const { name: form, coSend } of forms) {
    for (const { name, run } of ways) {
      test(`ends the sending of a body ${form}, and can be read (${name})`, async () => {
        using server = startScriptedServer([refusing]);
        using connection = connectionTo(server);
        await assert.rejects(run(coSend(connection)), { ...notSent, ...toldWhy });
        assertRefused(connection);
      });
    }

    test(`ends a blocking call that sends a body ${form}`, () => {
      using server = startScriptedServer([refusing]);
      using connection = connectionTo(server);
      assert.throws(() => connection.runBlocking(coSend(connection)), { ...notSent, ...toldWhy });
      assertRefused(connection);
    });

    test(`reaches a coroutine that reads meanwhile; the one that sends a body ${form} learns of it`, async () => {
      for (const { run } of ways) {
        using server = startScriptedServer([refusing]);
        using connection = connectionTo(server);
        function* coRead(): Coroutine<string> {
          const { status } = yield* connection.coReadResponse();
          return `${status} ${yield* connection.coReadText()}`;
        }
        const [sent, answer] = await run(coAllSettled([coSend(connection), coRead()]));
        assert.deepEqual(answer, { status: 'fulfilled', value: '413 no' });
        assert.ok(sent.status === 'rejected');
        assert.equal((sent.reason as Error).name, 'ConnectionClosed');
        assert.throws(() => connection.sendRequest('GET', '/next'), { name: 'ConnectionClosed' });
      }
    });
  }

  test('tells the source of the pieces that it has ended', () => {
    using server = startScriptedServer([refusing]);
    using connection = connectionTo(server);
    const log: string[] = [];
    assert.throws(() => connection.sendRequest('PUT', '/', { body: pieces(log) }), notSent);
    assert.deepEqual(log, ['source ended']);
  });

  test('is seen behind informational responses, which are reported', () => {
    const hints = response('103 Early Hints') + response('100 Continue');
    using server = startScriptedServer([
      [expectHead(), stopReading(), send(hints), gate('refuse'), send(refusal), gate('never')],
    ]);
    const seen: number[] = [];
    using connection = connectionTo(server, {
      onInformational: ({ status }) => {
        seen.push(status);
        server.open('refuse');
      },
    });
    assert.throws(() => connection.sendRequest('PUT', '/', { body: pieces() }), notSent);
    assert.deepEqual(seen, [103, 100]);
    assertRefused(connection);
  });

  test('is looked for only when it is due: with an earlier response unread, sending goes on', async () => {
    using server = startScriptedServer([
      [
        ...[expectHead(), send(ok('one')), expectHead(), send(refusal)],
        ...[expectBytes(MORE_THAN_FITS), expectHead(), send(ok('three'))],
      ],
    ]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/1');
    connection.sendRequest('PUT', '/2', { body: Buffer.alloc(MORE_THAN_FITS) });
    connection.sendRequest('GET', '/3');
    for (const body of ['one', 'no', 'three']) {
      connection.readResponse();
      assert.equal(connection.readText(), body);
    }
  });

  test('loses the requests behind it, and says which', () => {
    using server = startScriptedServer([refusing]);
    using connection = connectionTo(server);
    connection.connect();
    const first = connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
    suspend(first);
    first.return();
    const lost = ['PUT /', '!GET /2'];
    assert.throws(() => connection.sendRequest('GET', '/2'), connectionClosed({ phase: 'send', lost }));
    assert.equal(connection.readResponse().status, 413);
    connection.discard();
    assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost: ['!GET /2'] }));
  });
});

describe('while a body in pieces waits for its source', () => {
  /** Gives one piece, and then nothing until it is ended. `onStalled` runs when it is asked for the second piece. */
  function stalled(log: string[], onStalled: () => void = () => undefined): AsyncIterable<Buffer> {
    let count = 0;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          if (count++ === 0) return Promise.resolve({ done: false, value: block });
          onStalled();
          return new Promise(() => {});
        },
        return: () => {
          log.push('source ended');
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
  }

  test('a refusal ends the call', async () => {
    using server = startScriptedServer([[expectHead(), send(refusal), gate('never')]]);
    using connection = connectionTo(server);
    const log: string[] = [];
    await assert.rejects(connection.promises.sendRequest('PUT', '/', { body: stalled(log) }), {
      ...notSent,
      ...toldWhy,
    });
    assert.deepEqual(log, ['source ended']);
    assertRefused(connection);
  });

  test('a refusal that another coroutine reads ends the call, also inside a combinator', async () => {
    using server = startScriptedServer([[expectHead(), gate('refuse'), send(refusal), gate('never')]]);
    using connection = connectionTo(server);
    const log: string[] = [];
    const body = stalled(log, () => server.open('refuse'));
    const sending = connection.coSendRequest('PUT', '/', { body });
    const [sent, answer] = await new AioFuture(coAllSettled([sending, connection.coReadResponse()]));
    assert.deepEqual([sent.status, answer.status], ['rejected', 'fulfilled']);
    assert.deepEqual(log, ['source ended']);
  });

  test('the end of the connection ends the call', async () => {
    using server = startScriptedServer([[expectHead(), end(), gate('never')]]);
    using connection = connectionTo(server);
    await assert.rejects(connection.promises.sendRequest('PUT', '/', { body: stalled([]) }), notSent);
    assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost: ['PUT /'] }));
  });

  test('one whose reader is cancelled listens for itself again', async () => {
    using server = startScriptedServer([[expectHead(), mark('here'), gate('refuse'), send(refusal), gate('never')]]);
    using connection = connectionTo(server);
    const sending = connection.promises.sendRequest('PUT', '/', { body: stalled([]) });
    const reading = connection.promises.readResponse();
    await server.reached('here');
    reading.cancel();
    await assert.rejects(reading, { name: 'AbortError' });
    server.open('refuse');
    await assert.rejects(sending, notSent);
    assertRefused(connection);
  });
});

describe('a server that ends its stream while it is sent to, and reads no more', () => {
  for (const { name, run } of ways) {
    test(`without an answer is no longer sent to (${name})`, async () => {
      using server = startScriptedServer([[expectHead(), stopReading(), end(), gate('never')]]);
      using connection = connectionTo(server);
      await assert.rejects(run(connection.coSendRequest('PUT', '/', { body: pieces() })), notSent);
      assert.throws(() => connection.readResponse(), connectionClosed({ phase: 'receive', lost: ['PUT /'] }));
      assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
    });
  }

  test('with something that is no HTTP raises what is wrong with it', () => {
    using server = startScriptedServer([[expectHead(), stopReading(), send('nonsense'), gate('never')]]);
    using connection = connectionTo(server);
    assert.throws(() => connection.sendRequest('PUT', '/', { body: pieces() }), {
      name: 'InvalidResponse',
      message: /"nonsense"/,
    });
    assert.throws(() => connection.readResponse(), { name: 'ConnectionClosed' });
  });
});

describe('a success before the whole request has been sent', () => {
  const upload = Buffer.alloc(MORE_THAN_FITS, 'abcdefghijklmnopqrstuvwxyz0123456789');
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n';

  for (const { name, run } of ways) {
    test(`does not end it: a server may answer while it takes, and the connection goes on (${name})`, async () => {
      using server = startScriptedServer([
        [
          ...[expectHead(), stopReading(), send(`${head}\r\n`), mark('answered'), gate('take')],
          ...[expect(chunked([upload])), send(chunked(['got it'])), expectHead(), send(ok('next'))],
        ],
      ]);
      using connection = connectionTo(server);
      function* coPieces(): Coroutine<void> {
        yield* connection.coSendRequest('PUT', '/', { body: [upload] });
      }
      function* coAnswer(): Coroutine<string> {
        yield* connection.coReadResponse();
        server.open('take');
        return yield* connection.coReadText();
      }
      const [, answer] = await run(coAll([coPieces(), coAnswer()]));
      assert.equal(answer, 'got it');
      connection.sendRequest('GET', '/next');
      connection.readResponse();
      assert.equal(connection.readText(), 'next');
      server.check();
    });
  }

  test('does not end it either where the connection is announced to end, but no other request follows', () => {
    using server = startScriptedServer([
      [
        ...[expectHead(), stopReading(), send(`${head}Connection: close\r\n\r\n`), gate('take')],
        ...[expect(chunked(['ab', upload, 'yz'])), send(chunked(['got it'])), expectEnd()],
      ],
    ]);
    using connection = connectionTo(server);
    function* coAnswer(): Coroutine<string> {
      yield* connection.coReadResponse();
      server.open('take');
      return yield* connection.coReadText();
    }
    const sending = connection.coSendRequest('PUT', '/', { body: ['ab', upload, 'yz'] });
    assert.equal(connection.runBlocking(coAll([sending, coAnswer()]))[1], 'got it');
    assert.throws(() => connection.sendRequest('GET', '/'), { name: 'ConnectionClosed' });
    connection.disconnect();
    server.check();
  });

  test('that is complete, from a connection that ends, does end it', () => {
    using server = startScriptedServer([
      [expectHead(), stopReading(), send(ok('enough', 'Connection: close')), gate('never')],
    ]);
    using connection = connectionTo(server);
    const reading = (function* (): Coroutine<string> {
      yield* connection.coReadResponse();
      return yield* connection.coReadText();
    })();
    const sending = connection.coSendRequest('PUT', '/', { body: pieces() });
    const [sent, answer] = connection.runBlocking(coAllSettled([sending, reading]));
    assert.deepEqual(answer, { status: 'fulfilled', value: 'enough' });
    assert.equal(sent.status, 'rejected');
  });

  test('is given to a sequential caller once its request has been sent', () => {
    using server = startScriptedServer([
      [
        ...[expectHead(), stopReading(), send(ok('so far')), mark('answered'), gate('take')],
        ...[expect(chunked([upload])), expectHead(), send(ok('next'))],
      ],
    ]);
    using connection = connectionTo(server);
    connection.connect();
    const sending = connection.coSendRequest('PUT', '/', { body: [upload] });
    suspend(sending);
    server.waitFor('answered');
    server.open('take');
    connection.runBlocking(sending);
    connection.readResponse();
    assert.equal(connection.readText(), 'so far');
    connection.sendRequest('GET', '/next');
    assert.equal(connection.readResponse().path, '/next');
  });
});

describe('a refusal over TLS', { skip: opensslMissing() }, () => {
  test('ends the sending in each way of waiting', async () => {
    const trust = new TestTrust();
    // The front reads until the server has taken enough, so that two connections swallow their fill.
    const count = Math.ceil((2 * MORE_THAN_EVER_FITS) / block.length);
    for (const { run } of ways) {
      using server = startScriptedServer([refusing]);
      using front = startTLSFront(server, trust.certificate);
      using connection = connectionTo({ hostname: 'localhost', port: front.port }, { tls: trust.context });
      const sending = connection.coSendRequest('PUT', '/', { body: pieces([], count) });
      await assert.rejects(run(sending), { ...notSent, ...toldWhy });
      assertRefused(connection);
    }
  });
});
