/**
 * The blocks of TypeScript in the documents, and what each of them says that it prints: comments behind `console.log(...);`,
 * and those at the end of a block after `// prints:`. A block marked `ts no-run` is only compiled.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/compiled.ts';

/** Stands behind what each block has printed. */
export const MARK = '--- the end of a block ---\n';

export interface CodeBlock {
  /** Document and line. */
  readonly name: string;
  readonly code: string;
  readonly runs: boolean;
  /** Lines; undefined if the block says nothing. */
  readonly prints: readonly string[] | undefined;
}

/** `document` is a path within the repository. */
export function codeBlocks(document: string): CodeBlock[] {
  const text = readFileSync(join(repository, document), 'utf8');
  return [...text.matchAll(/^```ts( no-run)?\n(.*?)^```$/gms)].map(({ 1: mark, 2: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length;
    return { name: `${document}:${line}`, code, runs: mark === undefined, prints: printed(code) };
  });
}

function printed(code: string): string[] | undefined {
  const [inline = '', ending] = code.split(/^\/\/ prints:\n/m);
  const behindCalls = [...inline.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = '']) => text);
  const atEnd = [...(ending ?? '').matchAll(/^\/\/ (.*)$/gm)].map(([, text = '']) => text);
  const all = [...behindCalls, ...atEnd];
  return all.length === 0 ? undefined : all;
}
