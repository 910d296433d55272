/**
 * The grammar of chunk extensions (RFC 9112 7.1.1) as a state machine over bytes. The client skips all extensions, but
 * refuses those that break the grammar. It knows the meaning of none; the decoder counts their bytes.
 *     chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
 */

import { CR, FIELD_BYTE, HTAB, SP, TCHAR } from './grammar.ts';

export type ChunkExtensionState =
  | 'before-semicolon'
  | 'before-name'
  | 'name'
  | 'after-name'
  | 'before-value'
  | 'token-value'
  | 'quoted-value'
  | 'quoted-pair'
  | 'after-value'
  | 'end';

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const DQUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The state after `byte` (`end` on the line's CR); undefined if the grammar does not allow `byte` here. */
export function nextExtensionState(state: ChunkExtensionState, byte: number): ChunkExtensionState | undefined {
  switch (state) {
    case 'before-semicolon':
      return between(state, byte) ?? (byte === SEMICOLON ? 'before-name' : undefined);
    case 'before-name':
      return between(state, byte) ?? (TCHAR[byte] === 1 ? 'name' : undefined);
    case 'name':
      return TCHAR[byte] === 1 ? 'name' : afterName(byte);
    case 'after-name':
      return byte === CR ? undefined : afterName(byte);
    case 'before-value':
      if (byte === DQUOTE) return 'quoted-value';
      return between(state, byte) ?? (TCHAR[byte] === 1 ? 'token-value' : undefined);
    case 'token-value':
      return TCHAR[byte] === 1 ? 'token-value' : afterValue(byte);
    case 'quoted-value':
      if (byte === DQUOTE) return 'after-value';
      if (byte === BACKSLASH) return 'quoted-pair';
      return FIELD_BYTE[byte] === 1 ? 'quoted-value' : undefined;
    case 'quoted-pair':
      return FIELD_BYTE[byte] === 1 ? 'quoted-value' : undefined;
    case 'after-value':
      return afterValue(byte);
    case 'end':
      return undefined;
  }
}

/** BWS ("bad whitespace") between two elements does not change the state. */
function between(state: ChunkExtensionState, byte: number): ChunkExtensionState | undefined {
  return byte === SP || byte === HTAB ? state : undefined;
}

function afterName(byte: number): ChunkExtensionState | undefined {
  if (byte === EQUALS) return 'before-value';
  if (byte === SP || byte === HTAB) return 'after-name';
  return byte === SEMICOLON ? 'before-name' : endOfLine(byte);
}

function afterValue(byte: number): ChunkExtensionState | undefined {
  if (byte === SEMICOLON) return 'before-name';
  return between('before-semicolon', byte) ?? endOfLine(byte);
}

function endOfLine(byte: number): ChunkExtensionState | undefined {
  return byte === CR ? 'end' : undefined;
}
