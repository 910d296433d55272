/** What of the library the worlds have reached, and why the rest is out of their reach. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RECEIVE_TRANSITIONS, SEND_TRANSITIONS } from '../../src/http1/transitions.ts';
import { repository } from '../support/compiled.ts';
import { suspensionPoints } from './bundle.ts';

/** Of one process: what was reached, by kind. */
type Coverage = Readonly<Record<string, readonly (string | number)[]>>;

export function coverageOf(_world: string, parts: readonly Coverage[]): string[] {
  const reached = new Map<string, Set<string>>();
  for (const part of parts) {
    for (const [kind, all] of Object.entries(part)) {
      const set = reached.get(kind) ?? new Set();
      reached.set(kind, set);
      for (const one of all) set.add(String(one));
    }
  }
  const missing = (kind: string, all: readonly string[]): string => {
    const left = all.filter((one) => !reached.get(kind)?.has(one));
    return `${all.length - left.length} of ${all.length}${left.length === 0 ? '' : `; not: ${left.join(', ')}`}`;
  };
  const calls = [...(reached.get('transition') ?? [])].filter((one) => !/^(send|receive): /.test(one));
  return [
    `suspension points: ${missing('suspension', allSuspensionPoints())}`,
    `transitions: ${missing('transition', allTransitions())}`,
    `errors: ${[...(reached.get('error') ?? [])].sort().join(', ')}`,
    `calls and their ends: ${calls.length}`,
    `calls of the kernel: ${reached.get('call')?.size ?? 0}`,
  ];
}

export function allSuspensionPoints(): string[] {
  return readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => suspensionPoints(`src/${file}`, readFileSync(join(repository, 'src', file), 'utf8')));
}

export function allTransitions(): string[] {
  const of = (name: string, table: Readonly<Record<string, object>>): string[] =>
    Object.entries(table).flatMap(([state, events]) =>
      Object.keys(events).map((event) => `${name}: ${state} ${event}`),
    );
  return [...of('send', SEND_TRANSITIONS), ...of('receive', RECEIVE_TRANSITIONS)];
}
