/** Status lines (RFC 9112 2.2, 2.3, 4; RFC 9110 15): one form, and refusal at the first byte that cannot be right. */

import { BAD_HEAD, CUT_HEAD, message, NO_HTTP, type OwnCase } from './own-case.ts';

const EMPTY = ['Content-Length: 0'];

/** Status line after "HTTP/1.1 ", and what must be read from it. */
const LINES: Readonly<Record<string, readonly [line: string, status: number, reason: string]>> = {
  'no-reason': ['200 ', 200, ''],
  'no-space': ['200', 200, ''],
  'reason-tab': ['200 O\tK', 200, 'O\tK'],
  'reason-obs-text': ['200 \xe9\xff', 200, '\xe9\xff'],
  'reason-utf8': ['200 \xe2\x82\xac', 200, '\xe2\x82\xac'],
  'reason-digits': ['200 404', 200, '404'],
  'reason-version': ['200 HTTP/1.1 500 x', 200, 'HTTP/1.1 500 x'],
  '207': ['207 Multi-Status', 207, 'Multi-Status'],
  '226': ['226 IM Used', 226, 'IM Used'],
  '299': ['299 x', 299, 'x'],
  '300': ['300 x', 300, 'x'],
  '399': ['399 x', 399, 'x'],
  '418': ['418 x', 418, 'x'],
  '426': ['426 x', 426, 'x'],
  '499': ['499 x', 499, 'x'],
  '511': ['511 x', 511, 'x'],
  '599': ['599 x', 599, 'x'],
  '600': ['600 x', 600, 'x'],
  '999': ['999 x', 999, 'x'],
};

const BAD_LINES: Readonly<Record<string, string>> = {
  'code-000': '000 x',
  'code-001': '001 x',
  'code-099': '099 x',
  'code-empty': '',
  'code-1-digit': '2',
  'code-2-digits': '20',
  'code-2-digits-reason': '20 OK',
  'code-5-digits': '20000 x',
  'code-plus': '+20 x',
  'code-minus': '-20 x',
  'code-hex': '0x2 x',
  'code-space-inside': '2 0 x',
  'code-tab-after': '200\tOK',
  'code-vt-after': '200\x0bOK',
  'code-nul-after': '200\x00OK',
  'code-comma': '200,OK',
  'code-colon': '200: OK',
  'code-leading-zero': '0200 OK',
  'reason-del': '200 O\x7fK',
  'reason-esc': '200 O\x1bK',
  'reason-vt': '200 O\x0bK',
  'reason-bare-cr': '200 O\rK',
  'reason-cr-cr': '200 OK\r',
  'reason-cr-at-end': '200 OK\r\rA',
  'reason-lf-inside': '200 O\nK',
  'reason-nul-first': '200 \x00',
};

/** Status lines of a right HTTP name and a version that is wrong from some byte on. */
const BAD_VERSIONS: Readonly<Record<string, string>> = {
  '1.-': 'HTTP/1. 200 OK',
  '1.x': 'HTTP/1.x 200 OK',
  '1.10': 'HTTP/1.10 200 OK',
  '1.1.1': 'HTTP/1.1.1 200 OK',
  '1.1-tab': 'HTTP/1.1\t200 OK',
  '1.1-letter': 'HTTP/1.1a 200 OK',
  '1.1-nbsp': 'HTTP/1.1\xa0200 OK',
  '1.1-vt': 'HTTP/1.1\x0b200 OK',
};

const NO_VERSIONS: Readonly<Record<string, string>> = {
  '0.9': 'HTTP/0.9 200 OK',
  '1-only': 'HTTP/1 200 OK',
  '1-comma': 'HTTP/1,1 200 OK',
  '11.1': 'HTTP/11.1 200 OK',
  '2.0': 'HTTP/2.0 200 OK',
  '3': 'HTTP/3 200 OK',
  'space-after-slash': 'HTTP/ 1.1 200 OK',
};

/** What does not even begin as HTTP. */
const OTHER_PROTOCOLS: Readonly<Record<string, string>> = {
  lower: 'http/1.1 200 OK',
  capital: 'Http/1.1 200 OK',
  'space-before-slash': 'HTTP /1.1 200 OK',
  'space-first': ' HTTP/1.1 200 OK',
  'tab-first': '\tHTTP/1.1 200 OK',
  https: 'HTTPS/1.1 200 OK',
  icy: 'ICY 200 OK',
  'letter-before': 'xHTTP/1.1 200 OK',
  doubled: 'HTTPHTTP/1.1 200 OK',
  'byte-order-mark': '\xef\xbb\xbfHTTP/1.1 200 OK',
  utf16: 'H\x00T\x00T\x00P\x00',
  html: '<html><body>no</body></html>',
  'request-echo': 'GET / HTTP/1.1',
  'http2-preface': 'PRI * HTTP/2.0',
  'ftp-banner': '220 ftp.example ready',
  'field-first': 'Content-Length: 5',
  'status-only': '200 OK',
};

