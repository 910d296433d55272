/** Responses that two recipients could cut differently (RFC 9112 11.1, 11.2): there is one way, or none. */

import { BAD_BODY, BAD_HEAD, chunked, message, type OwnCase, sized, UNKNOWN_CODING } from './own-case.ts';

const SOURCE = 'RFC 9112 11.2';
const EVIL = sized('EVIL');

/** Field lines between the status line and a body of "0 CRLF CRLF" and a further response. */
const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  'space-before-colon': ['Content-Length: 50', 'Transfer-Encoding : chunked'],
  'tab-before-colon': ['Content-Length: 50', 'Transfer-Encoding\t: chunked'],
  'bare-lf': ['Content-Length: 50\nTransfer-Encoding: chunked'],
  'bare-cr': ['Content-Length: 50\rTransfer-Encoding: chunked'],
  'nul-name': ['Content-Length: 50', 'Transfer-Encoding\0: chunked'],
  'nul-value': ['Content-Length: 50', 'Transfer-Encoding: \0chunked'],
  'vt-value': ['Content-Length: 50', 'Transfer-Encoding:\x0bchunked'],
  'first-line-space': [' Transfer-Encoding: chunked', 'Content-Length: 50'],
  'folded-coding': ['Content-Length: 50', 'Transfer-Encoding:\r\n chunked'],
  'folded-length': ['Content-Length: 5\r\n 0', 'Transfer-Encoding: chunked'],
  'nbsp-name': ['Content-Length: 50', 'Transfer-Encoding\xa0: chunked'],
  'soft-hyphen-name': ['Content-Length: 50', 'Transfer\xad-Encoding: chunked'],
  'kelvin-name': ['Transfer-Encoding: chunked', 'Content-Length\xe2\x84\xaa: 50'],
  'colon-in-name': ['Content-Length: 50', ':Transfer-Encoding: chunked'],
  'cr-lf-in-reason': ['Content-Length: 50\r', 'Transfer-Encoding: chunked'],
};

/** Codings that a lenient recipient takes for chunked, or overlooks, beside a length. */
const CODINGS: readonly string[] = ['identity', 'chunked, identity', 'x, chunked', 'chunked;', '"chunked"', 'chunke'];

/** Chunk sizes of which a lenient converter reads a part. */
const SIZES: readonly string[] = [
  '0x',
  '0 2e',
  '0;2e\n',
  '0\n2e',
  '0\x0b2e',
  '00000000000000000000000',
  '0.',
  '0g',
  '-0',
];

export const smuggleCases: readonly OwnCase[] = [
  ...Object.entries(HIDDEN).map(([id, fields]) => ({
    id: `smuggle/hidden-${id}`,
    source: SOURCE,
    send: message('200 OK', fields, `0\r\n\r\n${EVIL}`),
    expect: BAD_HEAD,
  })),
  ...CODINGS.map((coding, index) => ({
    id: `smuggle/coding-${index + 1}`,
    source: 'RFC 9112 6.3 rule 4 (no falling back to a length)',
    send: message('200 OK', ['Content-Length: 5', `Transfer-Encoding: ${coding}`], `0\r\n\r\n${EVIL}`),
    expect: UNKNOWN_CODING,
  })),
  ...SIZES.map((size, index) => ({
    id: `smuggle/size-${index + 1}`,
    source: 'RFC 9112 7.1',
    send: chunked(`${size}\r\n\r\n${EVIL}\r\n0\r\n\r\n`),
    expect: BAD_BODY,
  })),
  ...['Content-Length: 0\r\n\r\nHTTP/1.1 200 OK', 'Set-Cookie: a=b'].map((text, index) => ({
    id: `smuggle/split-${index + 1}`,
    source: 'RFC 9112 11.1 (response splitting: what is there is what is read)',
    send: message('200 OK', ['Location: /', text, 'Content-Length: 4'], 'EVIL'),
    expect:
      index === 0
        ? { headers: [['Location', '/'] as const, ['Content-Length', '0'] as const], reusable: false }
        : { body: 'EVIL', reusable: true },
  })),
  {
    id: 'smuggle/trailer-framing-then-next',
    source: 'RFC 9110 6.5.1',
    send: chunked('0\r\nContent-Length: 46\r\n\r\n') + sized('next'),
    expect: { reusable: true },
    pipeline: ['GET'],
    next: [{ body: 'next', reusable: true }],
  },
  {
    id: 'smuggle/head-length-is-no-body',
    source: 'RFC 9112 6.3 rule 1',
    method: 'HEAD',
    send: message('200 OK', [`Content-Length: ${EVIL.length}`]) + EVIL,
    expect: { reusable: false },
  },
  {
    id: 'smuggle/304-length-is-no-body',
    source: 'RFC 9112 6.3 rule 1',
    send: message('304 x', [`Content-Length: ${EVIL.length}`]) + EVIL,
    expect: { status: 304, reusable: false },
  },
  {
    id: 'smuggle/interim-length-is-no-body',
    source: 'RFC 9112 6.3 rule 1',
    send: message('103 x', [`Content-Length: ${EVIL.length}`]) + EVIL,
    expect: { body: 'EVIL', reusable: true },
  },
  {
    id: 'smuggle/body-holds-response',
    source: 'RFC 9112 6.3 rule 6',
    send: sized(EVIL),
    expect: { body: EVIL, reusable: true },
  },
  {
    id: 'smuggle/te-cl-then-next',
    source: 'RFC 9112 6.3 rule 3',
    send: message('200 OK', ['Transfer-Encoding: chunked', 'Content-Length: 5'], `0\r\n\r\n${EVIL}`),
    expect: { reusable: false },
    pipeline: ['GET'],
    next: [{ error: 'ConnectionClosed', when: 'head' }],
  },
];
