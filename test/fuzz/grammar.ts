/**
 * What servers send, made from the grammar of RFC 9110 and RFC 9112 production by production, each of which now and then goes
 * astray in a way that has fooled some parser. All is latin1 text. It reads nothing, and judges nothing.
 */

import type { Random } from '../simulation/random.ts';

type Production = (random: Random) => string;

/** Where a production goes astray. */
const ASTRAY = 0.04;

/** Bytes that mean something somewhere. */
export const TOKENS: readonly string[] = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '=',
  '"',
  '\\',
  '0',
  '\x0b',
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
  '-',
  '--',
  'HTTP/1.1 ',
  'HTTP/1.0 ',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 100 x\r\n\r\n',
  'Content-Length: ',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Content-Range: bytes 0-4/5\r\n',
  '0\r\n\r\n',
  '\r\n0\r\n',
  ';a="b"',
  '9007199254740991',
  '9007199254740992',
  'ffffffffffffffff',
  '1fffffffffffff',
  '20000000000000',
  '--b\r\n',
  '--b--',
  '\r\n--b',
];

const TCHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NAMES = [
  'Content-Length',
  'content-length',
  'Transfer-Encoding',
  'transfer-Encoding',
  'Connection',
  'Set-Cookie',
  'Trailer',
  'Upgrade',
  'Content-Type',
  'Content-Range',
  'Keep-Alive',
  'Date',
  'A',
  'X-Content-Length',
  'Content-Lengt',
  'Connectioo',
];
const CODES = ['200', '200', '200', '204', '206', '304', '404', '407', '100', '102', '103', '101', '205', '999', '302'];
const CODINGS = [
  'chunked',
  'chunked',
  'chunked',
  'Chunked',
  'gzip',
  'identity',
  'gzip, chunked',
  'chunked, chunked',
  ', chunked ,',
  '',
];

function repeated(random: Random, least: number, most: number, production: Production): string {
  let text = '';
  for (let left = random.between(least, most); left > 0; left--) text += production(random);
  return text;
}

const any: Production = (random) => String.fromCharCode(random.between(0, 255));
const oddity: Production = (random) => (random.chance(0.5) ? random.pick(TOKENS) : any(random));
const tchar: Production = (random) => random.pick([...TCHARS]);
const ows: Production = (random) => (random.chance(0.7) ? random.pick(['', ' ']) : random.pick(['\t', '  ', ' \t']));
const crlf: Production = (random) => (random.chance(ASTRAY) ? random.pick(['\n', '\r', '\r\r\n', '\n\r', '']) : '\r\n');

function sometimes(random: Random, sound: string): string {
  if (!random.chance(ASTRAY)) return sound;
  const at = random.between(0, sound.length);
  return sound.slice(0, at) + oddity(random) + sound.slice(at + random.between(0, 1));
}

const token: Production = (random) => repeated(random, 1, 6, tchar);
const text: Production = (random) =>
  repeated(random, 0, 12, (r) =>
    r.chance(0.8) ? tchar(r) : String.fromCharCode(r.pick([0x20, 0x09, 0x80, 0xff, 0x3a, 0x2c])),
  );
const data: Production = (random) =>
  random.chance(0.2)
    ? random.pick(TOKENS)
    : repeated(random, 0, random.size(0, 60), (r) => (r.chance(0.9) ? tchar(r) : any(r)));
const extension: Production = (random) => {
  if (random.chance(0.7)) return '';
  const value = random.pick(['', `=${token(random)}`, `="${text(random)}"`, '="\\""', ' = x', '=']);
  return sometimes(random, `${random.pick(['', ' ', '\t'])};${random.pick(['', ' '])}${token(random)}${value}`);
};

/** A chunk, of data that may be its own framing. */
export const chunk: Production = (random) => {
  const content = data(random);
  const length = random.chance(ASTRAY) ? content.length + random.between(-1, 1) : content.length;
  const digits = Math.max(0, length)
    .toString(16)
    .padStart(random.pick([1, 1, 1, 2, 15, 21]), '0');
  return `${sometimes(random, random.chance(0.5) ? digits : digits.toUpperCase())}${extension(random)}${crlf(random)}${content}${crlf(random)}`;
};

