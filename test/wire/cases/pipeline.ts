/** Several requests, then their responses (RFC 9112 9.2, 9.3.2): each response is of the oldest request, and a fault ends all. */

import { BAD_BODY, BAD_HEAD, CUT_BODY, CUT_HEAD, chunked, message, NO_HTTP, type OwnCase, sized } from './own-case.ts';

const ORDER = 'RFC 9112 9.2 (in the order of the requests)';
const FAULT = 'RFC 9112 9.2, 8 (what follows a fault is no response)';
const A = sized('a');
const a = { body: 'a', reusable: true };

/** What comes after a complete first response, and what becomes of the second request. */
const SECONDS: Readonly<Record<string, Pick<OwnCase, 'send' | 'ends'> & { next: OwnCase['expect'] }>> = {
  'cut-in-status-line': { send: 'HTTP/1.1 200', ends: 'close', next: CUT_HEAD },
  'cut-in-fields': { send: 'HTTP/1.1 200 OK\r\nContent-', ends: 'close', next: CUT_HEAD },
  'cut-in-body': { send: sized('bb').slice(0, -1), ends: 'close', next: CUT_BODY },
  'reset-in-body': { send: sized('bb').slice(0, -1), ends: 'reset', next: CUT_BODY },
  'cut-in-chunk': { send: chunked('5\r\nhel'), ends: 'close', next: CUT_BODY },
  'only-interim': { send: message('100 Continue'), ends: 'close', next: CUT_HEAD },
  'bad-field': { send: message('200 OK', ['A B: c']), next: BAD_HEAD },
  'bad-length': { send: message('200 OK', ['Content-Length: x']), next: BAD_BODY },
  'bad-chunk': { send: chunked('x\r\n'), next: BAD_BODY },
  'no-http': { send: 'XX', next: BAD_HEAD },
  'http-2': { send: 'HTTP/2 200', next: NO_HTTP },
  '101': { send: message('101 x'), next: NO_HTTP },
  'three-empty-lines': { send: `\r\n\r\n\r\n${sized('bb')}`, next: BAD_HEAD },
  'lf-before': { send: `\n${sized('bb')}`, next: BAD_HEAD },
  'nul-before': { send: `\0${sized('bb')}`, next: BAD_HEAD },
  'space-before': { send: ` ${sized('bb')}`, next: BAD_HEAD },
  'body-too-long': { send: `!${sized('bb')}`, next: BAD_HEAD },
  closing: { send: sized('bb', 'Connection: close'), next: { body: 'bb' } },
  'until-close': { send: message('200 OK', [], 'bb'), ends: 'close', next: { body: 'bb' } },
  'until-reset': { send: message('200 OK', [], 'bb'), ends: 'reset', next: CUT_BODY },
  chunked: {
    send: chunked('2\r\nbb\r\n0\r\nA: b\r\n\r\n'),
    next: { body: 'bb', trailers: [['A', 'b']], reusable: true },
  },
  '204': { send: message('204 x'), next: { status: 204, reusable: true } },
  '304-with-length': { send: message('304 x', ['Content-Length: 9']), next: { status: 304, reusable: true } },
  http10: { send: message('HTTP/1.0 200 OK', ['Content-Length: 2'], 'bb'), next: { body: 'bb' } },
  'and-a-third-unasked': { send: sized('bb') + sized('POISON'), next: { body: 'bb', reusable: false } },
  'and-a-byte': { send: `${sized('bb')}X`, next: { body: 'bb', reusable: false } },
};

/** First responses after which the second one, which is there and sound, must not be read. */
const FIRSTS: Readonly<Record<string, Pick<OwnCase, 'send' | 'expect'>>> = {
  'bad-field': { send: message('200 OK', ['A B: c']), expect: BAD_HEAD },
  'no-http': { send: 'X', expect: BAD_HEAD },
  'bad-length': { send: message('200 OK', ['Content-Length: +1'], 'a'), expect: BAD_BODY },
  'two-lengths': { send: message('200 OK', ['Content-Length: 1', 'Content-Length: 2'], 'a'), expect: BAD_BODY },
  'bad-chunk-end': { send: chunked('1\r\nab\r\n0\r\n\r\n'), expect: BAD_BODY },
  'bad-trailer': { send: chunked('0\r\nbad\r\n\r\n'), expect: BAD_BODY },
  'close-no-body': { send: message('204 x', ['Connection: close']), expect: { status: 204 } },
  http10: { send: message('HTTP/1.0 200 OK', ['Content-Length: 1'], 'a'), expect: { body: 'a' } },
  'te-and-cl': {
    send: message('200 OK', ['Content-Length: 1', 'Transfer-Encoding: chunked'], '1\r\na\r\n0\r\n\r\n'),
    expect: { body: 'a' },
  },
};

