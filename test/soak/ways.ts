/** The ways of waiting, each given numbers of requests to make and a tally of what becomes of them. */

import { AioFuture, type Coroutine, createFetch, HTTPConnection, PollLoop, runBlocking } from 'dugong';
import { closeIdleConnections, fetchSync } from 'dugong/sync';
import type { Random } from '../simulation/random.ts';
import { methodOf, pathOf, uploadOf } from './answers.ts';
import type { Tally } from './tally.ts';

const DEEPEST = 64;
const CONNECTIONS = 8;

export interface Way {
  readonly name: string;
  /** Its part of all requests. */
  readonly share: number;
  run(numbers: readonly number[], tally: Tally): void | Promise<void>;
  /** Closes what is open. */
  close(): void;
}

export function waysTo(port: number, random: Random): Way[] {
  const options = { port };
  const open = (): HTTPConnection => new HTTPConnection('127.0.0.1', options);
  const [blocking, awaited] = [open(), open()];
  const looped = Array.from({ length: CONNECTIONS }, open);
  const base = `http://127.0.0.1:${port}`;
  const fetch = createFetch();
  const pipelines = (numbers: readonly number[]): number[][] => {
    const parts: number[][] = [];
    for (let at = 0; at < numbers.length; ) {
      const depth = random.between(1, DEEPEST);
      parts.push(numbers.slice(at, at + depth));
      at += depth;
    }
    return parts;
  };
  return [
    {
      name: 'blocking',
      share: 0.25,
      run(numbers, tally) {
        for (const part of pipelines(numbers)) runBlocking(coPipeline(blocking, part, tally));
      },
      close: () => blocking.disconnect(),
    },
    {
      name: 'AioFuture',
      share: 0.25,
      async run(numbers, tally) {
        for (const part of pipelines(numbers)) await new AioFuture(coPipeline(awaited, part, tally));
      },
      close: () => awaited.disconnect(),
    },
    {
      name: 'PollLoop',
      share: 0.25,
      run(numbers, tally) {
        using loop = new PollLoop();
        const parts = pipelines(numbers);
        loop.runUntilComplete(looped.map((connection) => loop.createTask(coTaking(connection, parts, tally))));
      },
      close() {
        for (const connection of looped) connection.disconnect();
      },
    },
    {
      name: 'fetchSync',
      share: 0.1,
      run(numbers, tally) {
        for (const number of numbers) {
          try {
            const init = { method: methodOf(number), body: uploadOf(number) };
            const response = fetchSync(base + pathOf(number), init);
            const { status, headers } = response;
            tally.complete(number, { status, number: headers.get('X-Number'), body: response.text() });
          } catch (error) {
            tally.failed([number], error);
          }
        }
      },
      close: closeIdleConnections,
    },
    {
      name: 'createFetch',
      share: 0.15,
      async run(numbers, tally) {
        const left = numbers.slice();
        const takeTurns = async (): Promise<void> => {
          for (let number = left.pop(); number !== undefined; number = left.pop()) {
            try {
              const init = { method: methodOf(number), body: uploadOf(number) ?? null };
              const response = await fetch(base + pathOf(number), init);
              const { status, headers } = response;
              tally.complete(number, { status, number: headers.get('X-Number'), body: await response.text() });
            } catch (error) {
              tally.failed([number], error);
            }
          }
        };
        await Promise.all(Array.from({ length: CONNECTIONS }, takeTurns));
      },
      close: () => fetch.closeIdleConnections(),
    },
  ];
}

/** One of several that share what there is to do. */
function* coTaking(connection: HTTPConnection, parts: number[][], tally: Tally): Coroutine<void> {
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) yield* coPipeline(connection, part, tally);
}

/** Sends all, then reads all. What was not sent, or not answered, is lost, and the connection given up. */
function* coPipeline(connection: HTTPConnection, numbers: readonly number[], tally: Tally): Coroutine<void> {
  let refusal: unknown;
  try {
    for (const number of numbers) {
      const body = uploadOf(number);
      yield* connection.coSendRequest(methodOf(number), pathOf(number), body === undefined ? {} : { body });
    }
  } catch (error) {
    refusal = error;
  }
  const pending = connection.pendingRequests().length;
  let answered = 0;
  try {
    for (; answered < pending; answered++) {
      const { status, headers } = yield* connection.coReadResponse();
      const body = (yield* connection.coReadAll()).toString('latin1');
      tally.complete(numbers[answered] ?? -1, { status, number: headers.get('X-Number'), body });
    }
  } catch (error) {
    tally.lost(numbers.slice(answered, pending), error);
    refusal = error;
  }
  if (answered === numbers.length) return;
  tally.failed(numbers.slice(answered), refusal);
  connection.disconnect();
}
