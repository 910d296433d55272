/**
 * The blocks of code in the documents and in the doc comments of the library, and what each of them says that it prints: comments
 * behind `console.log(...);`, and those at the end of a block after `// prints:`. A block marked `js` runs as it is, one marked `ts`
 * after its types are removed; with `no-run` it is only compiled.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/compiled.ts';

/** Stands behind what each block has printed. */
export const MARK = '--- the end of a block ---\n';

export interface CodeBlock {
  /** File and line. */
  readonly name: string;
  readonly code: string;
  readonly language: 'js' | 'ts';
  readonly runs: boolean;
  /** Lines; undefined if the block says nothing. */
  readonly prints: readonly string[] | undefined;
}

/** What is installed or built is not of the repository. */
const FOREIGN = new Set(['node_modules', 'site', 'build']);

/** The files in a folder of the repository and in the folders below. Links are not followed: one in node_modules leads here. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(join(repository, folder), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : filesBelow(path);
      return entry.isFile() ? [path] : [];
    })
    .sort();
}

/** Every document of the repository. */
export function allDocuments(): string[] {
  const atTheTop = readdirSync(repository);
  const below = ['docs', 'examples', 'test', 'prebuilds'].flatMap(filesBelow);
  return [...atTheTop, ...below].filter((path) => path.endsWith('.md'));
}

/** The documents whose blocks are programs; those of docs/bundling.md are recipes (bundling.test.ts). */
export function documents(): string[] {
  return allDocuments().filter((path) => path !== 'docs/bundling.md');
}

/** The sources of the library, whose doc comments have examples. */
export function sources(): string[] {
  return filesBelow('src').filter((path) => path.endsWith('.ts') && !path.startsWith('src/cli/'));
}

/** `path` is that of a document, or of a source, within the repository. */
export function codeBlocks(path: string): CodeBlock[] {
  const text = readFileSync(join(repository, path), 'utf8');
  return path.endsWith('.ts') ? [...inComments(path, text)] : [...inText(path, text, 0)];
}

/** Without the margins of the comments a doc comment is a document. */
function* inComments(path: string, text: string): Generator<CodeBlock> {
  for (const { 0: comment, index } of text.matchAll(/^ *\/\*\*\n.*?\*\/$/gms)) {
    yield* inText(path, comment.replaceAll(/^ *\* ?/gm, ''), text.slice(0, index).split('\n').length - 1);
  }
}

function* inText(path: string, text: string, linesBefore: number): Generator<CodeBlock> {
  for (const { 1: language, 2: mark, 3: code = '', index } of text.matchAll(/^```(js|ts)( no-run)?\n(.*?)^```$/gms)) {
    const line = linesBefore + text.slice(0, index).split('\n').length;
    const runs = mark === undefined;
    yield { name: `${path}:${line}`, code, language: language as 'js' | 'ts', runs, prints: printed(code) };
  }
}

function printed(code: string): string[] | undefined {
  const [inline = '', ending] = code.split(/^\/\/ prints:\n/m);
  const behindCalls = [...inline.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = '']) => text);
  const atEnd = [...(ending ?? '').matchAll(/^\/\/ (.*)$/gm)].map(([, text = '']) => text);
  const all = [...behindCalls, ...atEnd];
  return all.length === 0 ? undefined : all;
}
