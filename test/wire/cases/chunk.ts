/** The chunked coding (RFC 9112 7.1): sizes, line ends, extensions. Trailers are in trailer.ts. */

import { BAD_BODY, CUT_BODY, chunked, type OwnCase } from './own-case.ts';

/** Chunk-size lines that announce 5 bytes. */
const SIZES: Readonly<Record<string, string>> = {
  plain: '5',
  'zero-before': '05',
  '16-digits': '5'.padStart(16, '0'),
  '17-digits': '5'.padStart(17, '0'),
  '20-digits': '5'.padStart(20, '0'),
};

const NO_SIZES: Readonly<Record<string, string>> = {
  '21-digits': '5'.padStart(21, '0'),
  '70000-digits': '5'.padStart(70_000, '0'),
  '2-53': '20000000000000',
  '2-53-plus-5': '20000000000005',
  '2-63': '8000000000000000',
  '2-64': '10000000000000000',
  '2-64-minus-1': 'FFFFFFFFFFFFFFFF',
  '2-64-plus-5': '10000000000000005',
  '2-76-plus-5': '10000000000000000005',
  plus: '+5',
  minus: '-5',
  'minus-zero': '-0',
  hex: '0x5',
  'hex-upper': '0X5',
  'h-after': '5h',
  letter: 'g',
  'space-after': '5 ',
  'tab-after': '5\t',
  'tab-before': '\t5',
  'vt-after': '5\x0b',
  'ff-before': '\x0c5',
  'nul-after': '5\x00',
  'nul-before': '\x005',
  'nbsp-after': '5\xa0',
  'nbsp-before': '\xa05',
  'underscore-after': '5_',
  dot: '5.0',
  quoted: '"5"',
  'fullwidth-five': '\xef\xbc\x95',
  colon: '5:',
  'field-instead': 'A: b',
  'cr-before': '\r5',
  'space-inside': '0 5',
};

/** Extensions that the grammar allows: skipped (RFC 9112 7.1.1). */
const EXTENSIONS: Readonly<Record<string, string>> = {
  name: ';a',
  value: ';a=b',
  quoted: ';a="b"',
  'quoted-empty': ';a=""',
  'quoted-separators': ';a="x;y,z=1 \t"',
  'quoted-escape': ';a="x\\"y\\\\"',
  'quoted-obs-text': ';a="\xe9\xff"',
  'space-before': ' ;a',
  'bws-everywhere': '\t ; \ta\t =\t b ;c',
  several: ';a;b=c;d="e"',
  'same-name': ';a=1;a=2',
  'all-tchar': ";!#$%&'*+-.^_`|~09AZaz=!#$%&'*+-.^_`|~",
  'looks-like-size': ';5',
  '16384-bytes': `;${'a'.repeat(16_383)}`,
};

const NO_EXTENSIONS: Readonly<Record<string, string>> = {
  'name-missing': ';;a',
  'value-missing': ';a=',
  'value-missing-then-more': ';a=;b',
  'name-missing-value': ';=b',
  'space-in-value': ';a=b c',
  'space-only': ' ',
  'space-then-name': ' a',
  'space-after': ';a ',
  'space-after-value': ';a=b ',
  'space-after-quoted': ';a="b" ',
  'semicolon-last': ';a;',
  'quote-in-name': ';a"b"',
  'quote-open': ';a="b',
  'quote-then-text': ';a="b"c',
  'quote-escape-open': ';a="b\\',
  'equals-twice': ';a==b',
  nul: ';a\x00',
  'nul-quoted': ';a="\x00"',
  del: ';a=\x7f',
  'obs-text-name': ';\xe9',
  'cr-quoted': ';a="\r"',
  'crlf-quoted': ';a="\r\n5"',
  'lf-quoted': ';a="\n"',
  'lf-escaped': ';a="\\\n"',
  'cr-inside': ';a\rb',
  'comma-instead': ',a',
  'slash-value': ';a=/',
  '16385-bytes': `;${'a'.repeat(16_384)}`,
};

