/** Situations in which an upload does not come to its end: the server refuses it, or its sender is interrupted. */

import { ConnectionClosed, coRace, coSleep } from '../client.ts';
import type { Acting, Conversation } from '../servers/actors.ts';
import { coBoth, NARROW, response, type Situation, type Stage } from './stage.ts';

/** Takes the beginning of an upload, and refuses it: it neither reads nor closes for a long time. */
function* coRefuse(stage: Stage, talk: Conversation, delay: number): Acting<void> {
  yield* stage.coHead(talk);
  yield* talk.sleep(10);
  yield* talk.readBytes(2000);
  yield* talk.sleep(delay);
  yield* talk.send(response(413, Buffer.from('too large')));
  yield* talk.sleep(200_000);
}

const refusedUpload: Situation = {
  name: 'refused upload',
  play(stage) {
    const { random } = stage;
    const delay = random.between(0, 500);
    stage.serve((talk) => coRefuse(stage, talk, delay), NARROW);
    const body = stage.upload();
    const form = random.pick(['whole', 'pieces'] as const);
    return [
      (function* () {
        using connection = stage.connection();
        const pieces = {
          *[Symbol.iterator]() {
            for (let at = 0; at < body.length; at += 700) yield body.subarray(at, at + 700);
          },
        };
        const sending = connection.coSendRequest('PUT', '/', { body: form === 'whole' ? body : pieces });
        const error = yield* stage.coError('the refused upload', sending, 5000);
        stage.expect(error instanceof ConnectionClosed, `the refused upload ends with ${error}`);
        const next = yield* stage.coError(
          'a request behind the refused one',
          connection.coSendRequest('GET', '/next'),
          5000,
        );
        stage.expect(next instanceof ConnectionClosed, `a request behind the refused one ends with ${next}`);
        const answer = yield* stage.coInTime('the refusal', connection.coReadResponse());
        stage.expect(answer?.status === 413, `the refusal is ${answer?.status}`);
        const text = yield* stage.coInTime('its body', connection.coReadText());
        stage.expect(text === 'too large', `the refusal says ${text}`);
      })(),
    ];
  },
};

const refusedBesideReader: Situation = {
  name: 'refused beside a reader',
  play(stage) {
    const { random } = stage;
    const [first, second] = [random.between(50, 500), random.between(0, 200)];
    const answer = random.chance(0.5) ? response(200, Buffer.from('first')) : response(204);
    stage.serve(function* (talk) {
      for (let count = 0; count < 2; count++) yield* stage.coHead(talk);
      yield* talk.sleep(first);
      yield* talk.send(answer);
      yield* talk.sleep(second);
      yield* talk.send(response(413));
      yield* talk.sleep(200_000);
    }, NARROW);
    const connection = stage.connection();
    const body = stage.upload();
    return [
      coBoth(
        (function* () {
          yield* connection.coSendRequest('GET', '/first');
          const error = yield* stage.coError(
            'the refused upload',
            connection.coSendRequest('PUT', '/', { body }),
            20_000,
          );
          stage.expect(error instanceof ConnectionClosed, `the refused upload ends with ${error}`);
          connection.disconnect();
        })(),
        (function* () {
          while (connection.pendingRequests().length === 0) yield* coSleep(1);
          const answer = yield* connection.coReadResponse();
          stage.expect(answer.status < 300, `the first answer is ${answer.status}`);
          yield* connection.coReadAll();
        })(),
      ),
    ];
  },
};

const refusedWithoutReader: Situation = {
  name: 'refused when the reader has gone',
  play(stage) {
    const { random } = stage;
    const patience = random.between(20, 300);
    const limited = random.chance(0.5);
    stage.serve((talk) => coRefuse(stage, talk, patience + random.between(100, 500)), NARROW);
    const connection = stage.connection();
    const body = stage.upload();
    return [
      coBoth(
        (function* () {
          const error = yield* stage.coError(
            'the refused upload',
            connection.coSendRequest('PUT', '/', { body }),
            20_000,
          );
          stage.expect(error instanceof ConnectionClosed, `the refused upload ends with ${error}`);
          connection.disconnect();
        })(),
        (function* () {
          while (connection.pendingRequests().length === 0) yield* coSleep(1);
          const reading = connection.coReadResponse();
          if (limited) yield* stage.coLimited(reading, patience);
          else yield* coRace<unknown>([reading, coSleep(patience)]);
        })(),
      ),
    ];
  },
};

