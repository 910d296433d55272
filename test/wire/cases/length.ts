/** Content-Length (RFC 9110 8.6, RFC 9112 6.3 rules 5 and 6): what is a length, and what must not be taken for one. */

import { BAD_BODY, BAD_HEAD, CUT_BODY, message, type OwnCase, sized } from './own-case.ts';

const SOURCE = 'RFC 9110 8.6 (1*DIGIT), RFC 9112 6.3 rule 5';

function withFields(...fields: readonly string[]): string {
  return message('200 OK', fields, 'hello');
}

/** Name of the case and the field's value: no number of digits, whatever a lenient converter makes of it. */
const NO_LENGTH: Readonly<Record<string, string>> = {
  minus: '-5',
  'minus-zero': '-0',
  'plus-zero': '+0',
  hex: '0x5',
  octal: '0o5',
  binary: '0b101',
  'hex-digits': 'A',
  underscore: '0_5',
  'nbsp-before': '\xa05',
  'nbsp-after': '5\xa0',
  nel: '5\x85',
  'space-inside': '0 5',
  'tab-inside': '0\t5',
  'comma-after': '5,',
  'comma-before': ',5',
  'comma-only': ',',
  unit: '5 bytes',
  letters: 'five',
  quoted: '"5"',
  dot: '5.',
  'dot-before': '.5',
  bigint: '5n',
  'semicolon-after': '5;',
  nan: 'NaN',
  infinity: 'Infinity',
  null: 'null',
  'superscript-two': '\xb2',
  'fullwidth-five': '\xef\xbc\x95',
  'zero-width-space': '5\xe2\x80\x8b',
  'byte-order-mark': '\xef\xbb\xbf5',
  'percent-encoded': '%35',
  'list-unequal': '5, 6',
  'list-unequal-reversed': '6, 5',
  'list-third-unequal': '5, 5, 6',
  'list-with-sign': '5, +5',
  'list-other-spelling': '05, 5',
  'list-semicolons': '5; 5',
  'list-spaces': '5 5',
};

/** Bytes that no field value may hold: refused before it is read as a number. */
const NO_VALUE: Readonly<Record<string, string>> = {
  'vt-before': '\x0b5',
  'vt-after': '5\x0b',
  'ff-before': '\x0c5',
  'ff-after': '5\x0c',
  nul: '5\x00',
  del: '5\x7f',
  'unit-separator': '\x1f5',
  'bare-cr': '5\r6',
  'cr-cr': '5\r',
  'bare-lf': '5\n6',
};

/** Value and body: lengths like any other. */
const LENGTHS: Readonly<Record<string, readonly string[]>> = {
  'no-space': ['Content-Length:5'],
  tabs: ['Content-Length:\t\t5\t\t'],
  'name-lower': ['content-length: 5'],
  'name-upper': ['CONTENT-LENGTH: 5'],
  'zeros-22-digits': [`Content-Length: ${'5'.padStart(22, '0')}`],
  'zeros-400-digits': [`Content-Length: ${'5'.padStart(400, '0')}`],
  'list-three': ['Content-Length: 5,5 ,\t5'],
  'lines-equal': ['Content-Length: 5', 'A: b', 'Content-Length: 5'],
  'lines-equal-case': ['Content-Length: 5', 'cONTENT-lENGTH:   5'],
  'lines-and-list': ['Content-Length: 5', 'Content-Length: 5, 5'],
  'lookalike-prefix': ['X-Content-Length: 9', 'Content-Length: 5'],
  'lookalike-suffix': ['Content-Length-X: 9', 'Content-Length: 5'],
  'lookalike-underscore': ['Content_Length: 9', 'Content-Length: 5'],
  'lookalike-plural': ['Content-Lengths: 9', 'Content-Length: 5'],
};

/** Above 2^53 - 1 no number of JavaScript is exact. */
const TOO_LARGE: Readonly<Record<string, bigint>> = {
  '2-53': 2n ** 53n,
  '2-53-plus-1': 2n ** 53n + 1n,
  '2-53-plus-5': 2n ** 53n + 5n,
  '2-63': 2n ** 63n,
  '2-64': 2n ** 64n,
  '2-64-plus-5': 2n ** 64n + 5n,
  '2-128-plus-5': 2n ** 128n + 5n,
};

/** These are exact; no server will send so much, but one may say so. */
const LARGE: Readonly<Record<string, bigint>> = {
  '2-31': 2n ** 31n,
  '2-32': 2n ** 32n,
  '2-32-plus-5': 2n ** 32n + 5n,
  '2-53-minus-1': 2n ** 53n - 1n,
};

