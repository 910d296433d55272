/** Situations of waiting itself: combinators, time limits, futures, tasks. */

import { getEventListeners } from 'node:events';
import {
  AioFuture,
  ConnectionClosed,
  type Coroutine,
  coAll,
  coMap,
  coRace,
  coSleep,
  coWithTimeout,
  PollLoop,
} from '../client.ts';
import { coBoth, NARROW, response, type Situation, type Stage, textOf } from './stage.ts';

/** Milliseconds by which something may be late. */
const SLACK = 5;

function* coAfter<T>(ms: number, value: T): Coroutine<T> {
  if (ms > 0) yield* coSleep(ms);
  return value;
}

function serveBody(stage: Stage, body: Buffer, delay: number = 0): void {
  stage.serve(function* (talk) {
    while ((yield* stage.coHead(talk)) !== undefined) {
      if (delay > 0) yield* talk.sleep(delay);
      yield* talk.send(response(200, body));
    }
  });
}

const decidedRace: Situation = {
  name: 'a race that is decided before all have begun',
  play(stage) {
    const body = textOf('body', stage.random.between(1, 3000));
    serveBody(stage, body);
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/');
        yield* connection.coReadResponse();
        yield* coSleep(1000);
        const first = yield* coRace<unknown>([coAfter(0, 'first'), connection.coReadAll()]);
        stage.expect(first === 'first', `the first of a race is ${String(first)}`);
        const whole = yield* connection.coReadAll();
        stage.expect(whole.equals(body), `behind a race the body has ${whole.length} of ${body.length} bytes`);
      })(),
    ];
  },
};

const lateLosers: Situation = {
  name: 'a race whose loser takes its time to end',
  play(stage) {
    const { random } = stage;
    const [first, limit] = [random.between(1, 50), random.between(60, 100)];
    const ending = random.between(100, 200);
    const loser = function* (): Coroutine<string> {
      try {
        return yield* coAfter(10_000, 'last');
      } finally {
        yield* coSleep(ending);
      }
    };
    return [
      (function* () {
        const begin = stage.world.now;
        const won = yield* stage.coLimited(coRace([loser(), coAfter(first, 'first')]), limit);
        stage.expect(won === 'first', `a race that is decided returns ${won}`);
        const took = stage.world.now - begin;
        stage.expect(took < limit + ending + SLACK, `the losers of a race end after ${took} ms`);
      })(),
    ];
  },
};

const results: Situation = {
  name: 'results of several, in order and in time',
  play(stage) {
    const { random } = stage;
    const times = Array.from({ length: 5 }, () => random.between(0, 300));
    const failing = random.between(1, 100);
    return [
      (function* () {
        const begin = stage.world.now;
        const all = yield* coAll(times.map((ms) => coAfter(ms, ms)));
        stage.expect(all.join() === times.join(), `the results of ${times} are ${all}`);
        const mapped = yield* coMap(times, 2, (ms) => coAfter(ms, ms));
        stage.expect(mapped.join() === times.join(), `mapped, the results of ${times} are ${mapped}`);
        const most = Math.max(...times);
        stage.expect(
          stage.world.now - begin >= most,
          `the results of ${times} come after ${stage.world.now - begin} ms`,
        );
        const failed = stage.world.now;
        const error = yield* stage.coError(
          'one that fails',
          coAll([
            coAfter(5000, 1),
            (function* () {
              yield* coSleep(failing);
              throw new RangeError('fails');
            })(),
          ]),
        );
        stage.expect(error instanceof RangeError, `one that fails: ${error}`);
        const took = stage.world.now - failed;
        stage.expect(took < failing + SLACK, `the failure after ${failing} ms is raised after ${took} ms`);
      })(),
    ];
  },
};

/** The response arrives in time, and the thread is busy until the limit is over. */
const lateResult: Situation = {
  name: 'a result that is looked at late',
  play(stage) {
    const body = textOf('body', 500);
    serveBody(stage, body, 50);
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/');
        const reading = coWithTimeout(connection.coReadResponse(), 1000);
        let step = reading.next();
        // Other code of the program takes this long.
        stage.world.spend(2000);
        try {
          for (; !step.done; step = reading.next()) yield step.value;
        } catch (error) {
          stage.problem(`a result that is there is dropped: ${error}`);
        }
      })(),
    ];
  },
};

const lateFuture: Situation = {
  name: 'a future whose result is looked at late',
  ways: ['future'],
  async play(stage) {
    serveBody(stage, textOf('body', 500), 50);
    using connection = stage.connection();
    await connection.promises.sendRequest('GET', '/');
    const reading = connection.promises.readResponse({ timeout: 1000 });
    stage.later(10, () => stage.world.spend(2000));
    try {
      await reading;
    } catch (error) {
      stage.problem(`a result that is there is dropped: ${error}`);
    }
  },
};

const times: Situation = {
  name: 'many times',
  play(stage) {
    const { random } = stage;
    const sleepers = Array.from({ length: random.between(4, 12) }, () => random.between(1, 2000));
    return sleepers.map((ms) =>
      (function* () {
        const begin = stage.world.now;
        for (const part of [ms, ms / 2]) {
          const due = stage.world.now + part;
          yield* coSleep(part);
          const late = stage.world.now - due;
          stage.expect(late >= 0 && late < SLACK, `a sleep of ${part} ms ends ${late} ms late`);
        }
        stage.expect(stage.world.now - begin >= ms, 'time goes back');
      })(),
    );
  },
};

