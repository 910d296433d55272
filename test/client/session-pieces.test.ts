/**
 * A sender that waits for the next piece of a body, which comes as a promise, hears what happens on the connection meanwhile. The
 * transport is in memory; the promise is never settled.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Session } from '../../src/client/session.ts';
import { type Coroutine, POLLIN, type PollNeeded } from '../../src/coroutine.ts';
import { ConnectionClosed, InvalidResponse } from '../../src/errors.ts';
import { type Runner, runAs } from '../../src/schedule/running.ts';
import { MemoryTransport } from '../support/memory-transport.ts';

const CHUNKED = { framing: { kind: 'chunked' } } as const;

const refusal = Buffer.from('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno');

/** One coroutine, and what runs it: it goes on when it is called. */
class Running implements Runner {
  readonly driver = 'event loop';
  need: PollNeeded | undefined;
  outcome: 'done' | { readonly error: unknown } | undefined;
  readonly #coroutine: Coroutine<unknown>;

  constructor(coroutine: Coroutine<unknown>) {
    this.#coroutine = coroutine;
    this.go(() => coroutine.next());
  }

  wake(): void {
    if (this.need !== undefined) this.go(() => this.#coroutine.next());
  }

  /** What happens when the coroutine is no longer wanted. */
  stop(): void {
    this.go(() => this.#coroutine.throw(new Error('stopped')));
  }

  go(step: () => IteratorResult<PollNeeded, unknown>): void {
    this.need = undefined;
    try {
      const { done, value } = runAs(this, step);
      if (done) this.outcome = 'done';
      else this.need = value as PollNeeded;
    } catch (error) {
      this.outcome = { error };
    }
  }

  get error(): unknown {
    return typeof this.outcome === 'object' ? this.outcome.error : this.outcome;
  }
}

function* coUpload(session: Session): Coroutine<void> {
  const pieces = (async function* () {
    yield 'piece';
    await new Promise(() => undefined);
  })();
  yield* session.coSendRequest('PUT', '/', { request: CHUNKED });
  yield* session.coWriteAll(pieces, CHUNKED);
}

function* coAnswer(session: Session): Coroutine<Buffer> {
  const response = yield* session.coNextResponse();
  assert.ok(response?.body !== undefined);
  return yield* session.bodies.coReadAll(response.body);
}

/** A sender that has sent one piece, all of which was taken, and waits for the next one. */
async function uploading(): Promise<{ transport: MemoryTransport; session: Session; sender: Running }> {
  const transport = new MemoryTransport();
  const session = new Session({
    *dial() {
      yield* [];
      return transport;
    },
    host: 'h',
    peer: 'the peer',
    connectTimeout: 0,
    continueTimeout: 1000,
  });
  transport.take(Number.POSITIVE_INFINITY);
  const sender = new Running(coUpload(session));
  await setImmediate();
  assert.equal(session.protocol.output.length, 0);
  return { transport, session, sender };
}

async function assertRefused(sender: Running): Promise<void> {
  await setImmediate();
  assert.ok(sender.error instanceof ConnectionClosed, String(sender.error));
}

describe('a sender that waits for the next piece', () => {
  test('finds a refusal itself if no reader waits', async () => {
    const { transport, sender } = await uploading();
    assert.equal(sender.need?.mask, POLLIN);
    transport.say(refusal);
    sender.wake();
    await assertRefused(sender);
  });

  test('leaves what comes to a reader', async () => {
    const { transport, session, sender } = await uploading();
    const reader = new Running(session.coNextResponse());
    transport.say(refusal);
    sender.wake();
    assert.equal(sender.need?.mask, 0);
    assert.equal(session.protocol.bytesReceived, 0);
    assert.equal(reader.outcome, undefined);
  });

  test('hears of a refusal that a reader finds', async () => {
    const { transport, session, sender } = await uploading();
    const reader = new Running(session.coNextResponse());
    // From here on the sender leaves listening to the reader.
    sender.wake();
    transport.say(refusal);
    reader.wake();
    assert.equal(reader.outcome, 'done');
    await assertRefused(sender);
  });

  test('hears of an end that a reader finds', async () => {
    const { transport, session, sender } = await uploading();
    const reader = new Running(session.coNextResponse());
    await setImmediate();
    transport.end();
    reader.wake();
    assert.ok(reader.error instanceof ConnectionClosed);
    await assertRefused(sender);
  });

  test('hears of a broken body that a reader finds behind an early success', async () => {
    const { transport, session, sender } = await uploading();
    transport.say(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
    const reader = new Running(coAnswer(session));
    await setImmediate();
    transport.say(Buffer.from('no chunk\r\n'));
    reader.wake();
    assert.ok(reader.error instanceof InvalidResponse, String(reader.error));
    await assertRefused(sender);
  });

  test('listens when its reader is interrupted', async () => {
    const { transport, session, sender } = await uploading();
    const reader = new Running(session.coNextResponse());
    sender.wake();
    assert.equal(sender.need?.mask, 0);
    reader.stop();
    await setImmediate();
    assert.equal(sender.need?.mask, POLLIN);
    transport.say(refusal);
    sender.wake();
    await assertRefused(sender);
  });

  test('hears that the connection was closed', async () => {
    const { session, sender } = await uploading();
    session.close();
    await assertRefused(sender);
  });
});
