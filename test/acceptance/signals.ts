/** Signals in the middle of a run: what is there is whole, what is missing is named, and the next run completes it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assertDocuments, type Document } from '../support/documents.ts';
import { listensToSignals, until } from '../support/until.ts';
import {
  assertEnded,
  count,
  type Ended,
  listed,
  namesOf,
  numberOfFiles,
  type Stage,
  unfinished,
  urlsOf,
} from './stage.ts';

const COUNT = 2000;
/** Documents that are there when the signal comes. */
const BEFORE = 500;

/** A list that a signal ends in its midst. */
class Interrupted {
  readonly documents: readonly Document[];
  readonly folder: string;
  readonly failed: string;
  readonly #stage: Stage;
  readonly #input: string;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.documents = stage.documents.slice(0, COUNT);
    this.folder = stage.folder();
    this.failed = stage.path('failed');
    this.#input = stage.list(urlsOf(stage.nginx, namesOf(this.documents)));
  }

  async run(signal: NodeJS.Signals): Promise<Ended> {
    return await this.#run(['--failed', this.failed, '--limit-rate', '4m'], async (pid) => {
      await until(() => numberOfFiles(this.folder) > BEFORE);
      process.kill(pid, signal);
    });
  }

  async #run(flags: readonly string[], meanwhile: (pid: number) => Promise<void> = async () => {}): Promise<Ended> {
    return await this.#stage.dugong(['--input', this.#input, '-P', this.folder, ...flags], { meanwhile });
  }

  /** The files that are there are whole, and some are missing. Returns how many are there. */
  check(): number {
    const there = this.documents.filter(({ name }) => existsSync(join(this.folder, name)));
    assertDocuments(this.folder, there);
    assert.ok(there.length > BEFORE && there.length < this.documents.length, `${there.length} files`);
    return there.length;
  }

  /** Fetches the others. */
  async complete(): Promise<void> {
    assertEnded(await this.#run(['--skip-existing']), 0);
    assertDocuments(this.folder, this.documents);
  }
}

async function orderly(stage: Stage, signal: NodeJS.Signals, status: number): Promise<string> {
  const run = new Interrupted(stage);
  const result = await run.run(signal);
  assertEnded(result, status);
  const there = run.check();
  const missing = run.documents.length - there;
  assert.match(result.stderr, new RegExp(`: ${count(there)} documents .* ${count(missing)} not fetched, because`));
  assert.match(result.stderr, /^ {8}not done: http:/m);
  assert.equal(listed(run.failed).length, missing);
  await run.complete();
  return `${count(there)} files equal, ${count(missing)} named; then all equal`;
}

/** SIGINT. */
export const interrupted = (stage: Stage): Promise<string> => orderly(stage, 'SIGINT', 130);

/** SIGTERM. */
export const terminated = (stage: Stage): Promise<string> => orderly(stage, 'SIGTERM', 143);

/** SIGKILL. */
export async function killed(stage: Stage): Promise<string> {
  const run = new Interrupted(stage);
  assertEnded(await run.run('SIGKILL'), 'SIGKILL');
  const left = unfinished(run.folder);
  // At most the one that was being written.
  assert.ok(left.length <= 1, left.join());
  for (const name of left) rmSync(join(run.folder, name));
  const there = run.check();
  await run.complete();
  return `${count(there)} files equal, ${left.length} temporary left; then all equal`;
}

/** The second signal ends a command that still waits for the reader of its report. */
export async function twice(stage: Stage): Promise<string> {
  const fifo = stage.path('fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const input = stage.list(urlsOf(stage.nginx, namesOf(stage.documents)));
    const folder = stage.folder();
    let second = 0;
    const meanwhile = async (pid: number): Promise<void> => {
      await until(() => numberOfFiles(folder) > 0);
      process.kill(pid, 'SIGINT');
      await until(() => !listensToSignals(pid));
      second = performance.now();
      process.kill(pid, 'SIGINT');
    };
    const result = await stage.dugong(['--jsonl', '--input', input, '-P', folder], { outputTo: fifo, meanwhile });
    const ms = performance.now() - second;
    assertEnded(result, 'SIGINT');
    assert.deepEqual(unfinished(folder), []);
    return `ended ${ms.toFixed(0)} ms after the second signal`;
  } finally {
    closeSync(reader);
  }
}
