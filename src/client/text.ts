/**
 * Which charset a body's text is in, by its Content-Type (RFC 9110 8.3.1).
 */

import { TextDecoder } from 'node:util';
import { UnsupportedResponse } from '../errors.ts';

/** A parameter: its name, and its value as quoted-string or as it stands (RFC 9110 5.6.6). */
const PARAMETER = /;[\t ]*([^\t ;="]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([^\t ;"]*))/g;

/** UTF-8 where none is named; a byte order mark is dropped. @throws UnsupportedResponse if Node does not know the charset */
export function textDecoderFor(contentType: string | undefined): TextDecoder {
  const charset = charsetOf(contentType ?? '') || 'utf-8';
  try {
    return new TextDecoder(charset);
  } catch (cause) {
    throw new UnsupportedResponse(`the text is in charset ${JSON.stringify(charset)}, which is not known here`, {
      cause,
    });
  }
}

function charsetOf(contentType: string): string {
  for (const [, name, quoted, value = ''] of contentType.matchAll(PARAMETER)) {
    if (name?.toLowerCase() === 'charset') return (quoted?.replace(/\\(.)/g, '$1') ?? value).trim();
  }
  return '';
}