const deadlines: Situation = {
  name: 'time limits of a silent server',
  play(stage) {
    const { random } = stage;
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(100_000);
    });
    const limits = Array.from({ length: 4 }, () => random.between(1, 1000));
    return limits.map((ms) =>
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/');
        const begin = stage.world.now;
        yield* stage.coError('a silent server', coWithTimeout(connection.coReadResponse(), ms));
        const took = stage.world.now - begin;
        stage.expect(took >= ms && took < ms + SLACK, `a limit of ${ms} ms comes after ${took} ms`);
      })(),
    );
  },
};

/** A wait for a connection ends when the connection is closed elsewhere. */
const disconnected: Situation = {
  name: 'a connection that is closed under those that wait',
  play(stage) {
    const { random } = stage;
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(100_000);
    }, NARROW);
    const connection = stage.connection();
    const ms = random.between(60, 300);
    const nested = random.chance(0.5);
    const uploading = random.chance(0.5);
    const begin = stage.world.now;
    const closed = function* (what: string, waiting: Coroutine<unknown>): Coroutine<void> {
      const error = yield* stage.coError(what, waiting, 20_000);
      stage.expect(error instanceof ConnectionClosed, `${what} whose connection is closed: ${error}`);
      const took = stage.world.now - begin;
      stage.expect(took < ms + 50, `${what} hears ${took - ms} ms late that its connection is closed`);
    };
    const reader = function* (): Coroutine<void> {
      yield* connection.coConnect();
      if (!uploading) yield* connection.coSendRequest('GET', '/');
      else while (connection.pendingRequests().length === 0) yield* coSleep(1);
      yield* closed('a reader', connection.coReadResponse());
    };
    const sender = function* (): Coroutine<void> {
      if (uploading) yield* closed('a sender', connection.coSendRequest('PUT', '/', { body: stage.upload() }));
    };
    return [
      ...(nested ? [coBoth(sender(), reader())] : [sender(), reader()]),
      (function* () {
        yield* coSleep(ms);
        connection.disconnect();
      })(),
    ];
  },
};

/** Another connection gets the same number. */
const successors: Situation = {
  name: 'connections one after the other',
  play(stage) {
    const body = textOf('body', 300);
    serveBody(stage, body, stage.random.between(0, 20));
    return [
      (function* () {
        for (let count = 0; count < 3; count++) {
          using connection = stage.connection();
          yield* connection.coSendRequest('GET', `/${count}`);
          yield* stage.coInTime('the answer', connection.coReadResponse());
          stage.expect((yield* connection.coReadAll()).equals(body), 'the body is another one');
        }
      })(),
    ];
  },
};

const joined: Situation = {
  name: 'a task that is joined',
  ways: ['loop'],
  play(stage) {
    using loop = new PollLoop();
    const task = loop.createTask(coAfter(stage.random.between(0, 100), 'result'));
    const waiting = loop.createTask(
      (function* () {
        return yield* stage.coInTime('joining', task.join());
      })(),
    );
    stage.expect(loop.runUntilComplete(waiting) === 'result', 'a task that is joined returns something else');
    return undefined;
  },
};

const listeners: Situation = {
  name: 'signals of futures that have ended',
  ways: ['future'],
  async play(stage) {
    const { random } = stage;
    serveBody(stage, textOf('body', 100), 20);
    const controller = new AbortController();
    const { signal } = controller;
    using connection = stage.connection();
    await connection.promises.sendRequest('GET', '/', { signal });
    const reading = connection.promises.readResponse({ signal });
    const aborted = random.chance(0.5);
    if (aborted) stage.later(random.between(1, 10), () => controller.abort());
    await reading.then(
      () => stage.expect(!aborted, 'an aborted read succeeds'),
      (error: unknown) => stage.expect(aborted && error === signal.reason, `an aborted read: ${error}`),
    );
    const left = getEventListeners(signal, 'abort').length;
    stage.expect(left === 0, `${left} listeners are left on a signal`);
  },
};

/** Two combinators share the lookup of a third one. */
const bell: Situation = {
  name: 'combinators that share a dialling',
  play(stage) {
    serveBody(stage, textOf('body', 100));
    const lookup = function* (): Coroutine<string[]> {
      const [address] = yield* coAll([coAfter(stage.random.between(1, 50), stage.address()), coAfter(5, '')]);
      return [address];
    };
    const connection = stage.connection({ lookup });
    let left = 2;
    const part = function* (): Coroutine<void> {
      // Without a time limit, which would end the wait.
      yield* coAll([connection.coConnect()]);
      if (--left === 0) connection.disconnect();
    };
    return [part(), part()];
  },
};

const early: Situation = {
  name: 'futures that end before their time limits',
  ways: ['future'],
  async play(stage) {
    serveBody(stage, textOf('body', 100), 20);
    using connection = stage.connection();
    const timeout = 1_000_000;
    await connection.promises.sendRequest('GET', '/', { timeout });
    await connection.promises.readResponse({ timeout });
    await new AioFuture(coWithTimeout(connection.coReadAll(), timeout), { timeout });
  },
};

export const WAITING: readonly Situation[] = [
  decidedRace,
  lateLosers,
  results,
  lateResult,
  lateFuture,
  times,
  deadlines,
  disconnected,
  successors,
  joined,
  listeners,
  bell,
  early,
];
