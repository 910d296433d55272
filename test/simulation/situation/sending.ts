/** Situations in which something is sent while something else happens. */

import { BodyFollowing, ConnectionClosed, ConnectionTimedOut, coSleep } from '../client.ts';
import { coBoth, NARROW, response, type Situation, textOf } from './stage.ts';
import { coTakeUpload } from './uploads.ts';

const bothDirections: Situation = {
  name: 'one sends, one reads',
  play(stage) {
    const { random } = stage;
    const body = stage.upload();
    const [early, wait] = [random.between(5, 50), random.between(60, 300)];
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(early);
      yield* talk.send(response(200, textOf('first', 100)));
      yield* coTakeUpload(stage, talk, body, wait);
    }, NARROW);
    const connection = stage.connection();
    let sent = false;
    return [
      (function* () {
        yield* connection.coSendRequest('GET', '/first');
        yield* stage.coInTime('sending beside a reader', connection.coSendRequest('PUT', '/', { body }), 20_000);
        sent = true;
      })(),
      (function* () {
        while (connection.pendingRequests().length === 0) yield* coSleep(1);
        for (let count = 0; count < 2; count++) {
          const answer = yield* stage.coInTime('reading beside a sender', connection.coReadResponse(), 20_000);
          if (answer === undefined) break;
          yield* connection.coReadAll();
        }
        while (!sent && stage.problems.length === 0) yield* coSleep(1);
        connection.disconnect();
      })(),
    ];
  },
};

const corked: Situation = {
  name: 'corked',
  play(stage) {
    const { random } = stage;
    const body = textOf('upload', random.between(2500, 6000));
    const expected = Buffer.from(body);
    stage.serve((talk) => coTakeUpload(stage, talk, expected, 0));
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coConnect();
        connection.cork();
        yield* connection.coSendRequest('PUT', '/', { body });
        body.fill(1);
        connection.uncork();
        yield* stage.coInTime('the answer', connection.coReadResponse());
        yield* connection.coReadAll();
      })(),
    ];
  },
};

const lastAnswer: Situation = {
  name: 'the last answer while more is sent',
  play(stage) {
    const { random } = stage;
    const delay = random.between(10, 300);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(delay);
      yield* talk.send(response(200, Buffer.from('last'), ['Connection: close']));
      yield* talk.sleep(200_000);
    }, NARROW);
    const connection = stage.connection();
    const body = stage.upload();
    return [
      coBoth(
        (function* () {
          yield* connection.coSendRequest('GET', '/last');
          const error = yield* stage.coError(
            'what is sent behind the end',
            connection.coSendRequest('PUT', '/', { body }),
            20_000,
          );
          stage.expect(error instanceof ConnectionClosed, `what is sent behind the end ends with ${error}`);
          connection.disconnect();
        })(),
        (function* () {
          while (connection.pendingRequests().length === 0) yield* coSleep(1);
          yield* connection.coReadResponse();
          yield* connection.coReadAll();
        })(),
      ),
    ];
  },
};

/** The server takes the upload while it answers; the requests behind it are not sent. */
const lastAnswerToUpload: Situation = {
  name: 'the last answer to an upload that goes on',
  clear: true,
  play(stage) {
    const { random } = stage;
    const behind = random.chance(0.7);
    const upload = textOf('upload', random.chance(0.5) ? random.between(1500, 2000) : random.between(3000, 6000));
    const buffers = { send: 256, receive: 256 };
    stage.serve(
      function* (talk) {
        yield* stage.coHead(talk);
        yield* talk.send(Buffer.from('HTTP/1.1 200 Scripted\r\nConnection: close\r\nContent-Length: 4\r\n\r\nla'));
        yield* talk.sleep(50);
        const got = yield* talk.readBytes(upload.length);
        stage.expect(got.equals(upload), `the server has ${got.length} of ${upload.length} bytes of the upload`);
        yield* talk.send(Buffer.from('st'));
        const next = yield* talk.readBytes(1);
        stage.expect(next.length === 0, 'behind an end that was announced comes something');
      },
      { client: buffers, server: buffers },
    );
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coConnect();
        connection.cork();
        yield* connection.coSendRequest('PUT', '/', { body: upload });
        if (behind) yield* connection.coSendRequest('GET', '/behind');
        connection.uncork();
        const answer = yield* stage.coInTime('the answer', connection.coReadResponse());
        if (answer === undefined) return;
        const text = yield* stage.coInTime('its body', connection.coReadText());
        stage.expect(text === 'last', `the answer is ${text}`);
      })(),
    ];
  },
};

