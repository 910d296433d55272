/** What is fuzzed: a function of bytes that throws if anything is wrong with what was made of them. */

import type { Random } from '../simulation/random.ts';
import { PARAMETERS } from './mutation.ts';

export interface Target {
  readonly name: string;
  /** What to begin with, parameters included. */
  seeds(): Buffer[];
  /** A new one by the grammar, parameters included. */
  generate(random: Random): Buffer;
  /** @throws if the library does with `input` what it must not do */
  run(input: Buffer): void;
}

/** An input, taken apart. */
export interface Parts {
  readonly parameters: readonly [number, number, number, number];
  readonly bytes: Buffer;
}

export function partsOf(input: Buffer): Parts {
  const [a = 0, b = 0, c = 0, d = 0] = input;
  return { parameters: [a, b, c, d], bytes: input.subarray(PARAMETERS) };
}

export function inputOf(parameters: readonly number[], text: string): Buffer {
  const bytes = Buffer.alloc(PARAMETERS + text.length);
  bytes.set(parameters.slice(0, PARAMETERS));
  bytes.write(text, PARAMETERS, 'latin1');
  return bytes;
}

export function randomInput(random: Random, text: string): Buffer {
  const parameters = Array.from({ length: PARAMETERS }, () => random.between(0, 255));
  return inputOf(parameters, text);
}

/** `bytes` in up to nine pieces, cut where `seed` says. */
export function cutBySeed(bytes: Buffer, seed: number): Buffer[] {
  const cuts: number[] = [];
  let state = seed + 1;
  for (let left = seed % 8; left >= 0; left--) {
    state = (Math.imul(state, 0x41c64e6d) + 12_345) >>> 0;
    cuts.push((state >>> 8) % (bytes.length + 1));
  }
  cuts.sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end));
}

/** One byte at a time. */
export function singly(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}
