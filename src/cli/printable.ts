/**
 * Makes text safe for a terminal. It does no output.
 */

/** Control characters command a terminal, bidirectional controls disguise text, and separators begin lines. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** `text` on one line, with escapes like \\x1b for unsafe characters. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** `text` for a file name, with `_` for unsafe characters. */
export function withoutControls(text: string): string {
  return text.replace(UNSAFE, '_');
}

/** JSON on one line that is safe for a terminal. Characters that are not ASCII are inside of its strings. */
export function printableJSON(value: object): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
