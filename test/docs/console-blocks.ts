/**
 * The blocks of shell commands in the documents, marked `console`: a line that begins with `$ ` is a command, the others are what the
 * commands print, `...` being any text.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/compiled.ts';

export interface ConsoleBlock {
  /** Document and line. */
  readonly name: string;
  /** The commands, as a script. */
  readonly script: string;
  /** Lines. */
  readonly prints: readonly string[];
}

/** `document` is a path within the repository. */
export function consoleBlocks(document: string): ConsoleBlock[] {
  const text = readFileSync(join(repository, document), 'utf8');
  return [...text.matchAll(/^```console\n(.*?)^```$/gms)].map(({ 1: block = '', index }) => {
    const name = `${document}:${text.slice(0, index).split('\n').length}`;
    const lines = block.trimEnd().split('\n');
    const commands = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
    return { name, script: `${commands.join('\n')}\n`, prints: lines.filter((line) => !line.startsWith('$ ')) };
  });
}
