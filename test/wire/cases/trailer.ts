/** Trailer sections (RFC 9112 7.1.2, RFC 9110 6.5): a section of fields like any other, kept apart from the header. */

import { BAD_BODY, CUT_BODY, chunked, message, type OwnCase, sized } from './own-case.ts';

const SECTION = 'RFC 9112 7.1.2, 5';

function withTrailer(section: string): string {
  return chunked(`5\r\nhello\r\n0\r\n${section}\r\n`);
}

/** Sections of one or more lines that are no fields. */
const NO_TRAILERS: Readonly<Record<string, string>> = {
  'space-before-colon': 'A : b\r\n',
  'tab-before-colon': 'A\t: b\r\n',
  'empty-name': ': b\r\n',
  'space-first': ' A: b\r\n',
  'tab-first': '\tA: b\r\n',
  nul: 'A: b\x00\r\n',
  del: 'A: b\x7f\r\n',
  vt: 'A: b\x0b\r\n',
  'bare-cr': 'A: b\rC: d\r\n',
  'bare-lf': 'A: b\nC: d\r\n',
  'cr-cr-lf': 'A: b\r\r\n',
  'obs-text-name': 'A\xe9: b\r\n',
  'second-line': 'A: b\r\nbad\r\n',
  'cl-folded': 'A: b\r\nContent-Length:\r\n 5\r\n',
  'status-line': 'HTTP/1.1 200 OK\r\n',
  'chunk-again': '5\r\nhello\r\n',
};

const CUTS: Readonly<Record<string, string>> = {
  name: 'A',
  colon: 'A:',
  value: 'A: b',
  cr: 'A: b\r',
  line: 'A: b\r\n',
  'final-cr': 'A: b\r\n\r',
};

const kept = (trailers: readonly (readonly [string, string])[]) => ({ body: 'hello', trailers, reusable: true });

/** "A: ttt..." so long that the section with its empty line has `length` bytes. */
function long(length: number): string {
  return `A: ${'t'.repeat(length - 'A: \r\n\r\n'.length)}\r\n`;
}

export const trailerCases: readonly OwnCase[] = [
  ...Object.entries(NO_TRAILERS).map(([id, section]) => ({
    id: `chunk/trailer-no-${id}`,
    source: SECTION,
    send: withTrailer(section),
    expect: BAD_BODY,
  })),
  ...Object.entries(CUTS).map(([id, section]) => ({
    id: `chunk/trailer-cut-${id}`,
    source: 'RFC 9112 8',
    send: chunked(`5\r\nhello\r\n0\r\n${section}`),
    ends: 'close' as const,
    expect: CUT_BODY,
  })),
  {
    id: 'chunk/trailer-order-and-case',
    source: SECTION,
    send: withTrailer('b: 1\r\nA: 2\r\nB: 3\r\n'),
    expect: kept([
      ['b', '1'],
      ['A', '2'],
      ['B', '3'],
    ]),
  },
  { id: 'chunk/trailer-ows', source: SECTION, send: withTrailer('A: \t b \t\r\n'), expect: kept([['A', 'b']]) },
  { id: 'chunk/trailer-empty-value', source: SECTION, send: withTrailer('A:\r\n'), expect: kept([['A', '']]) },
  {
    id: 'chunk/trailer-fold',
    source: 'RFC 9112 5.2 (MUST replace by SP)',
    send: withTrailer('A: b\r\n \tc\r\n'),
    expect: kept([['A', 'b c']]),
  },
  {
    id: 'chunk/trailer-announced',
    source: 'RFC 9110 6.6.2',
    send: chunked('5\r\nhello\r\n0\r\nExpires: 0\r\n\r\n', 'Trailer: Expires'),
    expect: kept([['Expires', '0']]),
  },
  {
    id: 'chunk/trailer-forbidden-among-others',
    source: 'RFC 9110 6.5.1; policy: what would change the past is dropped, the rest is kept',
    send: withTrailer('A: 1\r\ntransfer-ENCODING: gzip\r\nHost: x\r\nB: 2\r\n'),
    expect: kept([
      ['A', '1'],
      ['B', '2'],
    ]),
  },
  {
    id: 'chunk/trailer-close-has-no-effect',
    source: 'RFC 9110 6.5.1, 7.6.1 (Connection is no trailer field)',
    send: withTrailer('Connection: close\r\n'),
    expect: { body: 'hello', reusable: null },
  },
  {
    id: 'chunk/trailer-not-in-headers',
    source: 'RFC 9110 6.5.1 (MUST NOT merge)',
    send: withTrailer('A: 2\r\n'),
    expect: { ...kept([['A', '2']]), exactly: [['Transfer-Encoding', 'chunked']] },
  },
  {
    id: 'chunk/trailer-then-next',
    source: 'RFC 9112 9.2',
    send: `${withTrailer('A: b\r\n')}${sized('next')}`,
    expect: kept([['A', 'b']]),
    pipeline: ['GET'],
    next: [{ body: 'next', reusable: true }],
  },
  {
    id: 'chunk/trailer-after-close-delimited-like-error',
    source: SECTION,
    send: message('500 x', ['Transfer-Encoding: chunked'], '0\r\nError: late\r\n\r\n'),
    expect: { status: 500, trailers: [['Error', 'late']], reusable: true },
  },
  { id: 'limit/trailer-65535', source: 'policy: 65,535 bytes', send: withTrailer(long(65_535)), expect: kept([]) },
  { id: 'limit/trailer-65536', source: 'policy: 65,535 bytes', send: withTrailer(long(65_536)), expect: BAD_BODY },
  {
    id: 'limit/trailer-16383-fields',
    source: 'policy: as many fields as a section can hold',
    send: withTrailer('A:\r\n'.repeat(16_383)),
    expect: kept([['A', '']]),
  },
  {
    id: 'limit/trailer-16384-fields',
    source: 'policy: 65,535 bytes',
    send: withTrailer('A:\r\n'.repeat(16_384)),
    expect: BAD_BODY,
  },
];
