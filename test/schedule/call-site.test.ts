/** Stacks name the line of the caller, which ten frames inside of the library would push out. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AioFuture,
  type Coroutine,
  coSleep,
  createFetch,
  HTTPConnection,
  PollLoop,
  runBlocking,
} from '../../src/index.ts';
import { fetchSync } from '../../src/sync/index.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionTo, thrownBy } from '../support/waiting.ts';

const LIMIT = timeLimit(20_000);
const HERE = /call-site\.test\.[jt]s:\d+/;
/** Not what HTTP is. */
const script = [expectHead(), send('HTTP/1.1 banana\r\n\r\n')];

/** At most three frames of the library come before the caller's. */
function assertNamesCaller(error: unknown): void {
  assert.ok(error instanceof Error && error.stack !== undefined);
  const frames = error.stack.split('\n').filter((line) => line.startsWith('    at '));
  const first = frames.findIndex((line) => HERE.test(line));
  assert.ok(first >= 0 && first <= 3, error.stack);
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
}

/** As a program would call it. */
async function getAwaited(connection: HTTPConnection): Promise<unknown> {
  await connection.promises.sendRequest('GET', '/');
  return await connection.promises.readResponse();
}

describe('the stack of an error of this library', () => {
  test('names the caller of a blocking call, also when it is about a wrong argument', () => {
    using server = startScriptedServer([script]);
    using connection = connectionTo(server);
    assertNamesCaller(thrownBy(() => connection.sendRequest('not a method', '/')));
    connection.sendRequest('GET', '/');
    assertNamesCaller(thrownBy(() => connection.readResponse()));
    assertNamesCaller(thrownBy(() => connection.readResponse()));
  });

  test('names the callers of runBlocking, of a PollLoop and of fetchSync', () => {
    using server = startScriptedServer([script, script, script]);
    function* coGet(): Coroutine<void> {
      using connection = connectionTo(server);
      yield* connection.coSendRequest('GET', '/');
      yield* connection.coReadResponse();
    }
    assertNamesCaller(thrownBy(() => runBlocking(coGet())));
    using loop = new PollLoop();
    const task = loop.createTask(coGet());
    assertNamesCaller(thrownBy(() => loop.runUntilComplete([task])));
    assertNamesCaller(thrownBy(() => fetchSync(`http://${server.authority}/`, { proxy: false })));
  });

  test('names the functions that await a promise, whenever it fails', async () => {
    using server = startScriptedServer([script, script]);
    using connection = connectionTo(server);
    assertNamesCaller(await rejection(connection.promises.sendRequest('not a method', '/')));
    const error = (await rejection(getAwaited(connection))) as Error;
    assertNamesCaller(error);
    assert.match(String(error.stack), /at (?:async )?getAwaited /);
    const fetch = createFetch({ proxy: false });
    const failure = (await rejection(fetch(`http://${server.authority}/`))) as Error;
    assertNamesCaller(failure);
    assertNamesCaller(failure.cause);
  });

  test('is not written twice, nor where the caller cannot be known', async () => {
    using server = startScriptedServer([script]);
    using connection = connectionTo(server);
    connection.sendRequest('GET', '/');
    const error = thrownBy(() => connection.readResponse()) as Error;
    const { stack } = error;
    function* coThrow(): Coroutine<void> {
      yield* coSleep(1);
      throw error;
    }
    assert.equal(
      thrownBy(() => runBlocking(coThrow())),
      error,
    );
    await assert.rejects(new AioFuture(coThrow()), error);
    assert.equal(error.stack, stack);
  });

  test('is the user’s own affair for errors of coroutines of the user’s, and for what is no error', () => {
    for (const thrown of [new Error('mine'), new TypeError('mine'), 'text', undefined, Object.freeze(new Error('x'))]) {
      const before = thrown instanceof Error ? thrown.stack : undefined;
      // biome-ignore lint/correctness/useYield: it ends at once
      function* coThrow(): Coroutine<void> {
        throw thrown;
      }
      assert.equal(
        thrownBy(() => runBlocking(coThrow())),
        thrown,
      );
      assert.equal(thrown instanceof Error ? thrown.stack : undefined, before);
    }
  });

  test('is left as it is where it cannot be looked at, and the error is still raised', async () => {
    const guarded = Object.defineProperty(new Error('mine'), 'stack', {
      get() {
        throw new Error('not to be looked at');
      },
    });
    const traps = {
      getPrototypeOf(): never {
        throw new Error('not to be looked at');
      },
    };
    for (const thrown of [guarded, new Proxy(new Error('mine'), traps)]) {
      function* coThrow(): Coroutine<void> {
        yield* coSleep(1);
        throw thrown;
      }
      assert.ok(thrownBy(() => runBlocking(coThrow())) === thrown);
      assert.ok((await rejection(new AioFuture(coThrow(), { timeout: LIMIT }))) === thrown);
    }
  });

  test('stays short where Error.prepareStackTrace throws, and where Error.stackTraceLimit cannot be set', async () => {
    const { prepareStackTrace } = Error;
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;
    const connection = new HTTPConnection('localhost');
    const attempts = async (): Promise<unknown[]> => [
      thrownBy(() => connection.readResponse()),
      await rejection(connection.promises.readResponse()),
      await rejection(connection.promises.sendRequest('not a method', '/')),
    ];
    let errors: unknown[];
    try {
      Object.defineProperty(Error, 'stackTraceLimit', { ...limit, writable: false });
      errors = await attempts();
      Error.prepareStackTrace = () => {
        throw new RangeError('no stacks here');
      };
      errors.push(...(await attempts()));
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      Object.defineProperty(Error, 'stackTraceLimit', limit);
    }
    const names = errors.map((error) => (error as Error).name);
    assert.deepEqual(names, ['StateError', 'StateError', 'TypeError', 'StateError', 'StateError', 'TypeError']);
  });
});
