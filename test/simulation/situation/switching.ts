/** Situations in which a request may end HTTP on its connection (RFC 9110 7.8 and 9.3.6), and raw bytes follow. */

import { ConnectionClosed, type Coroutine, type HTTPConnection } from '../client.ts';
import { coBoth, NARROW, response, type Situation, type Stage, textOf } from './stage.ts';

type Question = 'upgrade' | 'CONNECT';

/** Sends a request. @returns the status of the response */
function* coAsk(connection: HTTPConnection, question: Question): Coroutine<number> {
  if (question === 'CONNECT') yield* connection.coSendRequest('CONNECT', 'other.test:443');
  else yield* connection.coSendRequest('GET', '/', { upgrade: 'scripted' });
  return (yield* connection.coReadResponse()).status;
}

/** Sent right behind the response that ends HTTP. */
const GREETING = Buffer.from('HTTP/1.1 is over');

const LAST = Buffer.from('.');

function switching(question: Question): Buffer {
  const [status, fields] = question === 'CONNECT' ? [200, ''] : [101, 'Upgrade: scripted\r\nConnection: Upgrade\r\n'];
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Scripted\r\n${fields}\r\n`), GREETING]);
}

/** Expects exactly these bytes. */
function* coExpectRaw(stage: Stage, connection: HTTPConnection, expected: Buffer): Coroutine<void> {
  const parts: Buffer[] = [];
  for (let left = expected.length; left > 0; ) {
    const part = yield* connection.coReadRaw(left);
    if (part.length === 0) break;
    parts.push(part);
    left -= part.length;
  }
  stage.expect(Buffer.concat(parts).equals(expected), 'behind HTTP other bytes come than were sent');
}

function* coSendRaw(connection: HTTPConnection, bytes: Buffer, size: number): Coroutine<void> {
  for (let start = 0; start < bytes.length; start += size) {
    yield* connection.coWriteRaw(bytes.subarray(start, start + size));
  }
}

const leaves: Situation = {
  name: 'HTTP is left',
  play(stage) {
    const { random } = stage;
    const question = random.pick(['upgrade', 'CONNECT'] as const);
    const end = random.pick(['orderly', 'reset'] as const);
    const text = textOf('echo', random.between(1, 5000));
    const size = random.between(50, 2000);
    stage.serve(
      function* (talk) {
        yield* stage.coHead(talk);
        yield* talk.send(switching(question));
        for (let left = text.length; left > 0; ) {
          const part = yield* talk.readBytes(Math.min(left, size));
          if (part.length === 0) return;
          yield* talk.send(part);
          left -= part.length;
        }
        // The client has received all bytes then.
        yield* talk.readBytes(1);
        if (end === 'reset') return talk.endpoint.reset();
        talk.wire.finish();
        yield* talk.readBytes(1);
      },
      random.chance(0.5) ? NARROW : {},
    );
    return [
      (function* () {
        using connection = stage.connection();
        const status = yield* coAsk(connection, question);
        stage.expect(status === (question === 'CONNECT' ? 200 : 101), `HTTP is to be left by ${status}`);
        const reading = coExpectRaw(stage, connection, Buffer.concat([GREETING, text]));
        yield* stage.coInTime('bytes in both directions', coBoth(coSendRaw(connection, text, size), reading));
        yield* connection.coWriteRaw(Buffer.from('.'));
        if (end === 'orderly') {
          const last = yield* stage.coInTime('the end behind HTTP', connection.coReadRaw(10));
          return stage.expect(last?.length === 0, `at the end behind HTTP there is ${last}`);
        }
        const error = yield* stage.coError('a reset behind HTTP', connection.coReadRaw(10));
        const right = error instanceof ConnectionClosed && error.lostRequests.length === 0;
        stage.expect(right, `a reset behind HTTP: ${error}`);
      })(),
    ];
  },
};

const stays: Situation = {
  name: 'HTTP is not left',
  play(stage) {
    const { random } = stage;
    const question = random.pick(['upgrade', 'CONNECT'] as const);
    const instead = random.pick(['answer', 'last answer', 'nothing'] as const);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      if (instead === 'nothing') return;
      yield* talk.send(response(426, Buffer.from('no'), instead === 'answer' ? [] : ['Connection: close']));
      if (instead === 'answer') {
        yield* stage.coHead(talk);
        yield* talk.send(response(200, Buffer.from('yes')));
      } else talk.wire.finish();
      yield* stage.coHead(talk);
    });
    return [
      (function* () {
        using connection = stage.connection();
        if (instead === 'nothing') {
          const error = yield* stage.coError('nothing but the end', coAsk(connection, question));
          const lost = error instanceof ConnectionClosed ? error.lostRequests.length : `none: ${error}`;
          return stage.expect(lost === 1, `nothing but the end: lost requests: ${lost}`);
        }
        stage.expect((yield* coAsk(connection, question)) === 426, 'HTTP is left by a refusal');
        stage.expect((yield* connection.coReadText()) === 'no', 'a refusal has another body');
        if (instead === 'last answer') return;
        yield* connection.coSendRequest('GET', '/next');
        yield* connection.coReadResponse();
        stage.expect((yield* connection.coReadText()) === 'yes', 'the answer behind a refusal is another one');
      })(),
    ];
  },
};

const interrupted: Situation = {
  name: 'a sender behind HTTP that is interrupted',
  play(stage) {
    const upload = stage.upload();
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(switching('upgrade'));
      yield* talk.sleep(stage.random.between(100, 1000));
      const got = yield* talk.readBytes(upload.length + 1);
      stage.expect(got.equals(Buffer.concat([upload, LAST])), `the server has other bytes, ${got.length} of them`);
      yield* talk.send(LAST);
      yield* talk.readBytes(1);
    }, NARROW);
    return [
      (function* () {
        using connection = stage.connection();
        yield* coAsk(connection, 'upgrade');
        const limited = stage.coLimited(
          (function* () {
            yield* connection.coWriteRaw(upload);
            stage.problem('more is sent than there is room for');
          })(),
          50,
        );
        yield* limited;
        // The rest that the interrupted sender has left goes first.
        yield* stage.coInTime('sending behind a part', connection.coWriteRaw(LAST));
        yield* coExpectRaw(stage, connection, Buffer.concat([GREETING, LAST]));
      })(),
    ];
  },
};

export const SWITCHING: readonly Situation[] = [leaves, stays, interrupted];
