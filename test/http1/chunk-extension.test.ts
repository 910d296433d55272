import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChunkExtensionState, nextExtensionState } from '../../src/http1/chunk-extension.ts';

/** What the bytes after a chunk size, up to the line's CR, come to. */
function verdict(text: string): 'accepted' | 'refused' {
  let state: ChunkExtensionState = 'before-semicolon';
  for (const byte of Buffer.from(`${text}\r`, 'latin1')) {
    const next = nextExtensionState(state, byte);
    if (next === undefined) return 'refused';
    state = next;
  }
  return state === 'end' ? 'accepted' : 'refused';
}

test('extensions are names, with or without values, behind semicolons [RFC 9112 7.1.1]', () => {
  const accepted = [
    ';name=value',
    ';a',
    ';a=b',
    ';a;b=c;d',
    ' ;a',
    '\t; a = b ; c',
    ';a ;b',
    ';a="b c;=\\"\\\\"',
    ';a="" ;b',
    ';a=b ;c=d',
  ];
  for (const text of accepted) assert.equal(verdict(text), 'accepted', text);
});

test('anything else is refused at its first wrong byte', () => {
  const refused = [
    '',
    ' ',
    ';',
    ';;a',
    ';=b',
    ';a=',
    ';a= ',
    ';a=;b',
    ';a=b c',
    ';a b',
    ';a=b"',
    ';a="b',
    ';a="b"c',
    ';a ',
    'a',
  ];
  for (const text of refused) assert.equal(verdict(text), 'refused', text);
  for (const text of [';a\x01', ';a\nb', ';a="\x01"', ';a="\\\x01"', ';a=(b)', ';\x80'])
    assert.equal(verdict(text), 'refused');
});

test('nothing comes after the end', () => {
  assert.equal(nextExtensionState('end', 0x3b), undefined);
});
