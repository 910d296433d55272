/** Whatever a server sends ends in responses or in documented errors, with no more memory than the limits allow. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { cutting, pieces, sample, spoilt } from './messages.ts';
import { check } from './property.ts';
import { type End, trace } from './trace.ts';

const finalEnd = fc.constantFrom<End>('orderly', 'failed');

suite('arbitrary and spoilt bytes', () => {
  test('end in success or a documented error once the server has ended [RFC 9112 8]', () => {
    check(
      fc.property(fc.array(spoilt, { minLength: 1, maxLength: 3 }), finalEnd, cutting, (wires, end, cuts) => {
        // trace() fails on other errors, and when more is wanted after the end.
        const { events, protocol } = trace(['GET', 'HEAD', 'GET'], pieces(wires.join(''), cuts), end);
        assert.ok(events.length > 0);
        const failed = /^(Invalid|Unsupported|Connection)/.test(events.at(-1) ?? '');
        assert.ok(failed || !protocol.responsePending, 'neither all responses nor an error');
      }),
      700,
    );
  });

  test('leave a connection on which nothing is sent after an error [RFC 9112 9.6]', () => {
    check(
      fc.property(spoilt, finalEnd, (wire, end) => {
        const { events, protocol } = trace(['GET', 'GET'], pieces(wire, []), end);
        if (/^(Invalid|Unsupported|Connection)/.test(events.at(-1) ?? '')) {
          assert.throws(() => protocol.sendRequest('GET', '/again'), { name: 'ConnectionClosed' });
          assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed' });
        }
      }),
      300,
    );
  });

  test('never make a cut response complete [RFC 9112 8]', () => {
    check(
      fc.property(
        sample,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        finalEnd,
        (response, cut, end) => {
          const wire = response.wire.slice(0, Math.floor(cut * response.wire.length));
          const { events } = trace([response.method], pieces(wire, []), end);
          const last = events.at(-1) ?? '';
          if (!response.untilClose || end === 'failed') assert.match(last, /^ConnectionClosed/);
        },
      ),
      300,
    );
  });
});

suite('the receive buffer', () => {
  const WINDOW = 4096;

  test('is bounded by the limits while heads and trailers come in', () => {
    const limits = { statusLine: 10_000, headerSection: 10_000, trailerSection: 10_000 };
    const long = fc
      .constantFrom('a', 'A: b\r\n', '\r\n ', 'HTTP/1.1 100 x\r\n\r\n', '0', ';a')
      .map((each) => each.repeat(30_000));
    check(
      fc.property(spoilt, long, fc.nat({ max: 200 }), (wire, endless, at) => {
        const bytes = Buffer.from(wire.slice(0, at) + endless + wire.slice(at), 'latin1');
        const brought = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, index) =>
          bytes.subarray(index * 1000, (index + 1) * 1000),
        );
        const { capacity } = trace(['GET', 'GET'], brought, 'orderly', { limits, receiveBufferSize: WINDOW });
        // Both parts of a head and one piece; it grows by doubling.
        assert.ok(capacity <= 2 * (2 * 10_000 + 1000 + WINDOW), `${capacity} bytes`);
      }),
      40,
    );
  });

  test('does not grow with a body', () => {
    check(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.boolean(), (size, chunked) => {
        const data = Buffer.alloc(size, 'd');
        const count = Math.ceil(200_000 / size);
        const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size * count}`;
        const part = chunked ? Buffer.from(`${size.toString(16)}\r\n${data}\r\n`) : data;
        const brought = [
          Buffer.from(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`),
          ...Array.from({ length: count }, () => part),
        ];
        if (chunked) brought.push(Buffer.from('0\r\n\r\n'));
        const { capacity, protocol } = trace(['GET'], brought, 'open', { receiveBufferSize: WINDOW });
        assert.equal(protocol.responsePending, false);
        assert.equal(capacity, WINDOW);
      }),
      12,
    );
  });
});
