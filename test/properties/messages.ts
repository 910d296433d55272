/**
 * Arbitrary responses, right and wrong: messages made from the grammar, with what they must be read as, and the operators
 * that spoil bytes (those of http-garden). It reads nothing.
 */

import fc from 'fast-check';
import { givenWireCases } from '../support/wire-cases.ts';
import { ownWireCases } from '../wire/cases/index.ts';

/** A response as it stands on the wire, and what it says. */
export interface Sample {
  readonly wire: string;
  readonly method: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** Whether it is complete only with the end of the connection. */
  readonly untilClose: boolean;
}

const TCHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const latin1 = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index));

function text(characters: readonly string[], maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), maxLength });
}

const VISIBLE = [...latin1(0x21, 0x7e), ...latin1(0x80, 0xff)];
const SPACED = [...VISIBLE, ' ', '\t'];

/** A token that names none of the fields that a message is framed by. */
export const fieldName: fc.Arbitrary<string> = fc
  .string({ unit: fc.constantFrom(...TCHARS), minLength: 1, maxLength: 12 })
  .map((name) => (/^(content-length|transfer-encoding|connection|trailer)$/i.test(name) ? `X-${name}` : name));

/** A value without whitespace at its ends. */
export const fieldValue: fc.Arbitrary<string> = text(SPACED, 30).map((value) => value.replace(/^[ \t]+|[ \t]+$/g, ''));

export const fields: fc.Arbitrary<[string, string][]> = fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 6 });

/** Bytes as latin1 text, small ones and such as look like framing. */
export const octets: fc.Arbitrary<string> = fc.oneof(
  text(latin1(0, 255), 60),
  fc.constantFrom('', '\r\n', '0\r\n\r\n', '\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n', '5\r\nhello\r\n'),
  fc.integer({ min: 0, max: 3000 }).map((length) => 'b'.repeat(length)),
);

const ows = fc.constantFrom('', ' ', '\t', '  \t');
const extension = fc.constantFrom('', '', '', ';a', ';a=b', ' ; a = "q\\"\xe9"', ';x;y=z');
const status = fc.oneof(fc.constantFrom(200, 200, 204, 304, 404, 206, 500), fc.integer({ min: 200, max: 999 }));
const interim = fc.constantFrom(
  '',
  '',
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n',
  '\r\n',
);

function lines(pairs: readonly (readonly [string, string])[], spaces: readonly string[]): string {
  return pairs
    .map(([name, value], index) => {
      const before = spaces[index % spaces.length] ?? '';
      return `${name}:${before}${value}${spaces[(index + 1) % spaces.length] ?? ''}\r\n`;
    })
    .join('');
}

interface Chunk {
  readonly data: string;
  readonly extension: string;
  readonly zeros: number;
}

function chunkedBody(chunks: readonly Chunk[], trailers: string): string {
  const full = chunks.filter(({ data }) => data.length > 0);
  const size = ({ data, zeros }: Chunk): string => '0'.repeat(zeros) + data.length.toString(16);
  const parts = full.map((chunk) => `${size(chunk)}${chunk.extension}\r\n${chunk.data}\r\n`);
  return `${parts.join('')}0\r\n${trailers}\r\n`;
}

const chunk = fc.record({ data: octets, extension, zeros: fc.integer({ min: 0, max: 5 }) });

/** A sound response to some method. Nothing in it ends the connection, unless its body ends with it. */
export const sample: fc.Arbitrary<Sample> = fc
  .record({
    interim,
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
    minor: fc.integer({ min: 1, max: 9 }),
    status,
    reason: text(SPACED, 12),
    before: fields,
    after: fields,
    spaces: fc.array(ows, { minLength: 1, maxLength: 5 }),
    framing: fc.constantFrom('length', 'chunked', 'close', 'none'),
    body: octets,
    chunks: fc.array(chunk, { maxLength: 5 }),
    trailers: fc.array(
      fc.tuple(
        fieldName.map((name) => `T-${name}`),
        fieldValue,
      ),
      { maxLength: 3 },
    ),
  })
  .map((parts) => {
    const { method, minor, reason, before, after, spaces, chunks, trailers } = parts;
    const bodiless = method === 'HEAD' || parts.status === 204 || parts.status === 304;
    const framing = parts.framing === 'none' && !bodiless ? 'length' : parts.framing;
    const body = framing === 'chunked' ? chunks.map(({ data }) => data).join('') : parts.body;
    const framed: Readonly<Record<string, [string, string][]>> = {
      length: [['Content-Length', String(body.length)]],
      chunked: [['Transfer-Encoding', 'chunked']],
    };
    const all = [...before, ...(framed[framing] ?? []), ...after];
    const code = String(parts.status).padStart(3, '0');
    const head = `HTTP/1.${minor} ${code} ${reason}\r\n${lines(all, spaces)}\r\n`;
    const content = framing === 'chunked' ? chunkedBody(chunks, lines(trailers, spaces)) : body;
    return {
      wire: parts.interim + head + (bodiless ? '' : content),
      method,
      status: parts.status,
      reason,
      fields: all,
      body: bodiless ? '' : body,
      trailers: framing === 'chunked' && !bodiless ? trailers : [],
      untilClose: framing === 'close' && !bodiless,
    };
  });

