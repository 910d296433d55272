/** Bounds, met exactly and missed by one byte (policy: limits.ts), and the places where buffers of 64 KiB end. */

import { BAD_HEAD, CUT_HEAD, chunked, message, type OwnCase, sized } from './own-case.ts';

const LINE = 'policy: 65,535 bytes of status line with its CRLF (python-dugong MAX_LINE_SIZE)';
const SECTION = 'policy: 65,535 bytes of header section with its empty line (python-dugong MAX_HEADER_SIZE)';
const EMPTY = 'Content-Length: 0';

/** A response whose status line with CRLF has `length` bytes. */
function statusLine(length: number): string {
  return message(`HTTP/1.1 200 ${'r'.repeat(length - 'HTTP/1.1 200 \r\n'.length)}`, [EMPTY]);
}

/** A response whose header section with its empty line has `length` bytes, most of them in `field` (name and value). */
function section(length: number, field: (length: number) => string): string {
  return message('200 OK', [field(length - `${EMPTY}\r\n\r\n\r\n`.length), EMPTY]);
}

const longValue = (length: number): string => `A: ${'v'.repeat(length - 3)}`;
const longName = (length: number): string => `${'N'.repeat(length - 3)}: v`;
const folds = (length: number): string => `A:${'\r\n '.repeat((length - 2) / 3)}${' '.repeat((length - 2) % 3)}`;

const SECTIONS: Readonly<Record<string, (length: number) => string>> = { value: longValue, name: longName, folds };

/** No line end ever comes; the server keeps the connection open. */
const ENDLESS: Readonly<Record<string, string>> = {
  name: 'N'.repeat(70_000),
  value: `A: ${'v'.repeat(70_000)}`,
  folds: `A:${'\r\n v'.repeat(17_500)}`,
  fields: 'A: b\r\n'.repeat(11_000),
  'empty-fields': 'A:\r\n'.repeat(17_000),
};

export const limitCases: readonly OwnCase[] = [
  { id: 'limit/status-line-65534', source: LINE, send: statusLine(65_534), expect: { reusable: true } },
  { id: 'limit/status-line-65535-exact', source: LINE, send: statusLine(65_535), expect: { reusable: true } },
  { id: 'limit/status-line-65536-exact', source: LINE, send: statusLine(65_536), expect: BAD_HEAD },
  {
    id: 'limit/status-line-with-empty-lines',
    source: `${LINE}; empty lines before it are not of it`,
    send: `\r\n\r\n${statusLine(65_535)}`,
    expect: { reusable: true },
  },
  ...Object.entries(SECTIONS).flatMap(([id, field]) => [
    { id: `limit/section-${id}-65535`, source: SECTION, send: section(65_535, field), expect: { reusable: true } },
    { id: `limit/section-${id}-65536`, source: SECTION, send: section(65_536, field), expect: BAD_HEAD },
  ]),
  ...Object.entries(ENDLESS).map(([id, fields]) => ({
    id: `limit/endless-${id}`,
    source: 'policy: bounded, and refused without waiting',
    send: `HTTP/1.1 200 OK\r\n${fields}`,
    expect: BAD_HEAD,
  })),
  {
    id: 'limit/both-at-once',
    source: `${LINE}; ${SECTION}`,
    send: `${statusLine(65_535).split('\r\n')[0]}\r\n${longValue(65_531)}\r\n\r\n`,
    ends: 'close',
    expect: {},
  },
  ...[12_000, 16_378].map((fields) => ({
    id: `limit/fields-${fields}`,
    source: 'policy: as many fields as a section can hold, in linear time',
    send: sized('hello', ...Array.from({ length: fields }, () => 'A:')),
    expect: { body: 'hello', reusable: true },
  })),
  {
    id: 'limit/fields-16379',
    source: SECTION,
    send: sized('hello', ...Array.from({ length: 16_379 }, () => 'A:')),
    expect: BAD_HEAD,
  },
  {
    id: 'limit/folds-20000',
    source: 'RFC 9112 5.2; in linear time',
    send: sized('hello', `A: b${'\r\n '.repeat(20_000)}`),
    expect: { headers: [['A', `b${' '.repeat(20_000)}`.trimEnd()]], body: 'hello', reusable: true },
  },
  {
    id: 'limit/header-then-close-before-limit',
    source: 'RFC 9112 8',
    send: `HTTP/1.1 200 OK\r\nA: ${'v'.repeat(65_000)}`,
    ends: 'close',
    expect: CUT_HEAD,
  },
  ...[65_535, 65_536, 65_537, 131_072].map((length) => ({
    id: `limit/buffer-body-${length}`,
    source: 'RFC 9112 6; buffer boundary',
    send: sized('b'.repeat(length)),
    expect: { body: 'b'.repeat(length), reusable: true },
  })),
  ...[-1, 0, 1].map((offset) => {
    const head = sized('').length + '65536'.length - 1;
    const body = 'c'.repeat(65_536 - head + offset);
    return {
      id: `limit/buffer-message-65536${offset < 0 ? '-minus-1' : offset > 0 ? '-plus-1' : ''}`,
      source: 'RFC 9112 6; buffer boundary',
      send: sized(body),
      expect: { body, reusable: true },
    };
  }),
  ...[65_470, 65_480, 65_490, 65_500].map((length) => ({
    id: `limit/buffer-chunk-${length}`,
    source: 'RFC 9112 7.1; buffer boundary in and about the line ends of chunks',
    send: chunked(`${length.toString(16)}\r\n${'d'.repeat(length)}\r\n3\r\nend\r\n0\r\nA: b\r\n\r\n`),
    expect: { body: `${'d'.repeat(length)}end`, trailers: [['A', 'b'] as const], reusable: true },
  })),
];