const refusedExpectation: Situation = {
  name: 'refused expectation',
  play(stage) {
    const { random } = stage;
    const delay = random.between(0, 100);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(delay);
      yield* talk.send(response(417, Buffer.from('no')));
      const next = yield* stage.coHead(talk);
      stage.expect(next === undefined || next === 'GET /next', `behind a refused expectation comes ${next}`);
      yield* talk.send(response(200, Buffer.from('next')));
      yield* stage.coHead(talk);
    });
    return [
      (function* () {
        using connection = stage.connection({ continueTimeout: 5000 });
        yield* connection.coSendRequest('PUT', '/', { body: new BodyFollowing(100), expect100: true });
        const refusal = yield* stage.coInTime('the refusal', connection.coReadResponse());
        stage.expect(refusal?.status === 417, `the expectation is answered by ${refusal?.status}`);
        yield* connection.coReadAll();
        yield* connection.coSendRequest('GET', '/next');
        const next = yield* stage.coInTime('the next answer', connection.coReadResponse());
        stage.expect(next?.status === 200, `the next answer is ${next?.status}`);
        yield* connection.coReadAll();
      })(),
    ];
  },
};

const grantedExpectation: Situation = {
  name: 'granted or forgotten expectation',
  play(stage) {
    const { random } = stage;
    const granted = random.chance(0.5);
    const body = textOf('upload', 500);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      if (granted) yield* talk.send(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'));
      const got = yield* talk.readBytes(body.length);
      stage.expect(got.equals(body), `the server has ${got.length} bytes of the body`);
      yield* talk.send(response(200));
      yield* stage.coHead(talk);
    });
    return [
      (function* () {
        const continueTimeout = granted ? 30_000 : 300;
        using connection = stage.connection({ continueTimeout });
        yield* connection.coSendRequest('PUT', '/', { body: new BodyFollowing(body.length), expect100: true });
        const before = stage.world.now;
        const first = yield* stage.coInTime('100 (Continue)', connection.coReadResponse());
        stage.expect(first?.status === 100, `100 (Continue) is ${first?.status}`);
        const took = stage.world.now - before;
        stage.expect(took < 1000, `100 (Continue) takes ${took} ms`);
        yield* connection.coWrite(body);
        yield* stage.coInTime('the answer', connection.coReadResponse());
      })(),
    ];
  },
};

/** The responses to the first two requests fill all buffers; the third request is read when they have been taken. */
const readAhead: Situation = {
  name: 'a blocked send that takes answers in',
  ways: ['blocking'],
  play(stage) {
    const { random } = stage;
    const ending = random.pick(['kept', 'fin', 'rst'] as const);
    const answer = textOf('answer', 3000);
    const upload = stage.upload();
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(response(200, answer));
      yield* stage.coHead(talk);
      if (ending === 'kept') {
        yield* talk.send(response(200, answer));
        yield* coTakeUpload(stage, talk, upload, 0);
        return;
      }
      yield* talk.send(Buffer.concat([Buffer.from('HTTP/1.1 200 Scripted\r\n\r\n'), answer.subarray(0, 900)]));
      yield* talk.sleep(100);
      if (ending === 'rst') talk.endpoint.reset();
      else talk.wire.finish();
      yield* talk.sleep(1000);
    }, NARROW);
    using connection = stage.connection({ timeout: 20_000 });
    connection.sendRequest('GET', '/1');
    connection.sendRequest('GET', '/2');
    try {
      connection.sendRequest('PUT', '/3', { body: upload });
      stage.expect(ending === 'kept', 'a request is sent over a connection that has ended');
    } catch (error) {
      stage.expect(ending !== 'kept', `a blocked send ends with ${error}`);
    }
    connection.readResponse();
    stage.expect(connection.readAll().equals(answer), 'the first answer is another one');
    try {
      connection.readResponse();
      const parts: Buffer[] = [];
      for (let part = connection.read(200); part.length > 0; part = connection.read(200)) parts.push(part);
      const expected = ending === 'kept' ? answer : answer.subarray(0, 900);
      stage.expect(Buffer.concat(parts).equals(expected), `the second answer has ${Buffer.concat(parts).length} bytes`);
      stage.expect(ending !== 'rst', 'a body that a reset has cut is whole');
    } catch (error) {
      stage.expect(ending !== 'kept' && error instanceof ConnectionClosed, `the second answer: ${error}`);
    }
    return undefined;
  },
};

const blockedBesideFuture: Situation = {
  name: 'a blocked read while a future sends',
  ways: ['future'],
  async play(stage) {
    const body = stage.upload();
    stage.serve((talk) => coTakeUpload(stage, talk, body, 10), NARROW);
    using connection = stage.connection({ timeout: 20_000 });
    const sending = connection.promises.sendRequest('PUT', '/', { body });
    try {
      const { status } = connection.readResponse();
      stage.expect(status === 200, `the answer is ${status}`);
      connection.readAll();
    } catch (error) {
      stage.problem(`a blocked read while a future sends: ${error}`);
      sending.cancel();
    }
    await sending.catch((error: unknown) =>
      stage.expect(error instanceof ConnectionTimedOut || stage.problems.length > 0, `${error}`),
    );
  },
};

export const SENDING: readonly Situation[] = [
  bothDirections,
  corked,
  lastAnswer,
  lastAnswerToUpload,
  refusedExpectation,
  grantedExpectation,
  readAhead,
  blockedBesideFuture,
];
