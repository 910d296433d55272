/**
 * Cancellation at every suspension point of scripted exchanges, by every means of every way of waiting. The points are enumerated:
 * the first suspension, the second, and so on until the exchange ends without having come to that point. What a server sends is
 * let through bit by bit, each time the exchange waits, so that it is suspended in the middle of everything. The short form
 * (test/support/long-form.ts) has the exchange inside combinators over TCP only.
 */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  BodyFollowing,
  type Coroutine,
  coAll,
  coAllSettled,
  coSleep,
  coWithTimeout,
  HTTPConnection,
  type HTTPConnectionOptions,
  type HTTPResponse,
  type PollNeeded,
} from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { EVERY_MEANS, type Means, type Trial } from '../support/interrupting.ts';
import { isLong } from '../support/long-form.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import { startTLSFront, startTunnelProxy } from '../support/proxy-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';
import { type Conversation, SteppedServer } from '../support/stepped-server.ts';
import { timeLimit } from '../support/time-limit.ts';

/** What the server sends in the course of the exchange, in the parts in which it comes. */
const PARTS: readonly string[] = [
  response('100 Continue'),
  ...pieces(ok('0123456789'), 4),
  ...pieces(chunkedResponse(['abc', 'defghij'], ['X-T: 1']), 6),
  ...pieces(ok('x'), 2),
  ...pieces(response('101 Switching Protocols', ['Connection: upgrade', 'Upgrade: raw']), 2),
  'raw',
];

/** What it sends in answer to an upload that it does not take. */
const REFUSAL: readonly string[] = pieces(response('413 Content Too Large', ['Content-Length: 2'], 'no'), 5);
const TOO_MUCH = Buffer.alloc(MORE_THAN_FITS);

function pieces(text: string, count: number): string[] {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, index) => text.slice(index * size, (index + 1) * size));
}

/** Lets the next part through each time that `coroutine` waits. */
function* coReceiving<T>(coroutine: Coroutine<T>, conversation: Conversation): Coroutine<T> {
  let step = coroutine.next();
  try {
    while (!step.done) {
      conversation.letThrough();
      try {
        yield step.value as PollNeeded;
      } catch (error) {
        step = coroutine.throw(error);
        continue;
      }
      step = coroutine.next();
    }
  } finally {
    if (!step.done) coroutine.return(undefined as never);
  }
  return step.value;
}

/** Connects, asks for permission to send a body, pipelines, reads in all ways, leaves HTTP. */
function* coExchange(connection: HTTPConnection, server: SteppedServer): Coroutine<void> {
  const conversation = server.begin();
  const coNext = (): Coroutine<HTTPResponse> => coReceiving(connection.coReadResponse(), conversation);
  try {
    yield* connection.coConnect();
    yield* connection.coSendRequest('PUT', `${conversation.path}1`, { body: new BodyFollowing(3), expect100: true });
    assert.equal((yield* coNext()).status, 100);
    yield* connection.coWrite(Buffer.from('abc'));
    yield* connection.coSendRequest('GET', '/2');
    yield* connection.coSendRequest('POST', '/3', { body: ['some', 'pieces'] });
    yield* coNext();
    assert.equal(String(yield* coReceiving(connection.coReadAll(), conversation)), '0123456789');
    yield* coNext();
    assert.equal((yield* coReceiving(connection.coRead(1), conversation)).length, 1);
    assert.equal(yield* coReceiving(connection.coReadText(), conversation), 'bcdefghij');
    yield* coNext();
    yield* coReceiving(connection.coDiscard(), conversation);
    yield* connection.coSendRequest('GET', '/4', { upgrade: 'raw' });
    assert.equal((yield* coNext()).status, 101);
    yield* connection.coWriteRaw(Buffer.from('raw'));
    assert.equal(String(yield* coReceiving(connection.coReadRaw(3), conversation)), 'raw');
  } finally {
    connection.disconnect();
  }
}

/** Uploads what the server does not take, but refuses, with a reader beside and without one. */
function* coRefused(connection: HTTPConnection, server: SteppedServer): Coroutine<void> {
  for (const reads of [true, false]) {
    const conversation = server.begin();
    const sending = connection.coSendRequest('PUT', conversation.path, { body: [TOO_MUCH] });
    try {
      if (reads) yield* coAllSettled([sending, coReceiving(connection.coReadResponse(), conversation)]);
      else yield* coAllSettled([coReceiving(sending, conversation)]);
      assert.equal(connection.pendingRequests().length, 1);
    } finally {
      connection.disconnect();
    }
  }
}

const dresses: readonly { name: string; dress(coroutine: Coroutine<unknown>): Coroutine<unknown> }[] = [
  { name: 'by itself', dress: (coroutine) => coroutine },
  {
    name: 'inside combinators',
    dress: (coroutine) => coWithTimeout(coAll([coAll([coroutine, coSleep(0)]), coSleep(0)]), timeLimit(100_000)),
  },
];

/** What must be as before when an exchange was cancelled. */
function resources(): Record<string, number> {
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  return { ...native.counts(), timers };
}

