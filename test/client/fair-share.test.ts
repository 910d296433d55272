/** A reader that has had its share gives way, and goes on: also with bytes that the transport has already, of which the descriptor says nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../../src/client/session.ts';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded } from '../../src/index.ts';
import { WOULD_BLOCK } from '../../src/io/system-error.ts';
import type { Transport } from '../../src/io/transport.ts';
import { socketPair } from '../support/socket-pair.ts';

/** As much as one call of TLS gives of what it has read ahead. */
const PORTION = 245_760;
const BODY = 6_000_000;

/** Has received all that is to come, and gives a portion of it with each call. */
class ReadAhead implements Transport {
  readonly fd: number;
  readonly remoteAddress = undefined;
  readonly receiveNeeds: PollNeeded;
  readonly sendNeeds: PollNeeded;
  readonly pause = undefined;
  readonly sendAwaitsInput = false;
  readonly failure = undefined;
  closed = false;
  /** Nothing comes before the request is there. */
  #come: Buffer = Buffer.alloc(0);

  constructor(fd: number) {
    this.fd = fd;
    this.receiveNeeds = new PollNeeded(fd, POLLIN);
    this.sendNeeds = new PollNeeded(fd, POLLOUT);
  }

  receive(buffer: Uint8Array, offset: number, length: number): number {
    if (this.#come.length === 0) return WOULD_BLOCK;
    const count = Math.min(length, PORTION, this.#come.length);
    buffer.set(this.#come.subarray(0, count), offset);
    this.#come = this.#come.subarray(count);
    return count;
  }

  send(buffers: readonly Uint8Array[]): number {
    this.#come = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY}\r\n\r\n`), Buffer.alloc(BODY)]);
    return buffers.reduce((sum, { length }) => sum + length, 0);
  }

  close(): void {
    this.closed = true;
  }
}

function* coGet(session: Session): Coroutine<number> {
  yield* session.coSendRequest('GET', '/', { request: {} });
  const response = yield* session.coNextResponse();
  assert.ok(response?.body !== undefined);
  return (yield* session.bodies.coReadAll(response.body)).length;
}

test('a reader that gives way goes on with what the transport has read ahead', async () => {
  using pair = await socketPair();
  const session = new Session({
    host: 'origin.example',
    peer: 'origin.example:80',
    connectTimeout: 0,
    continueTimeout: 1000,
    *dial() {
      yield* [];
      return new ReadAhead(pair.fd);
    },
  });
  const reading = coGet(session);
  let pauses = 0;
  let step = reading.next();
  for (; !step.done; step = reading.next()) {
    pauses++;
    assert.ok(step.value.poll(0), 'what the reader waits for is ready, since no byte is to come');
  }
  assert.equal(step.value, BODY);
  assert.ok(pauses > 0);
});