/** A field line, among them such as decide framing. */
export const field: Production = (random) => {
  const name = random.chance(0.6) ? random.pick(NAMES) : token(random);
  const value = random.chance(0.1)
    ? `${text(random)}${crlf(random)}${random.pick([' ', '\t', ''])}${text(random)}`
    : text(random);
  return sometimes(random, `${name}:${ows(random)}${valueFor(random, name, value)}${ows(random)}`) + crlf(random);
};

function valueFor(random: Random, name: string, other: string): string {
  switch (name.toLowerCase()) {
    case 'content-length':
      return random.pick(['0', '1', '5', '5, 5', '05', '5,6', '+5', '5 5', '9007199254740991', '9007199254740992', '']);
    case 'transfer-encoding':
      return random.pick(CODINGS);
    case 'connection':
      return random.pick(['close', 'keep-alive', 'Close', 'a, close', 'upgrade', 'keep-alive, a', '']);
    case 'content-range':
      return random.pick(['bytes 0-4/5', 'bytes 0-0/*', 'bytes 5-4/9', 'bytes */5', 'lines 0-1/2']);
    default:
      return other;
  }
}

export const trailers: Production = (random) =>
  `0${extension(random)}${crlf(random)}${repeated(random, 0, 2, field)}${crlf(random)}`;

export const chunkedBody: Production = (random) => repeated(random, 0, 4, chunk) + trailers(random);

const statusLine: Production = (random) => {
  const minor = random.chance(0.85) ? '1' : random.pick(['0', '2', '9']);
  const reason = random.chance(0.9) ? ` ${text(random)}` : '';
  return sometimes(random, `HTTP/1.${minor} ${random.pick(CODES)}${reason}`) + crlf(random);
};

const interim: Production = (random) =>
  `HTTP/1.1 ${random.pick(['100', '102', '103', '199'])} x\r\n${repeated(random, 0, 1, field)}\r\n`;

/** One response with its body, framed in one of the three ways, or in none, or in several. */
export const response: Production = (random) => {
  const before = random.chance(0.15) ? repeated(random, 1, 3, interim) : random.pick(['', '', '', '', '\r\n']);
  const fields = repeated(random, 0, 3, field);
  const head = `${before}${statusLine(random)}${fields}`;
  switch (random.between(0, 4)) {
    case 0:
    case 1: {
      const body = data(random);
      return `${head}${sometimes(random, `Content-Length: ${body.length}`)}${crlf(random)}${crlf(random)}${body}`;
    }
    case 2:
    case 3:
      return `${head}${sometimes(random, 'Transfer-Encoding: chunked')}${crlf(random)}${crlf(random)}${chunkedBody(random)}`;
    default:
      return `${head}${crlf(random)}${random.chance(0.5) ? data(random) : ''}`;
  }
};

/** What a server sends for some requests. */
export const responses: Production = (random) => repeated(random, 1, 3, response);

export const section: Production = (random) => repeated(random, 0, 5, field) + crlf(random);

const rangeOf: Production = (random) => {
  const content = data(random);
  const first = random.size(0, 100);
  const last = first + content.length - 1 + (random.chance(ASTRAY) ? random.between(-1, 1) : 0);
  const range = `Content-Range: bytes ${first}-${last}/${random.pick(['*', String(last + 1), String(last), '1000', '3'])}`;
  return `--b${random.pick(['', '', ' ', '\t '])}${crlf(random)}${repeated(random, 0, 1, field)}${sometimes(random, range)}${crlf(random)}${crlf(random)}${content}${crlf(random)}`;
};

/** A multipart/byteranges body whose boundary is "b" (RFC 9110 14.6). */
export const byteranges: Production = (random) =>
  `${random.pick(['', '', '\r\n', 'x'])}${repeated(random, 0, 3, rangeOf)}--b${random.pick(['--', '--', '--', '', '-'])}${crlf(random)}`;

/** Pieces that fit into anything. */
export const PRODUCTIONS: readonly Production[] = [
  oddity,
  extension,
  chunk,
  field,
  trailers,
  statusLine,
  interim,
  response,
  rangeOf,
  data,
];
