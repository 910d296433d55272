/**
 * What errors say of requests that were lost, against what a server that cuts anywhere has really read: "cannot have been
 * processed" is never said of a request that has reached it.
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createFetch, DugongError, HTTPConnection, type LostRequest } from 'dugong';
import { closeIdleConnections, fetchSync } from 'dugong/sync';
import fc from 'fast-check';
import { type CutPlan, startCuttingServer } from '../support/cutting-server.ts';
import { ok } from '../support/messages.ts';
import { timeLimit } from '../support/time-limit.ts';
import { checkAsync } from './property.ts';

const LIMIT = timeLimit(20_000);
/** Below what goes out before an answer is looked for, and above. */
const SIZES = [0, 1, 500, 20_000, 70_000, 300_000];
const ANSWERS = [undefined, 'HTTP/1.1 2', 'nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'];
const size = fc.constantFrom(...SIZES);
const cut = fc.constantFrom<'end' | 'reset'>('end', 'reset');
/** In heads, and in bodies. */
const position = fc.oneof(fc.nat(400), fc.nat(310_000));
const cutAnywhere = fc.record({ at: position, send: fc.constantFrom(...ANSWERS), cut });

/** Of the requests that a server has seen, and that are not answered, each must be lost and possibly processed. */
function assertTrue(lost: readonly LostRequest[], seen: readonly string[], names: readonly string[]): void {
  for (const name of names) {
    const possible = lost.some(
      ({ method, path, mayHaveBeenProcessed }) => `${method} ${path}` === name && mayHaveBeenProcessed,
    );
    const read = seen.some((text) => text.includes(`${name} HTTP/1.1\r\n`));
    assert.ok(possible || !read, `${name} has been read, and ${JSON.stringify(lost)} is said`);
  }
}

/** Pipelines requests and reads until it fails: what is unanswered, as the error and as the connection say it. */
async function pipeline(
  connection: HTTPConnection,
  { sizes, form, timeout }: { sizes: readonly number[]; form: 'blocking' | 'promises'; timeout: number },
): Promise<{ error: unknown; answered: number }> {
  const { promises } = connection;
  let answered = 0;
  try {
    for (const [index, length] of sizes.entries()) {
      const options = { body: Buffer.alloc(length, 'x') };
      if (form === 'blocking') connection.sendRequest('PUT', `/${index}`, options);
      else await promises.sendRequest('PUT', `/${index}`, { ...options, timeout });
    }
    for (; answered < sizes.length; answered++) {
      if (form === 'blocking') connection.readResponse();
      else await promises.readResponse({ timeout });
      if (form === 'blocking') connection.discard();
      else await promises.discard({ timeout });
    }
    return { error: undefined, answered };
  } catch (error) {
    return { error, answered };
  }
}

suite('of requests that are lost', { timeout: timeLimit(240_000) }, () => {
  test('none that a server has read is said to be unprocessed, by errors and by pendingRequests()', async () => {
    const cases = fc.record({
      sizes: fc.array(size, { minLength: 1, maxLength: 5 }),
      form: fc.constantFrom<'blocking' | 'promises'>('blocking', 'promises'),
      answers: fc.nat(3),
      end: cutAnywhere,
      timeout: fc.constantFrom(LIMIT, LIMIT, 1, 3),
    });
    await checkAsync(
      fc.asyncProperty(cases, async ({ sizes, form, answers, end, timeout }) => {
        const plan: CutPlan = [...Array.from({ length: answers }, (_, n) => ({ at: 30 * n, send: ok('x') })), end];
        const server = startCuttingServer([plan.toSorted((a, b) => a.at - b.at)]);
        const options = { port: server.port, timeout: form === 'blocking' ? Math.min(timeout, 50) : LIMIT };
        const connection = new HTTPConnection('127.0.0.1', options);
        const { error, answered } = await pipeline(connection, { sizes, form, timeout: Math.min(timeout, 50) });
        const pending = connection.pendingRequests();
        connection.disconnect();
        const seen = server.stop();
        if (error === undefined) return;
        assert.ok(error instanceof DugongError, String(error));
        const unanswered = sizes.map((_, index) => `PUT /${index}`).slice(answered);
        assertTrue(pending, seen, unanswered);
        if (error.lostRequests !== undefined) {
          assert.deepEqual(
            error.lostRequests,
            pending.map(({ stage: _, ...rest }) => rest),
          );
        }
      }),
      200,
    );
  });

  test('none that a server has read is said to be unprocessed after fetchSync and createFetch tried again', async () => {
    const cases = fc.record({
      form: fc.constantFrom('fetchSync', 'createFetch'),
      method: fc.constantFrom('PUT', 'POST'),
      length: size,
      first: cutAnywhere,
      second: cutAnywhere,
    });
    await checkAsync(
      fc.asyncProperty(cases, async ({ form, method, length, first, second }) => {
        const server = startCuttingServer([
          [
            { at: 1, send: ok('x') },
            { ...first, at: first.at + 100 },
          ],
          [second],
        ]);
        const url = `http://127.0.0.1:${server.port}`;
        const fetch = createFetch({ proxy: false });
        const body = Buffer.alloc(length, 'x');
        let error: unknown;
        try {
          if (form === 'fetchSync') {
            fetchSync(`${url}/idle`, { proxy: false, timeout: LIMIT });
            fetchSync(`${url}/1`, { method, body, proxy: false, timeout: 40 });
          } else {
            await (await fetch(`${url}/idle`)).text();
            await (await fetch(`${url}/1`, { method, body, signal: AbortSignal.timeout(40) })).text();
          }
        } catch (thrown) {
          error = form === 'fetchSync' ? thrown : (thrown as Error).cause;
        }
        closeIdleConnections();
        fetch.closeIdleConnections();
        const seen = server.stop();
        if (error instanceof DugongError) assertTrue(error.lostRequests ?? [], seen, [`${method} /1`]);
        else assert.equal(error, undefined);
      }),
      200,
    );
  });
});
