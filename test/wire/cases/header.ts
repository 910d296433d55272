/** Field lines (RFC 9112 5, RFC 9110 5): tokens, values without control bytes, CRLF, and obs-fold where it can do no harm. */

import { BAD_HEAD, CUT_HEAD, message, type OwnCase, sized } from './own-case.ts';

const NAME = 'RFC 9112 5.1, RFC 9110 5.1 (field-name = token)';
const VALUE = 'RFC 9110 5.5';
const FOLD = 'RFC 9112 5.2 (user agent MUST replace obs-fold by SP)';

function hex(code: number): string {
  return code.toString(16).padStart(2, '0');
}

/** Bytes that no token holds, but for those that end a name or a line. */
const NO_NAME_BYTES = [...'\t "(),/;<=>?@[\\]{}\x7f\x80\xa0\xad\xc3\xff\x02\x08\x0b\x0c\x1b\x1f'];
const NO_VALUE_BYTES = [...'\x01\x02\x07\x08\x0b\x0c\x0e\x1b\x1c\x1d\x1e\x1f\x7f'];

/** Field lines, and the one pair that they are. */
const FIELDS: Readonly<Record<string, readonly [lines: string, name: string, value: string]>> = {
  'empty-value': ['A:', 'A', ''],
  'ows-only-value': ['A: \t ', 'A', ''],
  'no-space': ['A:b', 'A', 'b'],
  'tab-before-value': ['A:\tb', 'A', 'b'],
  'tab-inside': ['A: b\tc', 'A', 'b\tc'],
  'spaces-inside': ['A: b  c', 'A', 'b  c'],
  colons: ['A:: b:c', 'A', ': b:c'],
  comma: ['A: b, c', 'A', 'b, c'],
  'quoted-string': ['A: "b, \\"c"', 'A', '"b, \\"c"'],
  'utf8-kept-as-octets': ['A: \xc3\xa9', 'A', '\xc3\xa9'],
  'obs-text-nbsp': ['A: \xa0', 'A', '\xa0'],
  'obs-text-nel': ['A: b\x85C: d', 'A', 'b\x85C: d'],
  'all-tchar': ["!#$%&'*+-.^_`|~09AZaz: b", "!#$%&'*+-.^_`|~09AZaz", 'b'],
  'one-char': ['~: b', '~', 'b'],
  digits: ['42: b', '42', 'b'],
  case: ['X-mIxEd: b', 'X-mIxEd', 'b'],
  fold: ['A: b\r\n c', 'A', 'b c'],
  'fold-tab': ['A: b\r\n\tc', 'A', 'b c'],
  'fold-much-space': ['A: b \t\r\n \t c', 'A', 'b c'],
  'fold-twice': ['A: b\r\n c\r\n d', 'A', 'b c d'],
  'fold-before-value': ['A:\r\n b', 'A', 'b'],
  'fold-empty': ['A: b\r\n ', 'A', 'b'],
  'fold-empty-then-more': ['A: b\r\n \r\n c', 'A', 'b  c'],
  'fold-with-colon': ['A: b\r\n C: d', 'A', 'b C: d'],
  'fold-looks-like-framing': ['A: b\r\n Content-Length: 9', 'A', 'b Content-Length: 9'],
  'fold-looks-like-coding': ['A: b\r\n\tTransfer-Encoding: chunked', 'A', 'b Transfer-Encoding: chunked'],
  'fold-obs-text': ['A: b\r\n \xe9', 'A', 'b \xe9'],
};

/** What stands between the status line and "Content-Length: 0". */
const BAD_SECTIONS: Readonly<Record<string, string>> = {
  'space-before-colon': 'A : b\r\n',
  'spaces-before-colon': 'A  : b\r\n',
  'colon-missing': 'A\r\n',
  'colon-missing-spaced': 'A b c\r\n',
  'space-first': ' A: b\r\n',
  'tab-first': '\tA: b\r\n',
  'space-only-first': ' \r\n',
  'empty-name-after-another': 'A: b\r\n: c\r\n',
  'nul-first-in-value': 'A: \x00b\r\n',
  'nul-middle-in-value': 'A: b\x00c\r\n',
  'cr-cr-lf': 'A: b\r\r\n',
  'cr-at-value-start': 'A: \rb\r\n',
  'cr-in-name': 'A\rB: c\r\n',
  'cr-for-line-end': 'A: b\rB: c\r\n',
  'lf-for-line-end': 'A: b\nB: c\r\n',
  'lf-in-name': 'A\nB: c\r\n',
  'lf-cr': 'A: b\n\rB: c\r\n',
  'cr-space': 'A: b\r c\r\n',
  'lf-fold': 'A: b\n c\r\n',
  'fold-nul': 'A: b\r\n \x00\r\n',
  'fold-bare-cr': 'A: b\r\n c\rd\r\n',
  'fold-bare-lf': 'A: b\r\n c\nd\r\n',
  'fold-after-bad': 'A: b\r\n c\r\nD : e\r\n',
  'status-line-again': 'HTTP/1.1 200 OK\r\n',
  'line-separator-in-name': 'A\xe2\x80\xa8: b\r\n',
  'soft-hyphen-name': 'A\xad: b\r\n',
};

