/** What is safe on a terminal. It knows no terminal. */

/** Control characters make a terminal do things, and marks of direction show what is not there. */
const UNSAFE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** One line of `text`, with escapes like \\x1b in place of what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** `text` as a part of a file's name, with `_` in their places. */
export function withoutControls(text: string): string {
  return text.replace(UNSAFE, '_');
}
