/** Situations of turns: how long one coroutine runs without a pause, and when an interruption reaches it. */

import { AioFuture, ConnectionClosed, type Coroutine, coAll, coRace, coSleep } from '../client.ts';
import { coBoth, type Situation, type Stage, textOf } from './stage.ts';

/** More than the calls of the kernel that a coroutine makes without a pause. */
const MANY_CALLS = 300;
const ROOMY = 1 << 18;
const LARGE = { client: { send: ROOMY, receive: ROOMY }, server: { send: ROOMY, receive: ROOMY } };

/** Runs the coroutine, and counts its suspensions. */
function* coCounted<T>(coroutine: Coroutine<T>, count: { suspensions: number }): Coroutine<T> {
  for (;;) {
    const step = coroutine.next();
    if (step.done) return step.value;
    count.suspensions++;
    yield step.value;
  }
}

/** The whole body has arrived: without a fair share, the reader would read to its end. Over TLS, no descriptor shows the rest. */
const longRead: Situation = {
  name: 'a body that never pauses',
  play(stage) {
    const { random } = stage;
    const size = random.between(400, 512);
    const body = textOf('body', MANY_CALLS * size + random.between(0, 8000));
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(
        Buffer.concat([Buffer.from(`HTTP/1.1 200 Scripted\r\nContent-Length: ${body.length}\r\n\r\n`), body]),
      );
      yield* stage.coHead(talk);
    }, LARGE);
    return [
      (function* () {
        using connection = stage.connection({ receiveBufferSize: size });
        yield* connection.coSendRequest('GET', '/');
        yield* coSleep(5000);
        const count = { suspensions: 0 };
        yield* connection.coReadResponse();
        yield* stage.coInTime('a body that is there', coCounted(connection.coDiscard(), count), 5000);
        stage.expect(count.suspensions > 0, 'a reader never gives way');
      })(),
    ];
  },
};

const manyPieces: Situation = {
  name: 'an upload that never pauses',
  play(stage) {
    const { random } = stage;
    const piece = textOf('piece', random.pick([0, 10]));
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.readThrough('0\r\n\r\n');
      yield* talk.send(Buffer.from('HTTP/1.1 204 Scripted\r\n\r\n'));
      yield* stage.coHead(talk);
    }, LARGE);
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coConnect();
        const count = { suspensions: 0 };
        const body = Array.from({ length: MANY_CALLS }, () => piece);
        yield* stage.coInTime('pieces', coCounted(connection.coSendRequest('PUT', '/', { body }), count), 5000);
        stage.expect(count.suspensions > 0, 'a sender never gives way');
        const answer = yield* stage.coInTime('the answer', connection.coReadResponse());
        stage.expect(answer?.status === 204, `the answer is ${answer?.status}`);
      })(),
    ];
  },
};

/** The inner combinator is ready before the outer one waits. */
function* coReadyOnItsWay(stage: Stage): Coroutine<void> {
  stage.serve(function* (talk) {
    yield* stage.coHead(talk);
    yield* talk.sleep(200_000);
  });
  const connection = stage.connection();
  yield* connection.coSendRequest('GET', '/');
  const reading = stage.coError('a reader in a combinator', coAll([connection.coReadResponse()]), 20_000);
  let step = reading.next();
  connection.disconnect();
  for (; !step.done; step = reading.next()) yield step.value;
  stage.expect(step.value instanceof ConnectionClosed, `a reader in a combinator: ${step.value}`);
}

const unusualMoments: Situation = {
  name: 'a cleanup that waits, and a combinator that is ready on its way',
  play(stage) {
    const { random } = stage;
    const [first, ending] = [random.between(0, 50), random.between(1, 50)];
    let ended = false;
    const loser = function* (): Coroutine<void> {
      try {
        yield* coSleep(10_000);
      } finally {
        yield* coSleep(ending);
        ended = true;
      }
    };
    return [
      (function* () {
        yield* coRace([loser(), coSleep(first)]);
        stage.expect(ended, 'a cleanup is cut off');
      })(),
      coBoth(coReadyOnItsWay(stage)),
    ];
  },
};

const ownAbort: Situation = {
  name: 'a future that aborts itself',
  ways: ['future'],
  async play(stage) {
    const controller = new AbortController();
    const { signal } = controller;
    const wait = stage.random.between(0, 50);
    const begin = stage.world.now;
    const future = new AioFuture(
      (function* (): Coroutine<void> {
        if (wait > 0) yield* coSleep(wait);
        controller.abort();
        yield* coSleep(10_000);
      })(),
      { signal },
    );
    await future.then(
      () => stage.problem('a future that aborts itself succeeds'),
      (error: unknown) => stage.expect(error === signal.reason, `a future that aborts itself: ${error}`),
    );
    const took = stage.world.now - begin;
    stage.expect(took < wait + 50, `a future that aborts itself ends after ${took} ms`);
  },
};

export const TURNS: readonly Situation[] = [longRead, manyPieces, unusualMoments, ownAbort];