/** How a header section does not end. */
const BAD_ENDS: Readonly<Record<string, string>> = {
  'lf-lf': '\n\n',
  'crlf-lf': '\r\n\n',
  'lf-crlf': '\n\r\n',
  'crlf-cr-cr-lf': '\r\n\r\r\n',
  'crlf-cr-x': '\r\n\rX',
  'cr-cr': '\r\r',
  'crlf-space-crlf': '\r\n \r\n\r\n',
};

export const headerCases: readonly OwnCase[] = [
  ...NO_NAME_BYTES.map((byte) => ({
    id: `header/name-byte-${hex(byte.charCodeAt(0))}`,
    source: NAME,
    send: sized('', `A${byte}B: c`),
    expect: BAD_HEAD,
  })),
  ...NO_VALUE_BYTES.map((byte) => ({
    id: `header/value-byte-${hex(byte.charCodeAt(0))}`,
    source: VALUE,
    send: sized('', `A: b${byte}c`),
    expect: BAD_HEAD,
  })),
  ...Object.entries(FIELDS).map(([id, [line, name, value]]) => ({
    id: `header/is-${id}`,
    source: id.startsWith('fold') ? FOLD : VALUE,
    send: message('200 OK', [line, 'Content-Length: 5'], 'hello'),
    expect: {
      exactly: [[name, value] as const, ['Content-Length', '5'] as const],
      body: 'hello',
      reusable: true,
    },
  })),
  ...Object.entries(BAD_SECTIONS).map(([id, section]) => ({
    id: `header/no-${id}`,
    source: 'RFC 9112 2.2, 5',
    send: `HTTP/1.1 200 OK\r\n${section}Content-Length: 0\r\n\r\n`,
    expect: BAD_HEAD,
  })),
  ...Object.entries(BAD_ENDS).map(([id, end]) => ({
    id: `header/end-${id}`,
    source: 'RFC 9112 2.2, 5',
    // The fold in the last one is of a framing field.
    send: `HTTP/1.1 200 OK\r\nContent-Length: 5${end}hello`,
    expect: BAD_HEAD,
  })),
  ...['A', 'A:', 'A: ', 'A: b\r\n\r', 'A: b\r\n ', 'A: b\r\n c\r\n'].map((section, index) => ({
    id: `header/cut-${index + 1}`,
    source: 'RFC 9112 8',
    send: `HTTP/1.1 200 OK\r\n${section}`,
    ends: 'close' as const,
    expect: CUT_HEAD,
  })),
  {
    id: 'header/none-at-all',
    source: 'RFC 9112 2.1 (*( field-line CRLF ))',
    send: message('204 x'),
    expect: { status: 204, exactly: [], reusable: true },
  },
  {
    id: 'header/order-kept',
    source: 'RFC 9110 5.3',
    send: sized('', 'b: 1', 'A: 2', 'B: 3', 'a: 4'),
    expect: {
      exactly: [
        ['Content-Length', '0'],
        ['b', '1'],
        ['A', '2'],
        ['B', '3'],
        ['a', '4'],
      ],
      reusable: true,
    },
  },
  {
    id: 'header/set-cookie-two',
    source: 'RFC 9110 5.3 (Set-Cookie cannot be joined)',
    send: sized('', 'Set-Cookie: a=1, b', 'set-cookie: c=2'),
    expect: {
      headers: [
        ['Set-Cookie', 'a=1, b'],
        ['set-cookie', 'c=2'],
      ],
      reusable: true,
    },
  },
  {
    id: 'header/bad-field-after-framing',
    source: 'RFC 9112 5 (no field is looked at when one is bad)',
    send: message('200 OK', ['Content-Length: 5', 'A B: c'], 'hello'),
    expect: BAD_HEAD,
  },
  {
    id: 'header/last-field-bad',
    source: NAME,
    send: sized('', 'A: b', 'bad'),
    expect: BAD_HEAD,
  },
  {
    id: 'header/fold-of-connection',
    source: FOLD,
    send: sized('hello', 'Connection: keep-alive,\r\n close'),
    expect: { body: 'hello' },
  },
  {
    id: 'header/fold-before-connection-value',
    source: FOLD,
    send: sized('hello', 'Connection:\r\n\tclose'),
    expect: { body: 'hello' },
  },
];
