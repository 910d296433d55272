/** What createFetch's fetch leaves on the performance timeline. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { opensslMissing } from '../support/certificates.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { TestTrust } from '../support/https.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import { close, expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

/** With what its types leave out. */
type Entry = ReturnType<typeof performance.markResourceTiming> & {
  readonly initiatorType: string;
  readonly nextHopProtocol: string;
  readonly responseStart: number;
  readonly responseStatus?: number;
};

function entriesOf(url: string): Entry[] {
  return performance.getEntriesByName(url, 'resource') as Entry[];
}

/** The only one. */
function entryOf(url: string): Entry {
  const [entry, ...others] = entriesOf(url);
  assert.ok(entry !== undefined && others.length === 0, url);
  return entry;
}

function assertOrdered(times: Readonly<Record<string, number>>): void {
  const values = Object.values(times);
  assert.deepEqual(
    values,
    values.toSorted((a, b) => a - b),
    JSON.stringify(times),
  );
}

describe('an entry of resource timing', () => {
  test('has the times of the fetch in their order, those of a new connection, and its status', async () => {
    using server = startScriptedServer([[expectHead(), send(chunkedResponse(['1234', '5'])), expectEnd()]]);
    const url = `http://${server.authority}/a?b#c`;
    const before = performance.now();
    await (await createFetch(direct)(url.replace('//', '//user:secret@'))).text();
    const entry = entryOf(url);
    const { startTime, fetchStart, domainLookupStart, connectStart, connectEnd, requestStart } = entry;
    const { responseStart, responseEnd } = entry;
    assertOrdered({
      fetchStart,
      domainLookupStart,
      connectStart,
      connectEnd,
      requestStart,
      responseStart,
      responseEnd,
    });
    // The two clocks are not read at once.
    assert.ok(startTime > before - 1 && responseEnd < performance.now() + 1);
    assert.ok(connectEnd > connectStart);
    assert.deepEqual(
      [entry.initiatorType, entry.nextHopProtocol, entry.encodedBodySize, entry.decodedBodySize],
      ['fetch', 'http/1.1', 5, 5],
    );
    assert.deepEqual([entry.redirectStart, entry.redirectEnd, entry.secureConnectionStart], [0, 0, 0]);
    // Node 20 does not know it.
    if (entry.responseStatus !== undefined) assert.equal(entry.responseStatus, 200);
  });

  test('has no time for a connection that was there, and the first URL and the time of redirects', async () => {
    const elsewhere = response('302 Found', ['Location: /there', 'Content-Length: 0']);
    using server = startScriptedServer([[expectHead(), send(elsewhere), expectHead(), send(ok('x')), expectEnd()]]);
    const url = `http://${server.authority}/here`;
    await (await createFetch(direct)(url)).text();
    const { startTime, redirectStart, redirectEnd, fetchStart, connectStart, connectEnd, requestStart } = entryOf(url);
    assert.deepEqual([redirectStart, redirectEnd], [startTime, fetchStart]);
    assert.deepEqual([connectStart, connectEnd], [fetchStart, fetchStart]);
    assertOrdered({ redirectStart, redirectEnd, requestStart });
    assert.deepEqual(entriesOf(`http://${server.authority}/there`), []);
  });

  test('has the time of TLS in that of a new connection', { skip: opensslMissing() }, async () => {
    const trust = new TestTrust();
    using server = trust.serve([[expectHead(), send(ok('x')), expectEnd()]]);
    const url = `https://localhost:${server.front.port}/`;
    await (await createFetch({ ...direct, tls: trust.context })(url)).text();
    const { connectStart, secureConnectionStart, connectEnd } = entryOf(url);
    assertOrdered({ connectStart, secureConnectionStart, connectEnd });
    assert.ok(secureConnectionStart > 0);
  });

  for (const [size, text] of [
    ['small', 'a'.repeat(1000)],
    ['large', Array.from({ length: 60_000 }, (_, index) => index).join()],
  ] as const) {
    test(`has both sizes of a ${size} body that is decoded, however it is read`, async () => {
      const encoded = gzipSync(text);
      const answer = ok(encoded, 'Content-Encoding: gzip');
      using server = startScriptedServer([[expectHead(), send(answer), expectHead(), send(answer), expectEnd()]]);
      const fetch = createFetch(direct);
      const url = `http://${server.authority}/`;
      assert.equal(await (await fetch(`${url}text`)).text(), text);
      let count = 0;
      for await (const part of (await fetch(`${url}stream`)).body ?? []) count += part.length;
      assert.equal(count, text.length);
      for (const each of ['text', 'stream']) {
        const { encodedBodySize, decodedBodySize } = entryOf(url + each);
        assert.deepEqual([encodedBodySize, decodedBodySize], [encoded.length, text.length]);
      }
    });
  }

  test('is made for an answer without a body, at once', async () => {
    using server = startScriptedServer([[expectHead(), send(response('204 No Content')), expectEnd()]]);
    const url = `http://${server.authority}/`;
    await createFetch(direct)(url);
    assert.equal(entryOf(url).encodedBodySize, 0);
  });

  test('is not made if the fetch fails, or if its body does not come in whole', async () => {
    const half = ok('12345').slice(0, -2);
    using server = startScriptedServer([
      [expectHead(), close()],
      [expectHead(), send(half), close()],
      [expectHead(), send(half), expectEnd()],
    ]);
    const fetch = createFetch(direct);
    const url = `http://${server.authority}/`;
    await assert.rejects(fetch(url, { method: 'POST' }));
    await assert.rejects((await fetch(url)).text());
    await (await fetch(url)).body?.cancel();
    assert.deepEqual(entriesOf(url), []);
  });
});
