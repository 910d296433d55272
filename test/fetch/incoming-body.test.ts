/** How the body of a response is taken, from a connection that always has more of it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPConnection } from '../../src/client/http-connection.ts';
import { Lease } from '../../src/fetch/connection-pool.ts';
import { IncomingBody } from '../../src/fetch/incoming-body.ts';
import { SilenceLimit } from '../../src/fetch/time-limits.ts';

/** More than are read before others have their turn. */
const MANY_READS = 1000;

describe('the body of a response that comes faster than it is read', () => {
  test('leaves the event loop its turns, and hears of an abort', async () => {
    const controller = new AbortController();
    const body = new IncomingBody({
      lease: new Lease(endless(), { reused: false, onEnd: () => undefined }),
      signal: controller.signal,
      limit: new SilenceLimit(1000),
      onEnd: () => undefined,
      told: (error) => error,
    });
    const reason = new Error('aborted');
    setImmediate(() => controller.abort(reason));
    await assert.rejects(async () => {
      for (let count = 0; count < MANY_READS; count++) await body.read();
    }, reason);
  });
});

/** As far as a body looks at it: the next bytes have always come. */
function endless(): HTTPConnection {
  return {
    *coReadInto(buffer: Uint8Array): Generator<never, number> {
      yield* [];
      return buffer.length;
    },
    responsePending: () => true,
  } as unknown as HTTPConnection;
}
