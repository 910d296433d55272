/**
 * Reads multipart/byteranges (RFC 9110 14.6): in any cuts the same parts, or the same InvalidResponse; what a second reading finds by
 * regular expressions, and nothing else; no more memory than the fields of a part.
 */

import assert from 'node:assert/strict';
import { ByterangesDecoder, InvalidResponse } from 'dugong/http1';
import { byteranges } from './grammar.ts';
import { cutBySeed, inputOf, partsOf, randomInput, singly, type Target } from './target.ts';

const TYPE = 'multipart/byteranges; boundary=b';

interface Part {
  readonly range: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly content: string;
}

interface Heard {
  /** Those that came in full. */
  readonly parts: Part[];
  readonly ended: boolean;
  readonly error: string | undefined;
}

function read(pieces: readonly Buffer[], partSize: number): Heard {
  const decoder = new ByterangesDecoder(TYPE);
  const parts: Part[] = [];
  const target = Buffer.alloc(partSize);
  const waiting = pieces.slice();
  const bring = (): boolean => {
    const piece = waiting.shift();
    if (piece !== undefined) decoder.push(piece);
    return piece !== undefined;
  };
  try {
    for (;;) {
      const part = decoder.nextPart();
      if (part === null) break;
      if (part === undefined) {
        if (bring()) continue;
        break;
      }
      let content = '';
      for (;;) {
        const count = decoder.read(target, 0, target.length);
        if (count === 0) break;
        if (count !== undefined) content += target.toString('latin1', 0, count);
        else if (!bring()) return { parts, ended: false, error: undefined };
      }
      assert.equal(content.length, part.length);
      parts.push({ range: `${part.first}-${part.last}/${part.size}`, fields: [...part.headers], content });
    }
  } catch (error) {
    if (!(error instanceof InvalidResponse)) throw error;
    return { parts, ended: false, error: error.message };
  }
  return { parts, ended: decoder.ended, error: undefined };
}

const DELIMITER = /\r\n--b[ \t]{0,64}\r\n/y;
const FIELD = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*(?:\r\n[ \t][\t\x20-\x7e\x80-\xff]*)*)\r\n/y;
const RANGE = /^bytes[ \t]+([0-9]+)-([0-9]+)\/([0-9]+|\*)$/i;

/** The parts that are there in full, by a reading of its own. */
function reference(body: string): Part[] {
  const text = `\r\n${body}`;
  const parts: Part[] = [];
  let at = text.indexOf('\r\n--b');
  if (at < 0 || at > 1024) return parts;
  for (;;) {
    DELIMITER.lastIndex = at;
    if (!DELIMITER.test(text)) return parts;
    at = DELIMITER.lastIndex;
    const fields: [string, string][] = [];
    for (;;) {
      FIELD.lastIndex = at;
      const match = FIELD.exec(text);
      if (match === null) break;
      at = FIELD.lastIndex;
      const [, name = '', value = ''] = match;
      // As everywhere else, the fields that frame a message are not folded.
      if (value.includes('\r\n') && /^(?:content-length|transfer-encoding)$/i.test(name)) return parts;
      fields.push([name, value.split('\r\n').map(trimmed).join(' ')]);
    }
    if (text.slice(at, at + 2) !== '\r\n') return parts;
    at += 2;
    const ranges = fields.filter(([name]) => name.toLowerCase() === 'content-range').map(([, value]) => trimmed(value));
    const [, first = '', last = '', size = ''] = RANGE.exec(ranges.join(', ')) ?? [];
    const length = Number(last) - Number(first) + 1;
    const sound = first !== '' && Number(last) < 2 ** 53 && length > 0 && (size === '*' || Number(last) < Number(size));
    if (!sound || text.length - at < length) return parts;
    const shown = size === '*' ? null : Number(size);
    const trimmedFields = fields.map(([name, value]) => [name, trimmed(value)] as const);
    parts.push({
      range: `${Number(first)}-${Number(last)}/${shown}`,
      fields: trimmedFields,
      content: text.slice(at, at + length),
    });
    at += length;
  }
}

function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

export const byterangesTarget: Target = {
  name: 'byteranges',
  seeds: () => [
    inputOf(
      [],
      '--b\r\nContent-Range: bytes 0-4/10\r\n\r\nhello\r\n--b\r\nContent-Range: bytes 6-7/*\r\n\r\nab\r\n--b--\r\n',
    ),
    inputOf([], '\r\n--b \r\nContent-Type: text/plain\r\nContent-Range: bytes 1-1/2\r\n\r\n-\r\n--b--'),
    inputOf([], '--b--'),
  ],
  generate: (random) => randomInput(random, byteranges(random)),
  run(input) {
    const { parameters, bytes } = partsOf(input);
    const seed = parameters[2] * 256 + parameters[3];
    const whole = read([bytes], 4096);
    assert.deepEqual(read(cutBySeed(bytes, seed), 1 + (seed % 7)), whole, 'in other cuts');
    assert.deepEqual(read(singly(bytes), 4096), whole, 'one byte at a time');
    assert.deepEqual(whole.parts, reference(bytes.toString('latin1')), 'the second reading');
  },
};
