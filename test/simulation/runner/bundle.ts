/**
 * The simulation and the library as one program: it starts quickly anywhere, and the library's sources can be changed on the
 * way into it. There are two kinds of changes: marks, which report to the world what is reached (suspensions, transitions), and
 * deliberate faults.
 */

import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { repository } from '../../support/compiled.ts';

/** A change of one source file: `before` occurs in it exactly once. */
export interface Edit {
  /** From the root of the repository: "src/client/session.ts". */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const SOURCES = /\/src\/.*\.ts$/;
/** How coroutines of the library wait, where the need is known. */
const WAIT = /yield\* (waitFor|coWait|coWaitOrFail)\(/g;
/** Within these files, a wait belongs to their callers. */
const WAITS_OF_OTHERS = ['src/client/wait.ts', 'src/coroutine.ts'];

/** Report that a state of the protocol is left, and that an error is made, with its phase. */
const MARKS: readonly Edit[] = [
  {
    file: 'src/http1/connection-state.ts',
    before: 'this.#send = next;',
    after: `${reaches('send', 'this.#send, event')}; this.#send = next;`,
  },
  {
    file: 'src/http1/connection-state.ts',
    before: 'this.#receive = next;',
    after: `${reaches('receive', 'this.#receive, event')}; this.#receive = next;`,
  },
  {
    file: 'src/errors.ts',
    before: 'this.code = code;',
    after: `this.code = code; ${reaches('class', 'new.target.prototype.name')};`,
  },
  {
    file: 'src/errors.ts',
    before: 'this.phase = phase;\n    withLostRequests',
    after: `this.phase = phase; ${reaches('phase', "'ConnectionClosed', phase")};\n    withLostRequests`,
  },
  {
    file: 'src/errors.ts',
    before: 'this.phase = phase;\n    this.timeout',
    after: `this.phase = phase; ${reaches('phase', "'ConnectionTimedOut', phase")};\n    this.timeout`,
  },
];

function reaches(kind: string, what: string): string {
  return `globalThis.simulationReaches?.('${kind}', ${what})`;
}

/** All places that `mark` can name. */
export function suspensionPoints(file: string, text: string): string[] {
  if (WAITS_OF_OTHERS.includes(file)) return [];
  return text.split('\n').flatMap((line, index) => (line.match(WAIT) ? [pointOf(file, index + 1)] : []));
}

function pointOf(file: string, line: number): string {
  return `${file.replace(/^src\//, '')}:${line}`;
}

function marked(file: string, text: string): string {
  if (WAITS_OF_OTHERS.includes(file)) return text;
  return text
    .split('\n')
    .map((line, index) => line.replaceAll(WAIT, (_, wait) => `yield* ${markOf(pointOf(file, index + 1), wait)}(`))
    .join('\n');
}

function markOf(point: string, wait: string): string {
  return `(${reaches('suspension', `'${point}'`)}, ${wait})`;
}

/** @throws Error if the text to be changed does not occur exactly once */
export function edited(text: string, { file, before, after }: Edit): string {
  const parts = text.split(before);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} places to change, must have one: ${before}`);
  return parts.join(after);
}

/** Writes the program of `entry` (a module beside this one), with the change if there is one; returns its path. */
export async function bundle(entry: string, edit?: Edit): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-simulation-'));
  const outfile = join(folder, 'program.mjs');
  let applied = edit === undefined;
  const changes: Plugin = {
    name: 'changes',
    setup({ onLoad }) {
      onLoad({ filter: SOURCES }, ({ path }) => {
        const file = relative(repository, path);
        let text = marked(file, readFileSync(path, 'utf8'));
        for (const one of MARKS) if (one.file === file) text = edited(text, one);
        if (edit?.file === file) {
          text = edited(text, edit);
          applied = true;
        }
        return { contents: text, loader: 'ts' };
      });
    },
  };
  await build({
    absWorkingDir: repository,
    entryPoints: [join(import.meta.dirname, entry)],
    outfile,
    bundle: true,
    plugins: [changes],
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
  });
  if (!applied) throw new Error(`${edit?.file} is no part of the simulation`);
  // install.ts finds it by its own location.
  copyFileSync(join(import.meta.dirname, '../kernel/addon.cjs'), join(folder, 'addon.cjs'));
  return outfile;
}
