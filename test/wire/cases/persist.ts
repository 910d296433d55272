/** What becomes of the connection after a response (RFC 9112 9.2, 9.3, 9.6): Connection as a list, versions, left-over bytes. */

import { BAD_HEAD, CUT_HEAD, message, type OwnCase, sized } from './own-case.ts';

const SECTION = 'RFC 9112 9.3, 9.6, RFC 9110 7.6.1';

const CLOSING: Readonly<Record<string, readonly string[]>> = {
  plain: ['Connection: close'],
  upper: ['Connection: CLOSE'],
  capital: ['connection: Close'],
  'no-space': ['Connection:close'],
  ows: ['Connection: \tclose\t '],
  'list-last': ['Connection: keep-alive, close'],
  'list-first': ['Connection: close, keep-alive'],
  'list-middle': ['Connection: foo,close,bar'],
  'list-tabs': ['Connection: foo\t,\tclose\t,\tbar'],
  'empty-before': ['Connection: ,close'],
  'second-line': ['Connection: keep-alive', 'Connection: close'],
  'first-line': ['Connection: close', 'Connection: keep-alive'],
  'third-line': ['Connection: a', 'Connection: b', 'CONNECTION: close'],
  twice: ['Connection: close, close'],
};

const OPEN: Readonly<Record<string, readonly string[]>> = {
  empty: ['Connection:'],
  commas: ['Connection: ,,'],
  upgrade: ['Connection: upgrade', 'Upgrade: h2c'],
  'keep-alive-twice': ['Connection: keep-alive, Keep-Alive'],
  'keep-alive-upper': ['Connection: KEEP-ALIVE'],
  closed: ['Connection: closed'],
  'close-prefix': ['Connection: xclose'],
  'close-hyphen': ['Connection: close-'],
  'close-in-other-field': ['X-Connection: close', 'A: close'],
  'proxy-connection': ['Proxy-Connection: close'],
  'keep-alive-field': ['Keep-Alive: timeout=1, max=0'],
  'underscore-field': ['Connection_: close'],
};

const HTTP10: Readonly<Record<string, readonly [fields: readonly string[], reusable: boolean]>> = {
  'keep-alive': [['Connection: keep-alive'], true],
  'keep-alive-case': [['connection: KEEP-alive'], true],
  'keep-alive-second-line': [['Connection: foo', 'Connection: keep-alive'], true],
  'keep-alive-close': [['Connection: keep-alive, close'], false],
  'close-keep-alive': [['Connection: close', 'Connection: keep-alive'], false],
  empty: [['Connection:'], false],
  'other-option': [['Connection: foo'], false],
  'keep-alive-prefix': [['Connection: keep-alived'], false],
  'keep-alive-field-only': [['Keep-Alive: timeout=5'], false],
  'proxy-connection': [['Proxy-Connection: keep-alive'], false],
};

/** Bytes after a complete response: they answer nothing. */
const LEFT_OVER: Readonly<Record<string, string>> = {
  byte: 'X',
  nul: '\0',
  lf: '\n',
  space: ' ',
  cr: '\r',
  'three-empty-lines': '\r\n\r\n\r\n',
  'half-a-response': 'HTTP/1.1 200 OK\r\nContent-Le',
  'interim-response': message('100 Continue'),
  'two-responses': sized('POISON').repeat(2),
  '70000-bytes': 'x'.repeat(70_000),
};

export const persistCases: readonly OwnCase[] = [
  ...Object.entries(CLOSING).map(([id, fields]) => ({
    id: `persist/closing-${id}`,
    source: SECTION,
    send: sized('hello', ...fields),
    expect: { body: 'hello', reusable: false },
  })),
  ...Object.entries(OPEN).map(([id, fields]) => ({
    id: `persist/open-${id}`,
    source: SECTION,
    send: sized('hello', ...fields),
    expect: { body: 'hello', reusable: true },
  })),
  ...Object.entries(HTTP10).map(([id, [fields, reusable]]) => ({
    id: `persist/http10-is-${id}`,
    source: 'RFC 9112 9.3',
    send: message('HTTP/1.0 200 OK', ['Content-Length: 5', ...fields], 'hello'),
    expect: { body: 'hello', reusable },
  })),
  ...Object.entries(LEFT_OVER).map(([id, rest]) => ({
    id: `persist/leftover-of-${id}`,
    source: 'RFC 9112 9.2 (MUST NOT be taken for a response)',
    send: sized('hello') + rest,
    expect: { body: 'hello', reusable: false },
  })),
  ...['Connection : close', 'Connection close', 'Connection\t: keep-alive'].map((field, index) => ({
    id: `persist/name-${index + 1}`,
    source: 'RFC 9112 5.1',
    send: sized('hello', field),
    expect: BAD_HEAD,
  })),
  ...['close', 'Close', 'foo, close', 'close, foo'].map((value, index) => ({
    id: `persist/own-close-${index + 1}`,
    source: 'RFC 9112 9.6 (a client that sends close MUST NOT send more)',
    headers: [['Connection', value] as const],
    send: sized('hello'),
    expect: { body: 'hello', reusable: false },
  })),
  {
    id: 'persist/own-close-no-body',
    source: 'RFC 9112 9.6',
    headers: [['Connection', 'close']],
    send: message('204 x'),
    expect: { status: 204, reusable: false },
  },
  {
    id: 'persist/own-keep-alive',
    source: 'RFC 9112 9.3',
    headers: [['Connection', 'keep-alive']],
    send: sized('hello'),
    expect: { body: 'hello', reusable: true },
  },
  {
    id: 'persist/closing-no-body',
    source: SECTION,
    send: message('200 OK', ['Content-Length: 0', 'Connection: close']),
    expect: {},
  },
  {
    id: 'persist/http12',
    source: 'RFC 9112 9.3 (1.1 or later)',
    send: message('HTTP/1.2 200 OK', ['Content-Length: 5'], 'hello'),
    expect: { body: 'hello', reusable: true },
  },
  {
    id: 'persist/http12-close',
    source: SECTION,
    send: message('HTTP/1.2 200 OK', ['Content-Length: 5', 'Connection: close'], 'hello'),
    expect: { body: 'hello' },
  },
  {
    id: 'persist/http10-until-close-then-next',
    source: 'RFC 9112 6.3 rule 8, 9.3',
    send: message('HTTP/1.0 200 OK', [], 'hello'),
    ends: 'close',
    expect: { body: 'hello' },
    pipeline: ['GET'],
    next: [CUT_HEAD],
  },
  {
    id: 'persist/408-unasked-shape',
    source: 'RFC 9110 15.5.9, 9112 9.6',
    send: message('408 Request Timeout', ['Content-Length: 0', 'Connection: close']),
    expect: { status: 408 },
  },
  {
    id: 'persist/body-error-ends-all',
    source: 'RFC 9112 6.3 rule 5 (MUST close and discard)',
    send: message('200 OK', ['Content-Length: 5, 6'], `hello${sized('next')}`),
    expect: { error: 'InvalidResponse', when: 'body' },
    pipeline: ['GET'],
    next: [CUT_HEAD],
  },
];
