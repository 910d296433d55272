/** Transfer-Encoding (RFC 9112 6.1, 6.3 rules 3 and 4, 7): "chunked", once, is understood, and nothing falls back to a length. */

import { BAD_BODY, BAD_HEAD, CUT_HEAD, chunked, message, type OwnCase, UNKNOWN_CODING } from './own-case.ts';

const BODY = '5\r\nhello\r\n0\r\n\r\n';

function coded(...fields: readonly string[]): string {
  return message('200 OK', fields, BODY);
}

const CHUNKED: Readonly<Record<string, string>> = {
  upper: 'CHUNKED',
  tabs: '\tchunked\t',
  'comma-after': 'chunked,',
  'commas-after': 'chunked,,',
  'commas-around': ', ,\tchunked ,\t,',
};

const UNKNOWN: Readonly<Record<string, string>> = {
  identity: 'identity',
  'identity-chunked': 'identity, chunked',
  'chunked-identity': 'chunked, identity',
  'gzip-chunked': 'gzip, chunked',
  'chunked-gzip-chunked': 'chunked, gzip, chunked',
  'x-chunked': 'xchunked',
  'chunked-x': 'chunkedx',
  parameter: 'chunked;q=1',
  'parameter-empty': 'chunked;',
  'semicolon-list': 'gzip; chunked',
  'comma-only': ',',
  'nbsp-after': 'chunked\xa0',
  'nbsp-before': '\xa0chunked',
  nel: 'chunked\x85',
  'single-quotes': "'chunked'",
  colon: ': chunked',
  'kelvin-sign': 'chun\xe2\x84\xaaed',
  'long-s': 'chunked\xc5\xbf',
  'equals-before': '=chunked',
  backslash: 'chunke\\d',
};

const NO_VALUE: Readonly<Record<string, string>> = {
  'vt-before': '\x0bchunked',
  'vt-after': 'chunked\x0b',
  'ff-before': '\x0cchunked',
  del: 'chunked\x7f',
  'cr-before': '\rchunked',
  'cr-after': 'chunked\r',
  'lf-before': '\nchunked',
};

const FOLDS: Readonly<Record<string, string>> = {
  'after-value': ' chunked\r\n ',
  'between-elements': ' gzip,\r\n chunked',
  'inside-name': ' chun\r\n ked',
  tab: '\r\n\tchunked',
};

