/** Bodies in pieces, from a source that always has one more to a server that takes each at once. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BodyPieces, coEachPiece } from '../../src/client/body-source.ts';
import { AioFuture } from '../../src/index.ts';

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

describe('a body in pieces', () => {
  for (const [name, pieces] of Object.entries(sources)) {
    test(`leaves the event loop its turns: ${name}`, async () => {
      const taker = {
        need: () => undefined,
        heed: () => {},
        *coSend() {
          yield* [];
        },
      };
      let turned = false;
      setImmediate(() => {
        turned = true;
      });
      await new AioFuture(coEachPiece(pieces(), taker));
      assert.ok(turned);
    });
  }
});
