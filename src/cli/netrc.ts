/**
 * Reads the text of a .netrc file as curl does. It opens no files.
 */

/** Credentials; empty where the file has none. */
export interface Credentials {
  readonly login: string;
  readonly password: string;
}

interface Entry {
  /** In lower case; undefined for `default`. */
  readonly machine: string | undefined;
  login: string;
  password: string;
}

/** The entries of a .netrc file. */
export class Netrc {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** The credentials for a host, as `hostname` of a URL. The first entry counts, or the first with `login`. */
  for(hostname: string, login?: string): Credentials | undefined {
    const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
    const found = this.#entries.find(
      (entry) =>
        (entry.machine === undefined || entry.machine === host) && (login === undefined || entry.login === login),
    );
    return found && { login: found.login, password: found.password };
  }
}

/** A comment, a quoted token, or a token. A comment begins where a token could. */
const TOKEN = /#.*|"((?:[^"\\]|\\.)*)("?)|(\S+)/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Parses a .netrc file. @throws Error if a quoted token has no end */
export function parseNetrc(text: string): Netrc {
  const entries: Entry[] = [];
  const tokens = tokensOf(text).values();
  for (const token of tokens) {
    const entry = entries.at(-1);
    switch (token.toLowerCase()) {
      case 'machine':
        entries.push({ machine: next(tokens).toLowerCase(), login: '', password: '' });
        break;
      case 'default':
        entries.push({ machine: undefined, login: '', password: '' });
        break;
      case 'login':
        if (entry) entry.login = next(tokens);
        break;
      case 'password':
        if (entry) entry.password = next(tokens);
        break;
      case 'account':
        next(tokens);
    }
  }
  return new Netrc(entries);
}

function next(tokens: Iterator<string>): string {
  return tokens.next().value ?? '';
}

/** The tokens, without comments and macros. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  let macro = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    // A blank line ends a macro.
    macro = macro ? line !== '' : beginsMacro(line, { number: index + 1, tokens });
  }
  return tokens;
}

/** Adds the tokens of a line. Returns whether a macro begins in it. */
function beginsMacro(line: string, { number, tokens }: { number: number; tokens: string[] }): boolean {
  for (const [, quoted, end, plain] of line.matchAll(TOKEN)) {
    if (end === '') throw new Error(`line ${number}: a quoted text has no end`);
    if (plain?.toLowerCase() === 'macdef') return true;
    const unquoted = quoted?.replace(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? character);
    const token = unquoted ?? plain;
    if (token !== undefined) tokens.push(token);
  }
  return false;
}
