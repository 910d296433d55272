/** For tests of the world's parts: one client, one server under several addresses, and the checks for any world. */

import assert from 'node:assert/strict';
import { AioFuture, type Coroutine, DugongError, PollLoop, runBlocking } from './client.ts';
import { kernel } from './kernel/install.ts';
import { hosts } from './kernel/lookups.ts';
import { type Report, type Scene, type SimulationOptions, simulate } from './loop.ts';
import type { Service } from './network/network.ts';

export const HOST = 'server.test';

/** Ways of waiting: each runs a coroutine to its end. */
export const WAYS: Readonly<Record<string, (coroutine: Coroutine<unknown>) => unknown>> = {
  runBlocking: (coroutine) => runBlocking(coroutine, { timeout: 20_000 }),
  AioFuture: (coroutine) => new AioFuture(coroutine, { timeout: 20_000 }),
  PollLoop: (coroutine) => {
    using loop = new PollLoop();
    return loop.runUntilComplete(loop.createTask(coroutine));
  },
};

/** A world with one service only. */
export function worldWith(service: Service, options: Partial<SimulationOptions> = {}): SimulationOptions {
  const prepare = ({ network }: Scene): void => {
    for (const port of [80, 443, 3128]) network.serve(`192.0.2.1:${port}`, service);
  };
  return { seed: 1, traced: true, resolver: hosts({ [HOST]: ['192.0.2.1'] }), prepare, ...options };
}

/** Runs the program in that way; nothing may be left open, and nothing violated. */
export async function runIn(
  options: SimulationOptions,
  way: string,
  coProgram: (scene: Scene) => Coroutine<unknown>,
): Promise<Report<unknown>> {
  const report = await simulate(options, (scene) => WAYS[way]?.(coProgram(scene)));
  assertClean(report);
  return report;
}

export function assertClean({ world, leftovers }: Report<unknown>): void {
  assert.deepEqual(leftovers, { open: [], watched: 0, alarms: false });
  assert.deepEqual(kernel.counts(), { owned: 0, watched: 0 });
  assert.deepEqual(world.violations, []);
}

function storyOf({ world, outcome }: Report<unknown>): string {
  const reason = 'reason' in outcome ? outcome.reason : '';
  return `${reason instanceof Error ? reason.stack : String(reason)}\n${world.trace.slice(-25).join('\n')}`;
}

export function assertFulfilled(report: Report<unknown>): void {
  assert.equal(report.outcome.status, 'fulfilled', storyOf(report));
}

/** Asserts that it failed with one of these errors of the library. */
export function assertFailed(report: Report<unknown>, ...names: string[]): DugongError {
  assert.ok('reason' in report.outcome && report.outcome.reason instanceof DugongError, storyOf(report));
  const { reason } = report.outcome;
  if (names.length > 0) assert.ok(names.includes(reason.name), storyOf(report));
  return reason;
}
