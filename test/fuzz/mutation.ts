/**
 * Spoils an input: bytes, lines, ranges of it, what stands in another one, and productions of the grammar. The first bytes are
 * parameters of the target, and changed by themselves.
 */

import type { Random } from '../simulation/random.ts';
import { PRODUCTIONS, TOKENS } from './grammar.ts';

/** Bytes at the beginning of each input that are not what a server sends. */
export const PARAMETERS = 4;
export const LONGEST = 4096;

type Operator = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

const cut = (bytes: Buffer, at: number, length: number, inserted: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + length)]);

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** A range of `bytes`: where it begins, and how long it is. */
function range(bytes: Buffer, random: Random, longest: number = bytes.length): [at: number, length: number] {
  const at = random.between(0, bytes.length);
  return [at, Math.min(bytes.length - at, random.size(0, longest))];
}

function onLines(change: (lines: string[], random: Random) => void): Operator {
  return (bytes, random) => {
    const lines = bytes.toString('latin1').split('\r\n');
    change(lines, random);
    return latin1(lines.join('\r\n'));
  };
}

const OPERATORS: readonly Operator[] = [
  (bytes, random) => cut(bytes, random.between(0, bytes.length), 1, Uint8Array.of(random.between(0, 255))),
  (bytes, random) => {
    const at = random.between(0, bytes.length);
    return cut(bytes, at, 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.between(0, 7))));
  },
  (bytes, random) => cut(bytes, random.between(0, bytes.length), 0, Uint8Array.of(random.between(0, 255))),
  (bytes, random) => cut(bytes, random.between(0, bytes.length), random.between(0, 1), latin1(random.pick(TOKENS))),
  (bytes, random) => cut(bytes, ...range(bytes, random, 64), new Uint8Array()),
  (bytes, random) => bytes.subarray(0, random.between(0, bytes.length)),
  // The same once more, or many times.
  (bytes, random) => {
    const [at, length] = range(bytes, random, 64);
    const part = bytes.subarray(at, at + length);
    return cut(bytes, at, 0, Buffer.concat(Array.from({ length: random.size(1, 400) }, () => part)));
  },
  (bytes, random) => {
    const [at, length] = range(bytes, random);
    return cut(bytes, random.between(0, bytes.length), 0, bytes.subarray(at, at + length));
  },
  (bytes, random, other) => {
    const [at, length] = range(other, random);
    return cut(bytes, ...range(bytes, random), other.subarray(at, at + length));
  },
  (bytes, random, other) =>
    Buffer.concat([
      bytes.subarray(0, random.between(0, bytes.length)),
      other.subarray(random.between(0, other.length)),
    ]),
  (bytes, random) => cut(bytes, ...range(bytes, random, 16), latin1(random.pick(PRODUCTIONS)(random))),
  (bytes, random) => cut(bytes, random.between(0, bytes.length), 0, latin1(random.pick(PRODUCTIONS)(random))),
  onLines((lines, random) => lines.splice(random.between(0, lines.length), 0, random.pick(lines))),
  onLines((lines, random) => lines.splice(random.between(0, lines.length - 1), 1)),
  onLines((lines, random) => {
    const [one, other] = [random.between(0, lines.length - 1), random.between(0, lines.length - 1)];
    [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
  }),
  // Numbers decide most of what is framed.
  (bytes, random) => {
    const numbers = [...bytes.toString('latin1').matchAll(/[0-9]+/g)];
    if (numbers.length === 0) return bytes;
    const { 0: digits, index } = random.pick(numbers);
    const value = BigInt(digits);
    const changed = random.pick([value + 1n, value - 1n, value * 2n, value * 10n, 0n, BigInt(bytes.length)]);
    return cut(bytes, index, digits.length, latin1(String(changed)));
  },
];

/** `input`, changed in one place or in some, perhaps with parts of `other`. */
export function mutated(input: Buffer, other: Buffer, random: Random): Buffer {
  const parameters = Buffer.from(input.subarray(0, PARAMETERS));
  if (random.chance(0.25)) parameters[random.between(0, PARAMETERS - 1)] = random.between(0, 255);
  let bytes = input.subarray(PARAMETERS);
  const tail = other.subarray(PARAMETERS);
  for (let left = random.size(0, 5) + 1; left > 0; left--) bytes = random.pick(OPERATORS)(bytes, random, tail);
  return Buffer.concat([parameters, bytes.subarray(0, LONGEST)]);
}

/** Smaller ones that may fail in the same way, the smallest first. */
export function* smaller(input: Buffer): Generator<Buffer> {
  const { length } = input;
  for (let size = length >> 1; size >= 1; size >>= 1) {
    for (let at = PARAMETERS; at < length; at += size) yield cut(input, at, size, new Uint8Array());
  }
  for (let at = 0; at < PARAMETERS; at++) if (input[at] !== 0) yield cut(input, at, 1, Uint8Array.of(0));
}