/** The agreed and own cases that are not long: good ground to spoil. */
const cases = [...givenWireCases, ...ownWireCases]
  .map((each) => Buffer.from(each.response_base64, 'base64').toString('latin1'))
  .filter((wire) => wire.length < 2000);

const SPECIAL = ['\r', '\n', '\0', ':', ' ', '\t', '\r\n', ';', ',', '0', '\x0b', '\xa0', '"', '\r\n ', '\r\n\r\n'];

/** One operator: what it makes of some bytes. Positions are fractions, so that they fit any length. */
type Mutation = (wire: string) => string;

const position = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const at = (wire: string, where: number): number => Math.floor(where * (wire.length + 1));

function onLines(change: (lines: string[]) => void): Mutation {
  return (wire) => {
    const parts = wire.split('\r\n');
    change(parts);
    return parts.join('\r\n');
  };
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  position.map(
    (where): Mutation =>
      (wire) =>
        wire.slice(0, at(wire, where)) + wire.slice(at(wire, where) + 1),
  ),
  fc.tuple(position, byte).map(([where, inserted]): Mutation => {
    return (wire) => wire.slice(0, at(wire, where)) + inserted + wire.slice(at(wire, where));
  }),
  fc.tuple(position, byte).map(([where, other]): Mutation => {
    return (wire) => wire.slice(0, at(wire, where)) + other + wire.slice(at(wire, where) + 1);
  }),
  fc.tuple(position, fc.constantFrom(...SPECIAL)).map(([where, special]): Mutation => {
    return (wire) => wire.slice(0, at(wire, where)) + special + wire.slice(at(wire, where));
  }),
  position.map((where) =>
    onLines((parts) =>
      parts.splice(Math.floor(where * parts.length), 0, parts[Math.floor(where * parts.length)] ?? ''),
    ),
  ),
  position.map((where) => onLines((parts) => parts.splice(Math.floor(where * parts.length), 1))),
  fc.tuple(position, position).map(([one, other]) =>
    onLines((parts) => {
      const i = Math.floor(one * parts.length);
      const j = Math.floor(other * parts.length);
      [parts[i], parts[j]] = [parts[j] ?? '', parts[i] ?? ''];
    }),
  ),
  position.map(
    (where): Mutation =>
      (wire) =>
        wire.slice(0, at(wire, where)),
  ),
);

/** Responses with up to three faults, and bytes that have nothing to do with HTTP. */
export const spoilt: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: text(latin1(0, 255), 80) },
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.oneof(
          fc.constantFrom(...cases),
          sample.map(({ wire }) => wire),
        ),
        fc.array(mutation, { minLength: 0, maxLength: 3 }),
        fc.constantFrom('', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext'),
      )
      .map(([wire, mutations, more]) => mutations.reduce((bytes, mutate) => mutate(bytes), wire) + more),
  },
);

/** Offsets at which some bytes are cut. */
export const cutting: fc.Arbitrary<number[]> = fc.array(position, { maxLength: 8 });

/** `wire` in pieces, cut at fractions of its length. */
export function pieces(wire: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(wire, 'latin1');
  const offsets = cuts.map((cut) => Math.floor(cut * (bytes.length + 1))).sort((a, b) => a - b);
  return [...offsets, bytes.length].map((end, index) => bytes.subarray(offsets[index - 1] ?? 0, end));
}

/** `wire` one byte at a time. */
export function singly(wire: string): Buffer[] {
  return Array.from(Buffer.from(wire, 'latin1'), (code) => Buffer.from([code]));
}
