/**
 * Which charset a body's text is in, by its Content-Type (RFC 9110 8.3.1).
 */

import { TextDecoder } from 'node:util';
import { UnsupportedResponse } from '../errors.ts';
import { parameterOf } from '../http1/grammar.ts';

/** UTF-8 where none is named; a byte order mark is dropped. @throws UnsupportedResponse if Node does not know the charset */
export function textDecoderFor(contentType: string | undefined): TextDecoder {
  const charset = parameterOf(contentType ?? '', 'charset')?.trim() || 'utf-8';
  try {
    return new TextDecoder(charset);
  } catch (cause) {
    throw new UnsupportedResponse(`the text is in charset ${JSON.stringify(charset)}, which is not known here`, {
      cause,
    });
  }
}
