/** Responses without a body, whatever their fields say, and their neighbours that have one (RFC 9112 6.3 rules 1, 2, 8). */

import { BAD_BODY, BAD_HEAD, CUT_HEAD, message, type OwnCase, sized } from './own-case.ts';

const RULE_1 = 'RFC 9112 6.3 rule 1';
const RULE_2 = 'RFC 9112 6.3 rule 2';

/** Fields that would mean a body, or an error, elsewhere. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  'cl-2-64': ['Content-Length: 18446744073709551616'],
  'cl-bad': ['Content-Length: nonsense'],
  'cl-unequal': ['Content-Length: 5, 6'],
  'te-unknown': ['Transfer-Encoding: gzip'],
  'te-twice': ['Transfer-Encoding: chunked, chunked'],
  'te-and-cl': ['Transfer-Encoding: chunked', 'Content-Length: 5'],
};

const bodiless: readonly { id: string; method?: string; status: string }[] = [
  { id: 'head', method: 'HEAD', status: '200 OK' },
  { id: 'head-404', method: 'HEAD', status: '404 Not Found' },
  { id: 'head-204', method: 'HEAD', status: '204 No Content' },
  { id: '204', status: '204 No Content' },
  { id: '304', status: '304 Not Modified' },
];

const CONNECTED: Readonly<Record<string, string>> = {
  cl: 'Content-Length: 5',
  te: 'Transfer-Encoding: chunked',
  'cl-bad': 'Content-Length: x',
  'te-unknown': 'Transfer-Encoding: gzip',
  close: 'Connection: close',
};

const NEXT = sized('next');

export const noBodyCases: readonly OwnCase[] = [
  ...bodiless.flatMap(({ id, method, status }) =>
    Object.entries(FIELDS).map(([fields, lines]) => ({
      id: `nobody/${id}-with-${fields}`,
      source: RULE_1,
      ...(method === undefined ? {} : { method }),
      send: message(status, lines),
      // What is wrong with the fields does no harm here; whether it says enough to give the connection up is left open.
      expect: { status: Number(status.slice(0, 3)), reusable: lines.length === 0 ? true : null },
    })),
  ),
  ...['HEAD', 'GET'].map((method) => ({
    id: `nobody/${method.toLowerCase()}-then-next`,
    source: 'RFC 9112 9.2, 6.3 rule 1',
    method,
    send: message(method === 'HEAD' ? '200 OK' : '304 Not Modified', ['Content-Length: 46']) + NEXT,
    expect: { status: method === 'HEAD' ? 200 : 304, reusable: true },
    pipeline: ['GET'],
    next: [{ body: 'next', reusable: true }],
  })),
  ...['head', 'Head', 'HEADS', 'OPTIONS', 'DELETE', 'POST', 'PUT', 'PATCH', 'TRACE', 'PROPFIND', 'connect'].map(
    (method) => ({
      id: `nobody/method-${method === method.toUpperCase() ? method.toLowerCase() : `case-${method}`}`,
      source: 'RFC 9110 9.1 (methods are case-sensitive), RFC 9112 6.3 rule 6',
      method,
      send: sized('hello'),
      expect: { body: 'hello', reusable: true },
    }),
  ),
  ...Object.entries(CONNECTED).map(([id, field]) => ({
    id: `nobody/connect-with-${id}`,
    source: RULE_2,
    method: 'CONNECT',
    send: message('200 Connection established', [field]),
    expect: { reusable: false },
  })),
  ...['201 x', '204 x', '299 x'].map((status) => ({
    id: `nobody/connect-${status.slice(0, 3)}`,
    source: RULE_2,
    method: 'CONNECT',
    send: message(status),
    expect: { status: Number(status.slice(0, 3)), reusable: null },
  })),
  {
    id: 'nobody/connect-bytes-after',
    source: `${RULE_2} (they belong to the tunnel)`,
    method: 'CONNECT',
    send: message('200 OK', [], 'tunnelled'),
    expect: { reusable: false },
  },
  {
    id: 'nobody/connect-407-body',
    source: RULE_2,
    method: 'CONNECT',
    send: message('407 Proxy Authentication Required', ['Content-Length: 2'], 'no'),
    expect: { status: 407, body: 'no', reusable: true },
  },
  {
    id: 'nobody/connect-302-chunked',
    source: RULE_2,
    method: 'CONNECT',
    send: message('302 Found', ['Transfer-Encoding: chunked'], '2\r\nno\r\n0\r\n\r\n'),
    expect: { status: 302, body: 'no', reusable: true },
  },
  {
    id: 'nobody/connect-403-until-close',
    source: 'RFC 9112 6.3 rule 8',
    method: 'CONNECT',
    send: message('403 Forbidden', [], 'no'),
    ends: 'close',
    expect: { status: 403, body: 'no' },
  },
  {
    id: 'nobody/connect-407-bad-length',
    source: 'RFC 9112 6.3 rule 5',
    method: 'CONNECT',
    send: message('407 x', ['Content-Length: -1']),
    expect: BAD_BODY,
  },
  {
    id: 'nobody/connect-099',
    source: 'RFC 9110 15: there are no codes below 100',
    method: 'CONNECT',
    send: message('099 x', ['Content-Length: 2'], 'no'),
    expect: BAD_HEAD,
  },
  {
    id: 'nobody/205-length',
    source: 'RFC 9110 15.3.6; framed like others',
    send: message('205 Reset Content', ['Content-Length: 2'], 'no'),
    expect: { status: 205, body: 'no', reusable: true },
  },
  {
    id: 'nobody/205-cl-zero',
    source: 'RFC 9110 15.3.6',
    send: message('205 Reset Content', ['Content-Length: 0']),
    expect: { status: 205, reusable: true },
  },
  {
    id: 'nobody/205-until-close',
    source: 'RFC 9112 6.3 rule 8',
    send: message('205 Reset Content'),
    ends: 'close',
    expect: { status: 205 },
  },
  {
    id: 'nobody/204-http10',
    source: 'RFC 9112 9.3',
    send: message('HTTP/1.0 204 x'),
    expect: { status: 204 },
  },
  {
    id: 'nobody/304-http10-keep-alive',
    source: 'RFC 9112 9.3',
    send: message('HTTP/1.0 304 x', ['Connection: keep-alive']),
    expect: { status: 304, reusable: null },
  },
  { id: 'nobody/head-http10', source: RULE_1, method: 'HEAD', send: message('HTTP/1.0 200 x'), expect: {} },
  {
    id: 'nobody/head-close',
    source: 'RFC 9112 9.6',
    method: 'HEAD',
    send: message('200 OK', ['Content-Length: 5', 'Connection: close']),
    expect: {},
  },
  {
    id: 'nobody/head-until-close-is-not',
    source: RULE_1,
    method: 'HEAD',
    send: message('200 OK', ['Content-Type: text/plain']),
    expect: { reusable: true },
  },
  ...['X', '\r\n', '\0', 'hello', 'HTTP/1.1 200 OK\r\n\r\n'].map((rest, index) => ({
    id: `nobody/204-leftover-${index + 1}`,
    source: 'RFC 9112 6.3 last paragraph, 9.2',
    send: message('204 No Content') + rest,
    expect: { status: 204, reusable: rest === '\r\n' ? null : false },
  })),
  {
    id: 'nobody/close-delimited-empty',
    source: 'RFC 9112 6.3 rule 8',
    send: message('200 OK'),
    ends: 'close',
    expect: {},
  },
  {
    id: 'nobody/close-delimited-one-byte',
    source: 'RFC 9112 6.3 rule 8',
    send: message('200 OK', [], 'x'),
    ends: 'close',
    expect: { body: 'x' },
  },
  {
    id: 'nobody/close-delimited-65536',
    source: 'RFC 9112 6.3 rule 8; buffer boundary',
    send: message('200 OK', [], 'x'.repeat(65_536)),
    ends: 'close',
    expect: { body: 'x'.repeat(65_536) },
  },
  {
    id: 'nobody/close-delimited-reset',
    source: 'RFC 9112 8 (undici takes this for complete)',
    send: message('200 OK', [], 'hello'),
    ends: 'reset',
    expect: { error: 'ConnectionClosed', when: 'body' },
  },
  {
    id: 'nobody/close-delimited-then-next',
    source: 'RFC 9112 6.3 rule 8',
    send: message('200 OK', [], 'hello'),
    ends: 'close',
    expect: { body: 'hello' },
    pipeline: ['GET'],
    next: [CUT_HEAD],
  },
];
