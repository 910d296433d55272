/**
 * Makes the same exchange through a proxy again and again, and gives it up at every point where it waits, in every way there is,
 * until that was in each of the phases that are named. Prints how many sockets are left of all that. It is a process of its own
 * so that all its sockets are this client's.
 *
 *     proxy-tls-giving-up-program.ts CA-FILE PROXY-PORT http|https PHASE...
 */

import { readFileSync } from 'node:fs';
import { AioFuture, ConnectionTimedOut, type Coroutine, HTTPConnection, TLSContext } from '../../src/index.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { timeLimit } from '../support/time-limit.ts';

const [caFile = '', proxyPort, scheme, ...phases] = process.argv.slice(2);
const tls = new TLSContext({ ca: readFileSync(caFile, 'latin1') });
/** Those that no attempt was given up in yet. When the server answers, and with that the number of waits, is a matter of luck. */
const missing = new Set(phases);

function connect(): HTTPConnection {
  return new HTTPConnection('localhost', {
    family: 4,
    tls: scheme === 'https' && tls,
    proxy: { hostname: 'localhost', port: Number(proxyPort), tls },
  });
}

function* coExchange(connection: HTTPConnection): Coroutine<number> {
  yield* connection.coSendRequest('GET', '/send_10_bytes');
  yield* connection.coReadResponse();
  return (yield* connection.coReadAll()).length;
}

type Attempt = { readonly connection: HTTPConnection; readonly exchange: Coroutine<number> };

/** Each leaves nothing, or there is one more socket in the end. */
const waysOut: readonly ((attempt: Attempt) => unknown)[] = [
  ({ exchange }) => exchange.return(0),
  ({ exchange }) => exchange.throw(new ConnectionTimedOut(1)),
  ({ exchange }) => {
    const future = new AioFuture(exchange);
    future.cancel();
    return future;
  },
  ({ exchange }) => new AioFuture(exchange, { signal: AbortSignal.abort() }),
  ({ connection, exchange }) => {
    connection.disconnect();
    return exchange.next();
  },
];

/** Goes on until it waits for the `count`th time; undefined if it has come to its end before. */
function advance(count: number): Attempt | undefined {
  const connection = connect();
  const exchange = coExchange(connection);
  for (let waits = 0; ; ) {
    const step = exchange.next();
    if (step.done) {
      if (step.value !== 10) throw new Error(`${step.value} bytes in place of 10`);
      connection.disconnect();
      return undefined;
    }
    if (++waits > count) return { connection, exchange };
    if (!step.value.poll(timeLimit(20_000))) throw new Error('nothing came for too long');
  }
}

async function giveUp(attempt: Attempt, leave: (attempt: Attempt) => unknown): Promise<void> {
  try {
    await leave(attempt);
  } catch (error) {
    if (error instanceof ConnectionTimedOut) missing.delete(error.phase ?? '');
  }
  // Not by every way out: a caller that was interrupted in mid-exchange may go on.
  attempt.connection.disconnect();
}

const before = openDescriptors('socket:');
for (let round = 0; missing.size > 0; round++) {
  if (round === 20) throw new Error(`never waited in these phases: ${[...missing]}`);
  for (const leave of waysOut) {
    for (let count = 0; ; count++) {
      const attempt = advance(count);
      if (attempt === undefined) break;
      await giveUp(attempt, leave);
    }
  }
}
console.log(openDescriptors('socket:') - before);
