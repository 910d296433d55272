/** What is safe on a terminal. It knows no terminal. */

/** Control characters make a terminal do things, marks of direction show what is not there, and separators begin lines. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** One line of `text`, with escapes like \\x1b in place of what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** `text` as a part of a file's name, with `_` in their places. */
export function withoutControls(text: string): string {
  return text.replace(UNSAFE, '_');
}
