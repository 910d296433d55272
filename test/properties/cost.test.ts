/**
 * The work is linear in the bytes, whatever they are: eight times as many cost about eight times as much, where quadratic
 * work would cost sixty-four times. Times are only ever compared with each other.
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HTTPHeaders } from 'dugong/http1';
import { about, StateError } from '../../src/errors.ts';
import { headersOfSection } from '../../src/http1/headers.ts';
import { shownPath } from '../../src/inspection.ts';
import { singly } from './messages.ts';
import { trace } from './trace.ts';

const NO_LIMITS = {
  statusLine: 2 ** 30,
  headerSection: 2 ** 30,
  trailerSection: 2 ** 30,
  chunkExtensions: 2 ** 30,
  informational: 2 ** 30,
  fields: 2 ** 30,
  emptyLines: 2 ** 20,
};
const FACTOR = 8;
/** Between 8 (linear) and 64 (quadratic), nearer to the latter in the measure that counts: their ratio. */
const TOLERATED = 30;

/**
 * Processor time, which others on the machine do not take away; the least of some runs, in milliseconds. Not that of the kernel,
 * which gives memory for large strings only.
 */
function cost(runs: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    work();
    const { user } = process.cpuUsage(before);
    least = Math.min(least, user / 1000);
  }
  return least;
}

/** One honest measurement is enough: quadratic work is slow each time, while linear work may be disturbed. */
function assertLinear(size: number, work: (size: number) => () => void): void {
  const small = work(size);
  const large = work(size * FACTOR);
  let ratio = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 10 && ratio >= TOLERATED; attempt++) {
    ratio = cost(2, large) / Math.max(cost(5, small), 0.1);
  }
  assert.ok(ratio < TOLERATED, `${FACTOR} times as much cost ${ratio.toFixed(1)} times as long`);
}

/** Responses whose length grows with `n`. */
const shapes: Readonly<Record<string, readonly [size: number, wire: (n: number) => string]>> = {
  'obs-folds [RFC 9112 5.2]': [20_000, (n) => `HTTP/1.1 200 OK\r\nA: b${'\r\n c'.repeat(n)}\r\n\r\n`],
  'fields [RFC 9112 5]': [12_000, (n) => `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(n)}\r\n`],
  'fields of different names': [
    4_000,
    (n) => `HTTP/1.1 200 OK\r\n${Array.from({ length: n }, (_, i) => `N${i}: b\r\n`).join('')}\r\n`,
  ],
  'Content-Length lines [RFC 9112 6.3]': [8_000, (n) => `HTTP/1.1 200 OK\r\n${'Content-Length: 0\r\n'.repeat(n)}\r\n`],
  'elements of Connection [RFC 9112 9.6]': [
    20_000,
    (n) => `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: ${'a,'.repeat(n)}\r\n\r\n`,
  ],
  'digits of Content-Length [RFC 9110 8.6]': [
    65_536,
    (n) => `HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(n)}\r\n\r\n`,
  ],
  'a long name [RFC 9112 5.1]': [65_536, (n) => `HTTP/1.1 200 OK\r\n${'N'.repeat(n)}: v\r\n\r\n`],
  'a long reason phrase [RFC 9112 4]': [65_536, (n) => `HTTP/1.1 200 ${'r'.repeat(n)}\r\n\r\n`],
  'empty lines [RFC 9112 2.2]': [20_000, (n) => `${'\r\n'.repeat(n)}HTTP/1.1 204 x\r\n\r\n`],
  'informational responses [RFC 9110 15.2]': [
    2_000,
    (n) => `${'HTTP/1.1 100 x\r\n\r\n'.repeat(n)}HTTP/1.1 204 x\r\n\r\n`,
  ],
  'chunks of one byte [RFC 9112 7.1]': [
    10_000,
    (n) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(n)}0\r\n\r\n`,
  ],
  'chunk extensions [RFC 9112 7.1.1]': [
    20_000,
    (n) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0${';a=b'.repeat(n)}\r\n\r\n`,
  ],
  'trailers [RFC 9112 7.1.2]': [
    4_000,
    (n) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'Trailer: b\r\nHost: c\r\n'.repeat(n)}\r\n`,
  ],
};

suite('work is linear in the length of what a server sends', () => {
  for (const [what, [size, wire]] of Object.entries(shapes)) {
    test(`${what}, whole`, () => {
      assertLinear(Math.ceil(size / 2), (n) => {
        const bytes = [Buffer.from(wire(n), 'latin1')];
        return () => {
          trace(['GET'], bytes, 'orderly', { limits: NO_LIMITS });
        };
      });
    });

    test(`${what}, one byte at a time`, () => {
      // Each byte costs a call, so that fewer of them do.
      assertLinear(Math.ceil(size / 24), (n) => {
        const bytes = singly(wire(n));
        return () => {
          trace(['GET'], bytes, 'orderly', { limits: NO_LIMITS });
        };
      });
    });
  }
});

suite('work on fields is linear in their number', () => {
  const section = (n: number, name: (index: number) => string): string =>
    Array.from({ length: n }, (_, index) => `${name(index)}: v\r\n`).join('');
  const uses: Readonly<Record<string, (headers: HTTPHeaders) => unknown>> = {
    'get()': (headers) => headers.get('x'),
    'toObject()': (headers) => headers.toObject(),
    'raw()': (headers) => headers.raw(),
    'set()': (headers) => headers.set('x', 'y'),
    'delete()': (headers) => headers.delete('x'),
    'a copy': (headers) => new HTTPHeaders(headers),
  };
  for (const [what, use] of Object.entries(uses)) {
    for (const [names, name] of [
      ['one name', () => 'x'],
      ['set-cookie', () => 'Set-Cookie'],
      ['different names of one length', (index: number) => `n${String(index).padStart(7, '0')}`],
    ] as const) {
      test(`${what} of fields with ${names}`, () => {
        assertLinear(2000, (n) => {
          const text = section(n, name);
          return () => {
            use(headersOfSection(text));
          };
        });
      });
    }
  }
});

suite('work is linear in the length of what a caller sends', () => {
  test('the path of a request that an error names', () => {
    assertLinear(20_000, (n) => {
      const paths = ['://'.repeat(n), `@${'/'.repeat(n)}`, `${'//@'.repeat(n)}x`];
      return () => {
        for (const path of paths) about(new StateError(shownPath(path)), `GET http://host/${path}`);
      };
    });
  });
});