/** What follows the five bytes of data, the last chunk included. */
const NO_ENDS: Readonly<Record<string, string>> = {
  'data-lf': '\n0\r\n\r\n',
  'data-nothing': '0\r\n\r\n',
  'data-cr-cr': '\r\r\n0\r\n\r\n',
  'data-lf-cr': '\n\r0\r\n\r\n',
  'data-cr-only': '\r0\r\n\r\n',
  'data-crlf-twice': '\r\n\r\n0\r\n\r\n',
  'data-space': ' \r\n0\r\n\r\n',
  'data-too-long': '!\r\n0\r\n\r\n',
  'data-nul': '\x00\n0\r\n\r\n',
  'last-lf': '\r\n0\n\r\n',
  'last-cr-cr': '\r\n0\r\r\n\r\n',
  'last-space': '\r\n0 \r\n\r\n',
  'final-lf': '\r\n0\r\n\n',
  'final-cr-x': '\r\n0\r\n\rX',
  'final-cr-cr': '\r\n0\r\n\r\r\n',
  'final-space': '\r\n0\r\n \r\n\r\n',
  'last-minus': '\r\n-0\r\n\r\n',
  'last-21-zeros': `\r\n${'0'.repeat(21)}\r\n\r\n`,
};

const ENDS: Readonly<Record<string, string>> = {
  zeros: '\r\n0000\r\n\r\n',
  '20-zeros': `\r\n${'0'.repeat(20)}\r\n\r\n`,
  extension: '\r\n0;a=b\r\n\r\n',
};

/** A body that ends here is not complete (RFC 9112 8). */
const CUTS: Readonly<Record<string, string>> = {
  'in-size': '1',
  'after-size-cr': '5\r',
  'in-extension': '5;a',
  'in-quoted': '5;a="',
  'in-data': '5\r\nhell',
  'before-data-cr': '5\r\nhello',
  'before-data-lf': '5\r\nhello\r',
  'before-last': '5\r\nhello\r\n',
  'in-last': '5\r\nhello\r\n0',
  'after-last-cr': '5\r\nhello\r\n0\r',
  'after-last': '5\r\nhello\r\n0\r\n',
  'in-final': '5\r\nhello\r\n0\r\n\r',
  'in-trailer': '5\r\nhello\r\n0\r\nA: b',
  'after-trailer': '5\r\nhello\r\n0\r\nA: b\r\n',
  'size-2-31': '80000000\r\nhello',
  'size-2-32': '100000000\r\nhello',
  'size-2-53-minus-1': '1FFFFFFFFFFFFF\r\nhello',
};

function chunks(...data: readonly string[]): string {
  return `${data.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join('')}0\r\n\r\n`;
}

function family(
  { prefix, source }: { prefix: string; source: string },
  texts: Readonly<Record<string, string>>,
  make: (text: string) => Pick<OwnCase, 'send' | 'expect' | 'ends'>,
): OwnCase[] {
  return Object.entries(texts).map(([id, text]) => ({ id: `chunk/${prefix}-${id}`, source, ...make(text) }));
}

const hello = { body: 'hello', reusable: true };
const many = Array.from({ length: 2000 }, (_, index) => String.fromCharCode(97 + (index % 26)));