/** Enough to be sure, while the server keeps the connection open: refused without waiting for more. */
const EARLY: Readonly<Record<string, readonly [bytes: string, expect: typeof BAD_HEAD]>> = {
  'one-wrong-byte': ['X', BAD_HEAD],
  'second-byte': ['HX', BAD_HEAD],
  major: ['HTTP/2', NO_HTTP],
  minor: ['HTTP/1.x', BAD_HEAD],
  'after-version': ['HTTP/1.1X', BAD_HEAD],
  code: ['HTTP/1.1 2x', BAD_HEAD],
  'after-code': ['HTTP/1.1 2000', BAD_HEAD],
  reason: ['HTTP/1.1 200 \x01', BAD_HEAD],
  'lf-for-crlf': ['HTTP/1.1 200 OK\n', BAD_HEAD],
  'cr-x': ['HTTP/1.1 200 OK\rX', BAD_HEAD],
  lf: ['\n', BAD_HEAD],
  'cr-x-first': ['\rX', BAD_HEAD],
  'third-empty-line': ['\r\n\r\n\r', BAD_HEAD],
  'field-first-byte': ['HTTP/1.1 200 OK\r\n:', BAD_HEAD],
  'field-space': ['HTTP/1.1 200 OK\r\nA ', BAD_HEAD],
};

export const statusCases: readonly OwnCase[] = [
  ...Object.entries(LINES).map(([id, [line, status, reason]]) => ({
    id: `status/is-${id}`,
    source: status >= 100 && status < 600 ? 'RFC 9112 4, RFC 9110 15' : 'RFC 9110 15 (SHOULD be processed as 5xx)',
    send: message(`HTTP/1.1 ${line}`, ['Content-Length: 2'], 'ok'),
    expect: { status, reason, body: 'ok', reusable: true },
  })),
  ...Object.entries(BAD_LINES).map(([id, line]) => ({
    id: `status/no-${id}`,
    source: 'RFC 9112 4',
    send: message(`HTTP/1.1 ${line}`, EMPTY),
    expect: BAD_HEAD,
  })),
  ...Object.entries(BAD_VERSIONS).map(([id, line]) => ({
    id: `status/version-${id}`,
    source: 'RFC 9112 2.3, 4',
    send: message(line, EMPTY),
    expect: BAD_HEAD,
  })),
  ...Object.entries(NO_VERSIONS).map(([id, line]) => ({
    id: `status/no-http-${id}`,
    source: 'RFC 9112 2.3 (case-sensitive), 4',
    send: `${line}\r\n${EMPTY.join('\r\n')}\r\n\r\n`,
    expect: NO_HTTP,
  })),
  ...Object.entries(OTHER_PROTOCOLS).map(([id, line]) => ({
    id: `status/no-http-${id}`,
    source: 'RFC 9112 2.1, 4',
    send: `${line}\r\n${EMPTY.join('\r\n')}\r\n\r\n`,
    expect: BAD_HEAD,
  })),
  ...Object.entries(EARLY).map(([id, [send, expect]]) => ({
    id: `status/early-${id}`,
    source: 'policy: impossible bytes are refused at once',
    send,
    expect,
  })),
  ...[1, 2].map((lines) => ({
    id: `status/empty-lines-${lines}`,
    source: 'RFC 9112 2.2 (robustness), policy: at most two',
    send: '\r\n'.repeat(lines) + message('200 OK', EMPTY),
    expect: { reusable: true },
  })),
  ...['\r\n\r\n\r\n', '\r', '\n', '\n\r\n', '\r\r\n', '\r\n\n', '\r\n\r'].map((before, index) => ({
    id: `status/no-empty-lines-${index + 1}`,
    source: 'RFC 9112 2.2',
    send: before + message('200 OK', EMPTY),
    expect: BAD_HEAD,
  })),
  ...['\x00', ' \r\n', '\t', '\r\n '].map((before, index) => ({
    id: `status/no-http-before-${index + 1}`,
    source: 'RFC 9112 2.2',
    send: before + message('200 OK', EMPTY),
    expect: BAD_HEAD,
  })),
  ...['\r', '\r\n', '\r\n\r\n', '\r\n\r\nHTTP', 'H', 'HTTP/1.1 200 OK\r'].map((send, index) => ({
    id: `status/cut-${index + 1}`,
    source: 'RFC 9112 8',
    send,
    ends: 'close' as const,
    expect: CUT_HEAD,
  })),
];
