/** Bodies in pieces, from a source that always has one more to a server that takes each at once. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BodyPieces } from '../../src/client/request-pieces.ts';
import { Session } from '../../src/client/session.ts';
import type { Coroutine } from '../../src/coroutine.ts';
import { AioFuture } from '../../src/index.ts';
import { MemoryTransport } from '../support/memory-transport.ts';
import { socketPair } from '../support/socket-pair.ts';

const CHUNKED = { framing: { kind: 'chunked' } } as const;

/** More than are sent before others have their turn. */
const MANY_PIECES = 10_000;

const sources: Readonly<Record<string, () => BodyPieces>> = {
  iterable: function* () {
    for (let count = 0; count < MANY_PIECES; count++) yield 'piece';
  },
  'async iterable': async function* () {
    for (let count = 0; count < MANY_PIECES; count++) yield 'piece';
  },
  ReadableStream: () => {
    let count = 0;
    return new ReadableStream({
      pull(controller) {
        if (count++ < MANY_PIECES) controller.enqueue(Buffer.from('piece'));
        else controller.close();
      },
    });
  },
};

/** A session whose transport takes all; a loop can wait for its descriptor, which is always ready for more. */
function sessionOver(transport: MemoryTransport): Session {
  return new Session({
    *dial() {
      yield* [];
      return transport;
    },
    host: 'h',
    peer: 'the peer',
    connectTimeout: 0,
    continueTimeout: 1000,
  });
}

function* coUpload(session: Session, pieces: BodyPieces): Coroutine<void> {
  yield* session.coSendRequest('PUT', '/', { request: CHUNKED });
  yield* session.coWriteAll(pieces, CHUNKED);
}

describe('a body in pieces', () => {
  for (const [name, pieces] of Object.entries(sources)) {
    test(`leaves the event loop its turns: ${name}`, async () => {
      using pair = await socketPair();
      const transport = new MemoryTransport(pair.fd);
      transport.take(Number.POSITIVE_INFINITY);
      let turns = 0;
      let immediate = setImmediate(function turn() {
        turns++;
        immediate = setImmediate(turn);
      });
      try {
        await new AioFuture(coUpload(sessionOver(transport), pieces()));
      } finally {
        clearImmediate(immediate);
      }
      assert.equal(Buffer.concat(transport.taken).toString('latin1').split('piece').length - 1, MANY_PIECES);
      assert.ok(turns >= MANY_PIECES / 1000, `the event loop had ${turns} turns`);
    });
  }
});