/** The server takes nothing more and does not close. */
const endedUpload: Situation = {
  name: 'an upload whose server ends its stream',
  play(stage) {
    const delay = stage.random.between(0, 300);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(delay);
      talk.wire.finish();
      yield* talk.sleep(200_000);
    }, NARROW);
    return [
      (function* () {
        using connection = stage.connection();
        const sending = connection.coSendRequest('PUT', '/', { body: stage.upload() });
        const error = yield* stage.coError('an upload whose server ends its stream', sending, 5000);
        stage.expect(error instanceof ConnectionClosed, `an upload whose server ends its stream: ${error}`);
      })(),
    ];
  },
};

/** The next piece never comes, and only the reader listens. */
const closedBetweenPieces: Situation = {
  name: 'a connection that is closed between the pieces of an upload',
  ways: ['future'],
  async play(stage) {
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(200_000);
    });
    const connection = stage.connection();
    await connection.promises.connect();
    const body = (async function* () {
      yield 'piece';
      await new Promise<void>((resolve) => stage.later(30_000, resolve));
    })();
    const ms = stage.random.between(20, 200);
    const begin = stage.world.now;
    stage.later(ms, () => connection.disconnect());
    const ends = async (what: string, waiting: Promise<unknown>): Promise<void> => {
      const error = await waiting.then(
        () => 'it succeeds',
        (thrown: unknown) => thrown,
      );
      stage.expect(error instanceof ConnectionClosed, `${what} whose connection is closed: ${error}`);
      const late = stage.world.now - begin - ms;
      stage.expect(late < 50, `${what} hears ${late} ms late that its connection is closed`);
    };
    const sending = connection.promises.sendRequest('PUT', '/', { body });
    await Promise.all([ends('a sender', sending), ends('a reader', connection.promises.readResponse())]);
  },
};

/** A loop of the program drops a coroutine: the sender is not notified. */
const refusedBesideDropped: Situation = {
  name: 'refused beside a reader that was dropped',
  ways: ['own'],
  play(stage) {
    const delay = stage.random.between(50, 500);
    stage.serve((talk) => coRefuse(stage, talk, delay), NARROW);
    const body = stage.upload();
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coConnect();
        const sending = stage.coError('the refused upload', connection.coSendRequest('PUT', '/', { body }), 20_000);
        let step = sending.next();
        const reading = connection.coReadResponse();
        reading.next();
        for (; !step.done; step = sending.next()) yield step.value;
        const error = step.value;
        stage.expect(error instanceof ConnectionClosed, `the refused upload ends with ${error}`);
      })(),
    ];
  },
};

/** Takes an upload of the expected length, slowly, and checks it. */
export function* coTakeUpload(stage: Stage, talk: Conversation, expected: Buffer, wait: number): Acting<void> {
  yield* stage.coHead(talk);
  yield* talk.sleep(wait);
  const body = yield* talk.readBytes(expected.length);
  stage.expect(
    body.equals(expected),
    `the server has ${body.length} bytes, other than the ${expected.length} of the body`,
  );
  yield* talk.send(response(200, Buffer.from('taken')));
  yield* talk.sleep(100_000);
}

const withdrawnUpload: Situation = {
  name: 'withdrawn upload',
  play(stage) {
    const { random } = stage;
    const wait = random.between(200, 1000);
    const body = stage.upload();
    const expected = Buffer.from(body);
    stage.serve((talk) => coTakeUpload(stage, talk, expected, wait), NARROW);
    const connection = stage.connection();
    const limit = random.between(10, 150);
    const beside = random.chance(0.6);
    const sender = function* () {
      const given = yield* stage.coLimited(connection.coSendRequest('PUT', '/', { body }), limit);
      stage.expect(given === undefined, 'the upload is sent although the server takes nothing');
      // The program may use its memory again.
      body.fill(0);
    };
    const reader = function* () {
      while (connection.pendingRequests().length === 0) yield* coSleep(1);
      const answer = yield* stage.coInTime(
        'the answer to an upload whose sender has gone',
        connection.coReadResponse(),
        20_000,
      );
      if (answer !== undefined) yield* connection.coReadAll();
      connection.disconnect();
    };
    return [
      (function* () {
        yield* connection.coConnect();
        if (beside) yield* coBoth(sender(), reader());
        else {
          yield* sender();
          yield* reader();
        }
      })(),
    ];
  },
};

export const UPLOADS: readonly Situation[] = [
  refusedUpload,
  refusedBesideReader,
  refusedWithoutReader,
  refusedBesideDropped,
  endedUpload,
  closedBetweenPieces,
  withdrawnUpload,
];
