/** Informational responses (RFC 9110 15.2): any number up to a bound in bytes, and never with a body. */

import { BAD_HEAD, CUT_HEAD, message, NO_HTTP, type OwnCase, sized } from './own-case.ts';

const SECTION = 'RFC 9110 15.2 (MUST parse one or more 1xx)';
const CONTINUE = message('100 Continue');
const HELLO = sized('hello');
const hello = { body: 'hello', reusable: true };

/** One informational response of `bytes` bytes. */
function hint(bytes: number): string {
  return message('103', [`A: ${'x'.repeat(bytes - message('103', ['A: ']).length)}`]);
}

/** Informational responses of `bytes` bytes in all. */
function interim(bytes: number): string {
  const each = Math.floor(bytes / 16);
  return hint(each).repeat(15) + hint(bytes - 15 * each);
}

const SKIPPED: Readonly<Record<string, string>> = {
  '100': CONTINUE,
  '100-twice': CONTINUE + CONTINUE,
  '102': message('102 Processing'),
  '103-fields': message('103 Early Hints', ['Link: </a>; rel=preload', 'Link: </b>']),
  '104-unknown': message('104 x'),
  '199': message('199 Misc'),
  '100-without-space': message('100'),
  '103-then-100': message('103 x') + CONTINUE,
  '100-bad-length': message('100 Continue', ['Content-Length: nonsense']),
  '100-te-unknown': message('100 Continue', ['Transfer-Encoding: gzip']),
  '100-http10': message('HTTP/1.0 100 Continue'),
  '100-http12': message('HTTP/1.2 100 Continue'),
  '100-after-empty-line': `\r\n${CONTINUE}`,
  '100-before-empty-line': `${CONTINUE}\r\n`,
  '100-folded-field': message('100 Continue', ['A: b\r\n c']),
  '4096-of-them': message('100').repeat(4096),
  '65536-bytes': interim(65_536),
};

const REFUSED: Readonly<Record<string, string>> = {
  '65537-bytes': interim(65_537),
  '4097-of-them': message('100').repeat(4097),
  'bad-name': message('100 Continue', ['A B: c']),
  'bad-value': message('100 Continue', ['A: b\0']),
  'bare-lf': 'HTTP/1.1 100 Continue\n\r\n',
  'no-empty-line': 'HTTP/1.1 100 Continue\r\n',
  'three-empty-lines': `${CONTINUE}\r\n\r\n\r\n`,
};

export const interimCases: readonly OwnCase[] = [
  ...Object.entries(SKIPPED).map(([id, before]) => ({
    id: `interim/skip-${id}`,
    source: SECTION,
    send: before + HELLO,
    expect: hello,
  })),
  ...Object.entries(REFUSED).map(([id, before]) => ({
    id: `interim/no-${id}`,
    source: 'RFC 9112 4, 5; policy: 64 KiB of 1xx',
    send: before + HELLO,
    expect: BAD_HEAD,
  })),
  {
    id: 'interim/100-body-is-no-body',
    source: 'RFC 9112 6.3 rule 1',
    send: message('100 Continue', ['Content-Length: 5'], 'hello') + HELLO,
    expect: BAD_HEAD,
  },
  {
    id: 'interim/101-after-100',
    source: 'RFC 9110 7.8',
    send: CONTINUE + message('101 Switching Protocols', ['Upgrade: h2c']),
    expect: NO_HTTP,
  },
  { id: 'interim/101-bare', source: 'RFC 9110 7.8', send: message('101'), expect: NO_HTTP },
  {
    id: 'interim/101-to-connect',
    source: 'RFC 9110 7.8',
    method: 'CONNECT',
    send: message('101 x'),
    expect: NO_HTTP,
  },
  { id: 'interim/only-then-close', source: 'RFC 9112 8', send: CONTINUE, ends: 'close', expect: CUT_HEAD },
  { id: 'interim/only-then-reset', source: 'RFC 9112 8', send: CONTINUE, ends: 'reset', expect: CUT_HEAD },
  {
    id: 'interim/cut-inside',
    source: 'RFC 9112 8',
    send: CONTINUE.slice(0, -2),
    ends: 'close',
    expect: CUT_HEAD,
  },
  {
    id: 'interim/head',
    source: SECTION,
    method: 'HEAD',
    send: CONTINUE + message('200 OK', ['Content-Length: 5']),
    expect: { reusable: true },
  },
  {
    id: 'interim/then-204',
    source: SECTION,
    send: CONTINUE + message('204 x'),
    expect: { status: 204, reusable: true },
  },
  {
    id: 'interim/connect',
    source: SECTION,
    method: 'CONNECT',
    send: CONTINUE + message('200 x'),
    expect: { reusable: false },
  },
  {
    id: 'interim/connect-refused',
    source: SECTION,
    method: 'CONNECT',
    send: message('102 x') + message('407 x', ['Content-Length: 0']),
    expect: { status: 407, reusable: true },
  },
  {
    id: 'interim/after-final',
    source: 'RFC 9112 9.2 (answers no request)',
    send: HELLO + CONTINUE,
    expect: { body: 'hello', reusable: false },
  },
  {
    id: 'interim/between-pipelined',
    source: 'RFC 9112 9.2, 9110 15.2',
    send: CONTINUE + sized('a') + message('103 x') + CONTINUE + sized('bb'),
    expect: { body: 'a', reusable: true },
    pipeline: ['GET'],
    next: [{ body: 'bb', reusable: true }],
  },
  {
    id: 'interim/budget-is-per-response',
    source: 'policy: 64 KiB of 1xx before one final response',
    send: interim(40_960) + sized('a') + interim(40_960) + sized('bb'),
    expect: { body: 'a', reusable: true },
    pipeline: ['GET'],
    next: [{ body: 'bb', reusable: true }],
  },
  {
    id: 'interim/final-status-099-is-none',
    source: 'RFC 9110 15: there are no codes below 100',
    send: message('099 x', ['Content-Length: 5'], 'hello'),
    expect: BAD_HEAD,
  },
];