/** Cancelled lookups go on to their end on their threads, and are heard of no more. */
async function lookupsEnded(): Promise<void> {
  const limit = performance.now() + timeLimit(20_000);
  while (native.pendingLookups() > 0) {
    assert.ok(performance.now() < limit, 'a lookup does not end');
    await turn();
  }
}

interface Tally {
  points: number;
  leaks: string[];
}

/** Tries all points of what `start` begins. Returns how many there were. */
async function enumerateAll(means: Means, start: () => Coroutine<unknown>, tally: Tally): Promise<number> {
  const reason = new Error('enough');
  for (let at = 1; ; at++) {
    const before = resources();
    const trial: Trial = await means.interrupt(start(), at, reason);
    const after = resources();
    if (trial.completed) return at - 1;
    if (means.throws) assert.equal(trial.error, reason, `${means.name}, at point ${at}`);
    tally.points++;
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      tally.leaks.push(`${means.name}, at point ${at}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`);
    }
  }
}

/** Runs the enumeration for all means and dresses; `least` is how many points each must have had at the least. */
async function tryAll(
  context: TestContext,
  make: () => Coroutine<unknown>,
  {
    least,
    means: every = EVERY_MEANS,
    dressed = dresses,
  }: { least: number; means?: readonly Means[]; dressed?: typeof dresses },
): Promise<void> {
  const tally: Tally = { points: 0, leaks: [] };
  for (const { name, dress } of dressed) {
    for (const means of every) {
      const points = await enumerateAll(means, () => dress(make()), tally);
      assert.ok(points >= least, `${means.name}, ${name}: ${points} points`);
    }
  }
  await lookupsEnded();
  const ways = `${every.length} means, ${dressed.map(({ name }) => name).join(' and ')}`;
  context.diagnostic(`cancellation: ${tally.points} points tried (${ways}), leaks found: ${tally.leaks.length}`);
  assert.deepEqual(tally.leaks, []);
}

function descriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

describe('an exchange that is cancelled at any point leaves neither descriptors, watchers, timers nor lookups', () => {
  const to = (port: number, options: HTTPConnectionOptions = {}): HTTPConnection =>
    new HTTPConnection('localhost', { port, family: 4, ...options });

  const least = PARTS.length;
  const dressed = isLong ? dresses : dresses.slice(0, 1);

  test('over TCP, the name being looked up', async (context) => {
    using server = new SteppedServer(PARTS);
    await tryAll(context, () => coExchange(to(server.port), server), { least });
  });

  test('over TLS', { skip: opensslMissing() }, async (context) => {
    const trust = new TestTrust();
    using server = new SteppedServer(PARTS);
    using front = startTLSFront(server, trust.certificate);
    await tryAll(context, () => coExchange(to(front.port, { tls: trust.context }), server), { least, dressed });
  });

  test('over TLS through the tunnel of a proxy, whose answer comes in pieces', {
    skip: opensslMissing(),
  }, async (context) => {
    const trust = new TestTrust();
    using server = new SteppedServer(PARTS);
    using front = startTLSFront(server, trust.certificate);
    using proxy = startTunnelProxy(front, { chunk: 10 });
    const options = { tls: trust.context, proxy: `http://${proxy.authority}` };
    await tryAll(context, () => coExchange(to(front.port, options), server), { least, dressed });
  });

  test('while it uploads what the server refuses', async (context) => {
    using server = new SteppedServer(REFUSAL, 'head only');
    const means = EVERY_MEANS.filter(({ typical }) => typical);
    await tryAll(context, () => coRefused(to(server.port), server), { least: REFUSAL.length, means });
  });

  test('while the pieces of its body are awaited, whose source learns of it', async (context) => {
    using server = new SteppedServer(PARTS);
    let open = 0;
    async function* source(): AsyncGenerator<string> {
      open++;
      try {
        for (let count = 0; count < 5; count++) {
          await turn();
          yield 'piece';
        }
      } finally {
        open--;
      }
    }
    function* coUpload(connection: HTTPConnection): Coroutine<void> {
      const conversation = server.begin();
      try {
        yield* connection.coSendRequest('PUT', conversation.path, { body: source() });
        yield* coReceiving(connection.coReadResponse(), conversation);
        yield* coReceiving(connection.coDiscard(), conversation);
      } finally {
        connection.disconnect();
      }
    }
    const means = EVERY_MEANS.filter(({ awaits }) => awaits);
    await tryAll(context, () => coUpload(to(server.port)), { least: 10, means });
    await turn();
    assert.equal(open, 0);
  });

  test('and neither does the whole of it', async () => {
    const before = descriptors();
    for (let count = 0; count < 3; count++) {
      using server = new SteppedServer(PARTS);
      for (const means of EVERY_MEANS) {
        await means.interrupt(coExchange(to(server.port), server), 5, new Error('enough'));
      }
    }
    await turn();
    assert.ok(descriptors() <= before, `${descriptors()} descriptors, ${before} before`);
  });
});
