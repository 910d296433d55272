/**
 * Decodes the text of a body: the charset from its byte order mark or Content-Type (RFC 9110 8.3.1, Encoding Standard
 * 6). It relies on the charsets that Node knows.
 */

import { TextDecoder } from 'node:util';
import { UnsupportedResponse } from '../errors.ts';
import { parametersOf } from '../http1/grammar.ts';

/**
 * Returns the first charset in Content-Type that Node knows; UTF-8 if there is none. A field that was sent twice names
 * several; the name of a charset contains no comma.
 * @throws UnsupportedResponse if Node knows none of the named charsets
 */
export function charsetOf(contentType: string | undefined): string {
  const named = parametersOf(contentType ?? '', 'charset')
    .map((value) => (value.split(',')[0] ?? '').trim())
    .filter((charset) => charset !== '');
  if (named.length === 0) return 'utf-8';
  const known = named.find(isKnown);
  if (known !== undefined) return known;
  throw new UnsupportedResponse(`the text is in charset ${JSON.stringify(named[0])}, which is not known here`);
}

/** Decodes `bytes` without the byte order mark, which takes precedence over `charset`, as in browsers. */
export function decodedText(bytes: Uint8Array, charset: string): string {
  const decoder = new TextDecoder(markedCharset(bytes) ?? charset);
  // In streaming mode, because Node 20 otherwise decodes 0x80 to 0x9F of windows-1252 wrongly.
  return decoder.decode(bytes, { stream: true }) + decoder.decode();
}

function isKnown(charset: string): boolean {
  try {
    return new TextDecoder(charset) !== undefined;
  } catch {
    return false;
  }
}

function markedCharset([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
}
