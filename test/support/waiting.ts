/**
 * Drives coroutines for tests: in each of the ways of waiting, or step by step by hand. Every wait ends with an error if it
 * takes far too long.
 */

import assert from 'node:assert/strict';
import {
  AioFuture,
  type Coroutine,
  HTTPConnection,
  type HTTPConnectionOptions,
  PollLoop,
  PollNeeded,
  runBlocking,
} from '../../src/index.ts';
import { timeLimit } from './time-limit.ts';

const LIMIT = timeLimit(20_000);

export interface WayOfWaiting {
  readonly name: string;
  run<T>(coroutine: Coroutine<T>): Promise<T>;
}

/** For tests of behaviour that is the same in every way of waiting. */
export const waysOfWaiting: readonly WayOfWaiting[] = [
  { name: 'runBlocking', run: async (coroutine) => runBlocking(coroutine, { timeout: LIMIT }) },
  { name: 'a loop written by hand', run: async (coroutine) => finish(coroutine) },
  { name: 'AioFuture', run: (coroutine) => new AioFuture(coroutine, { timeout: LIMIT }) },
];

/** The same, and as a task of a loop. */
export const waysWithLoop: readonly WayOfWaiting[] = [
  ...waysOfWaiting,
  {
    name: 'PollLoop',
    run: async (coroutine) => {
      using loop = new PollLoop();
      return loop.runUntilComplete(loop.createTask(coroutine));
    },
  },
];

/** Takes one step, which must end in a suspension; returns the need. */
export function suspend(coroutine: Coroutine<unknown>): PollNeeded {
  const step = coroutine.next();
  assert.equal(step.done, false, 'the coroutine ended instead of waiting');
  assert.ok(step.value instanceof PollNeeded);
  return step.value;
}

/** Steps until the coroutine waits for something that is not ready. */
export function suspendForGood(coroutine: Coroutine<unknown>): PollNeeded {
  for (;;) {
    const need = suspend(coroutine);
    if (!need.poll(0)) return need;
  }
}

/** Steps the coroutine to its end, waiting with the `poll()` of what it yields. */
export function finish<T>(coroutine: Coroutine<T>): T {
  for (;;) {
    const step = coroutine.next();
    if (step.done) return step.value;
    if (!step.value.poll(LIMIT)) throw new Error(`fd ${step.value.fd} was not ready within ${LIMIT} ms`);
  }
}

/** A connection to a test server. All its time limits, `continueTimeout` included, are long. */
export function connectionTo(
  server: { readonly hostname: string; readonly port: number },
  options: HTTPConnectionOptions = {},
): HTTPConnection {
  return new HTTPConnection(server.hostname, { port: server.port, timeout: LIMIT, continueTimeout: LIMIT, ...options });
}

/** The error of a call. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** `lostRequests` in short: "GET /a" may have been processed, "!GET /b" cannot have been. */
function lost(...requests: string[]): { method: string; path: string; mayHaveBeenProcessed: boolean }[] {
  return requests.map((request) => {
    const mayHaveBeenProcessed = !request.startsWith('!');
    const [method = '', path = ''] = request.replace(/^!/, '').split(' ');
    return { method, path, mayHaveBeenProcessed };
  });
}

/** What `assert.throws` compares a ConnectionClosed with. */
export function connectionClosed(details: {
  phase: string;
  lost: readonly string[];
  bytesSent?: number;
  bytesReceived?: number;
}): Record<string, unknown> {
  const { lost: requests, ...others } = details;
  return {
    name: 'ConnectionClosed',
    code: 'DUGONG_CONNECTION_CLOSED',
    lostRequests: lost(...requests),
    ...others,
  };
}