export const pipelineCases: readonly OwnCase[] = [
  ...Object.entries(SECONDS).map(([id, { send, next, ...ends }]) => ({
    id: `pipeline/second-is-${id}`,
    source: ORDER,
    send: A + send,
    ...ends,
    expect: ends.ends === 'reset' ? { ...a, reusable: null } : a,
    pipeline: ['GET'],
    next: [next],
  })),
  ...Object.entries(FIRSTS).map(([id, first]) => ({
    id: `pipeline/after-${id}`,
    source: FAULT,
    ...first,
    send: first.send + sized('POISON'),
    pipeline: ['GET'],
    next: [CUT_HEAD],
  })),
  {
    id: 'pipeline/three',
    source: ORDER,
    send: A + sized('bb') + sized('ccc'),
    expect: a,
    pipeline: ['GET', 'GET'],
    next: [
      { body: 'bb', reusable: true },
      { body: 'ccc', reusable: true },
    ],
  },
  {
    id: 'pipeline/ten',
    source: ORDER,
    send: Array.from({ length: 10 }, (_, index) => sized('x'.repeat(index))).join(''),
    expect: { reusable: true },
    pipeline: Array.from({ length: 9 }, () => 'GET'),
    next: Array.from({ length: 9 }, (_, index) => ({ body: 'x'.repeat(index + 1), reusable: true })),
  },
  {
    id: 'pipeline/head-get-head',
    source: ORDER,
    method: 'HEAD',
    send: message('200 OK', ['Content-Length: 3']) + sized('bbb') + message('200 OK', ['Content-Length: 3']),
    expect: { reusable: true },
    pipeline: ['GET', 'HEAD'],
    next: [{ body: 'bbb', reusable: true }, { reusable: true }],
  },
  {
    id: 'pipeline/all-bodiless',
    source: 'RFC 9112 6.3 rule 1',
    send: message('204 x') + message('304 x') + message('204 x'),
    expect: { status: 204, reusable: true },
    pipeline: ['GET', 'GET'],
    next: [
      { status: 304, reusable: true },
      { status: 204, reusable: true },
    ],
  },
  {
    id: 'pipeline/two-empty-lines-between',
    source: 'RFC 9112 2.2; policy: at most two',
    send: `${A}\r\n\r\n${sized('bb')}`,
    expect: a,
    pipeline: ['GET'],
    next: [{ body: 'bb', reusable: true }],
  },
  {
    id: 'pipeline/connect-last',
    source: 'RFC 9112 6.3 rule 2',
    send: `${A}${message('200 x', ['Content-Length: 5'])}tunnel`,
    expect: a,
    pipeline: ['CONNECT'],
    next: [{ reusable: false }],
  },
  {
    id: 'pipeline/connect-last-refused',
    source: 'RFC 9112 6.3 rule 2',
    send: A + message('403 x', ['Content-Length: 2'], 'no'),
    expect: a,
    pipeline: ['CONNECT'],
    next: [{ status: 403, body: 'no', reusable: true }],
  },
  {
    id: 'pipeline/first-closes-before-connect',
    source: 'RFC 9112 9.6',
    send: sized('a', 'Connection: close') + message('200 x'),
    expect: { body: 'a' },
    pipeline: ['CONNECT'],
    next: [CUT_HEAD],
  },
  {
    id: 'pipeline/none-answered',
    source: 'RFC 9112 8',
    send: '',
    ends: 'close',
    expect: CUT_HEAD,
    pipeline: ['GET', 'GET'],
    next: [CUT_HEAD, CUT_HEAD],
  },
  {
    id: 'pipeline/none-answered-reset',
    source: 'RFC 9112 8',
    send: '',
    ends: 'reset',
    expect: CUT_HEAD,
    pipeline: ['GET'],
    next: [CUT_HEAD],
  },
];
