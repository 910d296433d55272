/** What of the library the worlds have reached, and what of the rest is out of their reach. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RECEIVE_TRANSITIONS, SEND_TRANSITIONS } from '../../src/http1/transitions.ts';
import { repository } from '../support/compiled.ts';
import { suspensionPoints } from './bundle.ts';
import { UNREACHED, UNREACHED_POINTS } from './unreached.ts';

/** Of one process: what was reached, by kind. */
export type Coverage = Readonly<Record<string, readonly (string | number)[]>>;

/** A kind of things of which all are known. */
interface Kind {
  readonly name: string;
  /** How the worlds report it. */
  readonly key: string;
  readonly all: () => readonly string[];
}

const KINDS: readonly Kind[] = [
  { name: 'suspension points', key: 'suspension', all: allSuspensionPoints },
  { name: 'transitions of the protocol', key: 'transition', all: allTransitions },
  { name: 'classes of errors', key: 'class', all: allClasses },
  { name: 'phases of losses and time-outs', key: 'phase', all: allPhases },
];

/** Lines, one for each kind and one for each thing that was not reached, with the reason if there is one. */
export function coverageOf(parts: readonly Coverage[]): string[] {
  const calls = reachedOf('call', parts);
  return [
    ...KINDS.flatMap((kind) => linesOf(kind, parts)),
    `calls of the kernel: ${calls.size} (${[...calls].sort().join(', ')})`,
  ];
}

function linesOf({ name, key, all }: Kind, parts: readonly Coverage[]): string[] {
  const known = all();
  const reached = reachedOf(key, parts);
  const reasons = reasonsToMiss();
  const left = known.filter((one) => !reached.has(one));
  return [
    `${name}: ${known.length - left.length} of ${known.length}`,
    ...left.map((one) => `  not ${one}: ${reasons.get(one) ?? 'by chance'}`),
  ];
}

/** By the names of things, those of suspension points included. @throws Error if there is no such point */
export function reasonsToMiss(): Map<string, string> {
  const points = UNREACHED_POINTS.map(({ file, text, why }): [string, string] => {
    const line = source(file)
      .split('\n')
      .findIndex((one) => one.includes(text));
    if (line < 0) throw new Error(`${file} has no line with ${text}`);
    return [`${file}:${line + 1}`, why];
  });
  return new Map([...Object.entries(UNREACHED), ...points]);
}

/** All that could be reached. */
export function everything(): string[] {
  return KINDS.flatMap(({ all }) => all());
}

function reachedOf(key: string, parts: readonly Coverage[]): Set<string> {
  return new Set(parts.flatMap((part) => part[key] ?? []).map(String));
}

function source(file: string): string {
  return readFileSync(join(repository, 'src', file), 'utf8');
}

function allSuspensionPoints(): string[] {
  return readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => suspensionPoints(`src/${file}`, source(file)));
}

function allTransitions(): string[] {
  const of = (name: string, table: Readonly<Record<string, object>>): string[] =>
    Object.entries(table).flatMap(([state, events]) =>
      Object.keys(events).map((event) => `${name}: ${state} ${event}`),
    );
  return [...of('send', SEND_TRANSITIONS), ...of('receive', RECEIVE_TRANSITIONS)];
}

function allClasses(): string[] {
  return [...source('errors.ts').matchAll(/^export class (\w+) extends (?!Error)/gm)].map(([, name]) => name ?? '');
}

function allPhases(): string[] {
  const [, type = ''] = /^export type Phase =([^;]*);/m.exec(source('errors.ts')) ?? [];
  const phases = [...type.matchAll(/'([\w-]+)'/g)].map(([, phase]) => phase ?? '');
  return ['ConnectionClosed', 'ConnectionTimedOut'].flatMap((name) => phases.map((phase) => `${name}: ${phase}`));
}