export const lengthCases: readonly OwnCase[] = [
  ...Object.entries(NO_LENGTH).map(([id, value]) => ({
    id: `cl/no-${id}`,
    source: SOURCE,
    send: withFields(`Content-Length: ${value}`),
    expect: BAD_BODY,
  })),
  ...Object.entries(NO_VALUE).map(([id, value]) => ({
    id: `cl/bytes-${id}`,
    source: 'RFC 9110 5.5',
    send: withFields(`Content-Length: ${value}`),
    expect: BAD_HEAD,
  })),
  ...Object.entries(LENGTHS).map(([id, fields]) => ({
    id: `cl/is-${id}`,
    source: 'RFC 9110 8.6',
    send: withFields(...fields),
    expect: { body: 'hello', reusable: true },
  })),
  ...Object.entries(TOO_LARGE).map(([id, value]) => ({
    id: `cl/large-${id}`,
    source: 'RFC 9110 8.6 (MUST anticipate large numerals and prevent precision loss)',
    send: withFields(`Content-Length: ${value}`),
    ends: 'close' as const,
    expect: BAD_BODY,
  })),
  ...Object.entries(LARGE).map(([id, value]) => ({
    id: `cl/large-${id}`,
    source: 'RFC 9112 6.3 rule 6, 8',
    send: withFields(`Content-Length: ${value}`),
    ends: 'close' as const,
    expect: CUT_BODY,
  })),
  ...['\r\n 5', ' 5\r\n ', ' 5\r\n ,5', ' 5,\r\n\t5', ' 1\r\n 0', '\r\n \r\n 5'].map((value, index) => ({
    id: `cl/fold-${index + 1}`,
    source: 'RFC 9112 5.2; refused in framing fields, since not all agree on what is left',
    send: withFields(`Content-Length:${value}`),
    expect: BAD_HEAD,
  })),
  ...['Content-Length : 5', 'Content-Length\t: 5', 'Content-Length 5', 'Content-Length=5', 'Content Length: 5'].map(
    (line, index) => ({
      id: `cl/name-${index + 1}`,
      source: 'RFC 9112 5.1',
      send: withFields(line),
      expect: BAD_HEAD,
    }),
  ),
  {
    id: 'cl/lines-unequal-third',
    source: SOURCE,
    send: withFields('Content-Length: 5', 'Content-Length: 5', 'Content-Length: 4'),
    expect: BAD_BODY,
  },
  {
    id: 'cl/lines-one-empty',
    source: SOURCE,
    send: withFields('Content-Length: 5', 'Content-Length:'),
    expect: BAD_BODY,
  },
  {
    id: 'cl/lines-one-bad',
    source: SOURCE,
    send: withFields('Content-Length: 5', 'Content-Length: x'),
    expect: BAD_BODY,
  },
  {
    id: 'cl/lines-many-equal',
    source: SOURCE,
    send: withFields(...Array.from({ length: 100 }, () => 'Content-Length: 5')),
    expect: { body: 'hello', reusable: true },
  },
  { id: 'cl/zero-list', source: SOURCE, send: message('200 OK', ['Content-Length: 0, 0']), expect: { reusable: true } },
  { id: 'cl/zeros', source: SOURCE, send: message('200 OK', ['Content-Length: 0000']), expect: { reusable: true } },
  { id: 'cl/zero-unequal', source: SOURCE, send: message('200 OK', ['Content-Length: 0, 5']), expect: BAD_BODY },
  {
    id: 'cl/error-status-body',
    source: SOURCE,
    send: message('404 x', ['Content-Length: 2'], 'no'),
    expect: { status: 404, body: 'no', reusable: true },
  },
  {
    id: 'cl/one-byte-missing',
    source: 'RFC 9112 8',
    send: sized('hello').slice(0, -1),
    ends: 'close',
    expect: CUT_BODY,
  },
  {
    id: 'cl/one-byte-missing-reset',
    source: 'RFC 9112 8',
    send: sized('hello').slice(0, -1),
    ends: 'reset',
    expect: CUT_BODY,
  },
  {
    id: 'cl/body-of-crlf',
    source: 'RFC 9112 6',
    send: sized('\r\n\r\n'),
    expect: { body: '\r\n\r\n', reusable: true },
  },
  { id: 'cl/body-of-nul', source: 'RFC 9112 6', send: sized('\0\0\0'), expect: { body: '\0\0\0', reusable: true } },
];