export const chunkCases: readonly OwnCase[] = [
  ...family({ prefix: 'size', source: 'RFC 9112 7.1' }, SIZES, (line) => ({
    send: chunked(`${line}\r\nhello\r\n0\r\n\r\n`),
    expect: hello,
  })),
  ...family(
    { prefix: 'no-size', source: 'RFC 9112 7.1 (1*HEXDIG; MUST prevent overflow and precision loss)' },
    NO_SIZES,
    (line) => ({ send: chunked(`${line}\r\nhello\r\n0\r\n\r\n`), expect: BAD_BODY }),
  ),
  ...family(
    { prefix: 'ext-ok', source: 'RFC 9112 7.1.1 (MUST ignore unrecognized extensions)' },
    EXTENSIONS,
    (text) => ({ send: chunked(`5${text}\r\nhello\r\n0\r\n\r\n`), expect: hello }),
  ),
  ...family({ prefix: 'ext-no', source: 'RFC 9112 7.1.1; policy: 16 KiB per body' }, NO_EXTENSIONS, (text) => ({
    send: chunked(`5${text}\r\nhello\r\n0\r\n\r\n`),
    expect: BAD_BODY,
  })),
  ...family({ prefix: 'no-end', source: 'RFC 9112 7.1 (CRLF)' }, NO_ENDS, (text) => ({
    send: chunked(`5\r\nhello${text}`),
    expect: BAD_BODY,
  })),
  ...family({ prefix: 'end', source: 'RFC 9112 7.1 (1*("0"))' }, ENDS, (text) => ({
    send: chunked(`5\r\nhello${text}`),
    expect: hello,
  })),
  ...family({ prefix: 'cut', source: 'RFC 9112 8' }, CUTS, (text) => ({
    send: chunked(text),
    ends: 'close',
    expect: CUT_BODY,
  })),
  {
    id: 'chunk/cut-reset-in-data',
    source: 'RFC 9112 8',
    send: chunked('5\r\nhell'),
    ends: 'reset',
    expect: CUT_BODY,
  },
  {
    id: 'chunk/size-lf-only',
    source: 'RFC 9112 7.1',
    send: chunked('5\nhello\r\n0\r\n\r\n'),
    expect: BAD_BODY,
  },
  {
    id: 'chunk/size-cr-only',
    source: 'RFC 9112 7.1',
    send: chunked('5\rhello\r\n0\r\n\r\n'),
    expect: BAD_BODY,
  },
  {
    id: 'chunk/size-cr-cr-lf',
    source: 'RFC 9112 7.1',
    send: chunked('5\r\r\nhello\r\n0\r\n\r\n'),
    expect: BAD_BODY,
  },
  {
    id: 'chunk/ext-total-16384',
    source: 'policy: 16 KiB of extensions per body',
    send: chunked(`1;${'a'.repeat(8191)}\r\nx\r\n1;${'b'.repeat(8191)}\r\ny\r\n0\r\n\r\n`),
    expect: { body: 'xy', reusable: true },
  },
  {
    id: 'chunk/ext-total-16385',
    source: 'policy: 16 KiB of extensions per body',
    send: chunked(`1;${'a'.repeat(8191)}\r\nx\r\n1;${'b'.repeat(8191)}\r\ny\r\n0;\r\n\r\n`),
    expect: BAD_BODY,
  },
  {
    id: 'chunk/one-byte-each',
    source: 'RFC 9112 7.1',
    send: chunked(chunks(...many)),
    expect: { body: many.join(''), reusable: true },
  },
  {
    id: 'chunk/all-sizes-to-20',
    source: 'RFC 9112 7.1',
    send: chunked(chunks(...Array.from({ length: 20 }, (_, index) => 'x'.repeat(index + 1)))),
    expect: { body: 'x'.repeat(210), reusable: true },
  },
  {
    id: 'chunk/data-looks-like-chunks',
    source: 'RFC 9112 7.1 (octets are counted, not searched)',
    send: chunked(chunks('0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')),
    expect: { body: '0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', reusable: true },
  },
  {
    id: 'chunk/leftover-byte',
    source: 'RFC 9112 9.2',
    send: chunked('5\r\nhello\r\n0\r\n\r\nX'),
    expect: { body: 'hello', reusable: false },
  },
  {
    id: 'chunk/leftover-chunk',
    source: 'RFC 9112 7.1, 9.2 (nothing follows the last chunk)',
    send: chunked('0\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    expect: { reusable: false },
  },
  {
    id: 'chunk/close',
    source: 'RFC 9112 9.6',
    send: chunked('5\r\nhello\r\n0\r\n\r\n', 'Connection: close'),
    expect: { body: 'hello', reusable: false },
  },
];
