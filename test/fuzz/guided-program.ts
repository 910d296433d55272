/** The program that guided.ts builds and starts: fuzzes the targets one after the other, or tries single inputs. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../simulation/random.ts';
import { reached } from './coverage.ts';
import { type Finding, Fuzzer } from './fuzzer.ts';
import type { Place } from './instrumentation.ts';
import { targets } from './targets.ts';

export interface Options {
  readonly seconds: number;
  readonly seed: number;
  /** Names of targets; all of them if there is none. */
  readonly names: readonly string[];
  /** Where inputs are read from and written to, a folder for each target; undefined: nowhere. */
  readonly corpus: string | undefined;
  readonly places: readonly Place[];
  /** Whether to name the places that were not reached. */
  readonly unreached: boolean;
}

/** Runs all of it, says what came of it, and returns the findings. */
export function fuzz({ seconds, seed, names, corpus, places, unreached }: Options): Finding[] {
  const chosen = targets.filter(({ name }) => names.length === 0 || names.includes(name));
  const findings: Finding[] = [];
  let executions = 0;
  for (const target of chosen) {
    const folder = corpus === undefined ? undefined : join(corpus, target.name);
    const fuzzer = new Fuzzer(target, new Random(seed).fork(target.name), kept(folder));
    const start = performance.now();
    const end = start + (seconds * 1000) / chosen.length;
    let reports = 1;
    fuzzer.run(() => {
      const now = performance.now();
      if (now > start + reports * 60_000) {
        reports++;
        report(fuzzer, now - start);
      }
      return now >= end;
    });
    report(fuzzer, performance.now() - start);
    executions += fuzzer.executions;
    findings.push(...fuzzer.findings.values());
    if (folder !== undefined) keep(folder, fuzzer.corpus.inputs);
  }
  const missed = places.filter((_, place) => !reached(place));
  const share = ((100 * (places.length - missed.length)) / places.length).toFixed(1);
  console.log(
    `${executions} executions, ${places.length - missed.length} of ${places.length} branches reached (${share} %), ${findings.length} findings`,
  );
  if (unreached) for (const { file, line } of missed) console.log(`not reached: ${file}:${line}`);
  return findings;
}

/** The same for one input, which may throw. */
export function runOne(name: string, input: Buffer): void {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new TypeError(`there is no target ${name}`);
  target.run(input);
}

function report({ target, executions, corpus, findings, mostSteps }: Fuzzer, milliseconds: number): void {
  const rate = Math.round((executions * 1000) / milliseconds);
  console.log(
    `${target.name}: ${executions} executions (${rate}/s), ${corpus.features} features, corpus of ${corpus.size}, at most ${Math.round(mostSteps)} steps a byte, ${findings.size} findings`,
  );
}

function kept(folder: string | undefined): Buffer[] {
  if (folder === undefined || !existsSync(folder)) return [];
  return readdirSync(folder).map((file) => readFileSync(join(folder, file)));
}

function keep(folder: string, inputs: readonly Buffer[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [index, input] of inputs.entries()) writeFileSync(join(folder, String(index).padStart(5, '0')), input);
}