export const codingCases: readonly OwnCase[] = [
  ...Object.entries(CHUNKED).map(([id, value]) => ({
    id: `te/is-${id}`,
    source: 'RFC 9112 7, RFC 9110 5.6.1.2',
    send: coded(`Transfer-Encoding: ${value}`),
    expect: { body: 'hello', reusable: true },
  })),
  ...Object.entries(UNKNOWN).flatMap(([id, value]) => [
    {
      id: `te/unknown-${id}`,
      source: 'RFC 9112 6.3 rule 4',
      send: coded(`Transfer-Encoding: ${value}`),
      ends: 'close' as const,
      expect: UNKNOWN_CODING,
    },
  ]),
  ...Object.entries(NO_VALUE).map(([id, value]) => ({
    id: `te/bytes-${id}`,
    source: 'RFC 9110 5.5',
    send: coded(`Transfer-Encoding: ${value}`),
    expect: BAD_HEAD,
  })),
  ...Object.entries(FOLDS).map(([id, value]) => ({
    id: `te/fold-${id}`,
    source: 'RFC 9112 5.2; refused in framing fields, since not all agree on what is left',
    send: coded(`Transfer-Encoding:${value}`),
    expect: BAD_HEAD,
  })),
  ...['Transfer-Encoding : chunked', 'Transfer-Encoding\t: chunked', 'Transfer-Encoding chunked'].map(
    (line, index) => ({ id: `te/name-${index + 1}`, source: 'RFC 9112 5.1', send: coded(line), expect: BAD_HEAD }),
  ),
  ...['Transfer_Encoding: chunked', 'X-Transfer-Encoding: chunked', 'TE: chunked', 'Transfer-Encodings: chunked'].map(
    (line, index) => ({
      id: `te/lookalike-${index + 1}`,
      source: 'RFC 9110 5.1',
      send: message('200 OK', [line, 'Content-Length: 5'], 'hello'),
      expect: { body: 'hello', reusable: true },
    }),
  ),
  {
    id: 'te/chunked-twice',
    source: 'RFC 9112 6.1 (MUST NOT apply chunked more than once)',
    send: coded('Transfer-Encoding: chunked, chunked'),
    expect: BAD_BODY,
  },
  {
    id: 'te/chunked-twice-lines',
    source: 'RFC 9112 6.1, RFC 9110 5.3',
    send: coded('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    expect: BAD_BODY,
  },
  {
    id: 'te/chunked-twice-case',
    source: 'RFC 9112 6.1, 7',
    send: coded('Transfer-Encoding: Chunked', 'transfer-encoding: chunked'),
    expect: BAD_BODY,
  },
  {
    id: 'te/second-line-identity',
    source: 'RFC 9110 5.3 (lines are one list)',
    send: coded('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
    ends: 'close',
    expect: UNKNOWN_CODING,
  },
  {
    id: 'te/second-line-empty',
    source: 'RFC 9110 5.6.1.2',
    send: coded('Transfer-Encoding: chunked', 'Transfer-Encoding:'),
    expect: { body: 'hello', reusable: true },
  },
  {
    id: 'te/unknown-no-fallback-to-length',
    source: 'RFC 9112 6.3 rule 3',
    send: message('200 OK', ['Content-Length: 5', 'Transfer-Encoding: identity'], 'hello'),
    ends: 'close',
    expect: UNKNOWN_CODING,
  },
  {
    id: 'te/with-cl-before',
    source: 'RFC 9112 6.3 rule 3',
    send: coded('Content-Length: 15', 'Transfer-Encoding: chunked'),
    expect: { body: 'hello' },
  },
  {
    id: 'te/with-cl-after',
    source: 'RFC 9112 6.3 rule 3',
    send: coded('Transfer-Encoding: chunked', 'Content-Length: 3'),
    expect: { body: 'hello' },
  },
  {
    id: 'te/with-cl-bad',
    source: 'RFC 9112 6.3 rule 3 before rule 5',
    send: coded('Transfer-Encoding: chunked', 'Content-Length: nonsense'),
    expect: { body: 'hello' },
  },
  {
    id: 'te/with-cl-keep-alive',
    source: 'RFC 9112 6.3 rule 3; policy: never reused, whatever Connection says',
    send: coded('Connection: keep-alive', 'Transfer-Encoding: chunked', 'Content-Length: 15'),
    expect: { body: 'hello' },
  },
  {
    id: 'te/with-cl-pipeline',
    source: 'RFC 9112 6.3 rule 3; policy: nothing after it is trusted',
    send: coded('Transfer-Encoding: chunked', 'Content-Length: 15') + message('200 OK', ['Content-Length: 0']),
    expect: { body: 'hello' },
    pipeline: ['GET'],
    next: [CUT_HEAD],
  },
  {
    id: 'te/http10-with-cl',
    source: 'RFC 9112 6.1 (faulty framing even with a Content-Length)',
    send: message('HTTP/1.0 200 OK', ['Transfer-Encoding: chunked', 'Content-Length: 15'], BODY),
    ends: 'close',
    expect: BAD_BODY,
  },
  {
    id: 'te/http10-keep-alive',
    source: 'RFC 9112 6.1',
    send: message('HTTP/1.0 200 OK', ['Connection: keep-alive', 'Transfer-Encoding: chunked'], BODY),
    expect: BAD_BODY,
  },
  {
    id: 'te/http10-identity',
    source: 'RFC 9112 6.1',
    send: message('HTTP/1.0 200 OK', ['Transfer-Encoding: identity'], 'hello'),
    ends: 'close',
    expect: BAD_BODY,
  },
  {
    id: 'te/http10-head-keep-alive',
    source: 'RFC 9112 6.1 (MUST close the connection after processing the message), 6.3 rule 1',
    method: 'HEAD',
    send: message('HTTP/1.0 200 OK', ['Connection: keep-alive', 'Transfer-Encoding: chunked']),
    expect: { reusable: false },
  },
  {
    id: 'te/http12',
    source: 'RFC 9110 2.5, RFC 9112 2.3 (a higher minor version is processed as 1.1)',
    send: message('HTTP/1.2 200 OK', ['Transfer-Encoding: chunked'], BODY),
    expect: { body: 'hello', reusable: true },
  },
  { id: 'te/empty-body', source: 'RFC 9112 7.1', send: chunked('0\r\n\r\n'), expect: { reusable: true } },
  {
    id: 'te/error-status',
    source: 'RFC 9112 6.3',
    send: message('503 x', ['Transfer-Encoding: chunked'], BODY),
    expect: { status: 503, body: 'hello', reusable: true },
  },
];
