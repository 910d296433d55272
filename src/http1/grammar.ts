/**
 * The ABNF of RFC 9110 and RFC 9112 in one place: byte tables for received octets (RFC 9112 2.2) and predicates over
 * strings for what the client sends. Further functions split lists and parameters, and quote text and bytes for messages.
 * None knows what the text means.
 */

import { printable, withoutUserinfo } from '../inspection.ts';

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;

function byteTable(member: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (member(byte) ? 1 : 0));
}

const TOKEN_TEXT = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** tchar (RFC 9110 5.6.2): 1 for each byte that is allowed in a method or field name. */
export const TCHAR: Uint8Array = byteTable((byte) => TOKEN_TEXT.test(String.fromCharCode(byte)));

/** field-content and OWS (RFC 9110 5.5), also reason-phrase (RFC 9112 4): 1 for HTAB, SP, VCHAR and obs-text. */
export const FIELD_BYTE: Uint8Array = byteTable((byte) => byte === HTAB || (byte >= SP && byte !== 0x7f));

/** HEXDIG (RFC 5234): the value of each hexadecimal digit, 255 for all other bytes. */
export const HEX_VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const text = String.fromCharCode(byte);
  return /^[0-9A-Fa-f]$/.test(text) ? Number.parseInt(text, 16) : 255;
});

/** DIGIT (RFC 5234). */
export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** token (RFC 9110 5.6.2): methods and field names. */
export function isToken(text: string): boolean {
  return TOKEN_TEXT.test(text);
}

const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** field-value (RFC 9110 5.5) without obs-fold, as latin1 text: no control characters, no character above U+00FF. */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

const VISIBLE = /^[\x21\x22\x24-\x7e]+$/;

/** The characters of a request-target (RFC 9112 3.2): visible ASCII without "#", which begins a fragment. */
export function isRequestTarget(text: string): boolean {
  return VISIBLE.test(text);
}

const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]+)?$/;

/**
 * host [ ":" port ] (RFC 9110 7.2) without userinfo. Of reg-name, only the characters of host names and the underscore
 * are accepted.
 */
export function isAuthority(text: string): boolean {
  return AUTHORITY.test(text);
}

/**
 * The elements of a comma-separated list. Empty elements are ignored, as RFC 9110 5.6.1.2 demands. OWS is SP and HTAB
 * only.
 */
export function listElements(value: string): string[] {
  return value
    .split(',')
    .map(trimOWS)
    .filter((element) => element !== '');
}

/** Removes OWS from both ends: SP and HTAB only, fewer characters than `String.prototype.trim` removes. */
export function trimOWS(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOWS(text.charCodeAt(start))) start++;
  while (end > start && isOWS(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** A parameter: its name, and its value as quoted-string or token (RFC 9110 5.6.6). */
const PARAMETER = /;[\t ]*([^\t ;="]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([^\t ;"]*))/g;

/**
 * The value of the first parameter `name` (lower case) of a media type or similar value; undefined if there is none.
 */
export function parameterOf(value: string, name: string): string | undefined {
  return parametersOf(value, name).at(0);
}

/** The values of all parameters `name` (lower case): a list of media types may have several. */
export function parametersOf(value: string, name: string): string[] {
  return [...value.matchAll(PARAMETER)]
    .filter(([, found]) => found?.toLowerCase() === name)
    .map(([, , quotedValue, plainValue = '']) => quotedValue?.replace(/\\(.)/g, '$1') ?? plainValue);
}

function isOWS(code: number): boolean {
  return code === SP || code === HTAB;
}

/** Quotes `text` for a message: JSON escapes, at most 60 characters, without the credentials of a URL. */
export function quoted(text: string): string {
  const shown = withoutUserinfo(text);
  return printable(JSON.stringify(shown.length > 60 ? `${shown.slice(0, 57)}...` : shown));
}

/** Quotes a byte for a message; "nothing" for undefined. */
export function quotedByte(byte: number | undefined): string {
  if (byte === undefined) return 'nothing';
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `0x${byte.toString(16).padStart(2, '0')}`;
}
