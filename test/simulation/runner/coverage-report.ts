/** What the worlds have reached of the library, and what they cannot reach. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RECEIVE_TRANSITIONS, SEND_TRANSITIONS } from '../../../src/http1/transitions.ts';
import { repository } from '../../support/compiled.ts';
import { suspensionPoints } from './bundle.ts';
import { UNREACHED, UNREACHED_POINTS } from './unreached.ts';

/** What one process has reached, by kind. */
export type Coverage = Readonly<Record<string, readonly string[]>>;

/** A kind of things that are all known. */
interface Kind {
  readonly name: string;
  /** The worlds' name for the kind. */
  readonly key: string;
  readonly all: () => readonly string[];
}

const KINDS: readonly Kind[] = [
  { name: 'suspension points', key: 'suspension', all: allSuspensionPoints },
  { name: 'transitions of sending', key: 'send', all: () => transitions(SEND_TRANSITIONS) },
  { name: 'transitions of receiving', key: 'receive', all: () => transitions(RECEIVE_TRANSITIONS) },
  { name: 'classes of errors', key: 'class', all: allClasses },
  { name: 'phases of losses and time-outs', key: 'phase', all: allPhases },
];

/** Lines: one for each kind, and one for each thing that was not reached, with the reason if there is one. */
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
  const reasons = reasonsToMiss(key);
  const left = known.filter((one) => !reached.has(one));
  return [
    `${name}: ${known.length - left.length} of ${known.length}`,
    ...left.map((one) => `  not ${one}: ${reasons.get(one) ?? 'by chance'}`),
  ];
}

/** By the names of a kind's things. @throws Error if there is no such suspension point */
export function reasonsToMiss(kind: string): Map<string, string> {
  if (kind !== 'suspension') return new Map(Object.entries(UNREACHED[kind] ?? {}));
  const points = UNREACHED_POINTS.map(({ file, text, why }): [string, string] => {
    const line = source(file)
      .split('\n')
      .findIndex((one) => one.includes(text));
    if (line < 0) throw new Error(`${file} has no line with ${text}`);
    return [`${file}:${line + 1}`, why];
  });
  return new Map(points);
}

/** Reasons for things that do not exist, of any kind. @throws Error if a suspension point does not exist */
export function staleReasons(): string[] {
  const stale = KINDS.flatMap(({ key, all }) => {
    const known = all();
    return [...reasonsToMiss(key).keys()].filter((one) => !known.includes(one));
  });
  return [...stale, ...Object.keys(UNREACHED).filter((kind) => !KINDS.some(({ key }) => key === kind))];
}

function reachedOf(key: string, parts: readonly Coverage[]): Set<string> {
  return new Set(parts.flatMap((part) => part[key] ?? []));
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

function transitions(table: Readonly<Record<string, object>>): string[] {
  return Object.entries(table).flatMap(([state, events]) => Object.keys(events).map((event) => `${state}: ${event}`));
}

function allClasses(): string[] {
  return [...source('errors.ts').matchAll(/^export class (\w+) extends (?!Error)/gm)].map(([, name]) => name ?? '');
}

function allPhases(): string[] {
  const [, type = ''] = /^export type Phase =([^;]*);/m.exec(source('errors.ts')) ?? [];
  const phases = [...type.matchAll(/'([\w-]+)'/g)].map(([, phase]) => phase ?? '');
  return ['ConnectionClosed', 'ConnectionTimedOut'].flatMap((name) => phases.map((phase) => `${name}: ${phase}`));
}
