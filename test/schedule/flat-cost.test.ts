/**
 * What a wake-up costs does not depend on how many others wait: no more calls into the addon, and not much more processor time,
 * among 10,000 than among 10 (1,000 where a process may not have that many descriptors). Times are only compared with each other.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AioFuture, type Coroutine, POLLIN, Poller, PollLoop, PollNeeded } from 'dugong';
import { waitFor } from '../../src/coroutine.ts';
import { closeDescriptor } from '../../src/io/descriptor.ts';
import { native } from '../../src/io/native.ts';

const FEW = 10;
const MANY = mostDescriptors() > 12_000 ? 10_000 : 1000;
const WAKE_UPS = 2000;

/** How many descriptors this process may have: Node has raised its limit as far as it can. Where that is not known, few. */
function mostDescriptors(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/^Max open files +([0-9]+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]);
}

/** Descriptors that never become ready: pollers of nothing. */
class Idle implements Disposable {
  readonly #pollers: Poller[];

  constructor(count: number) {
    this.#pollers = Array.from({ length: count }, () => new Poller());
  }

  coroutines(): Coroutine<void>[] {
    return this.#pollers.map(({ fd }) => waitFor(new PollNeeded(fd, POLLIN)));
  }

  [Symbol.dispose](): void {
    for (const poller of this.#pollers) poller.close();
  }
}

/** Waits so often for what is ready each time. */
function* coWork(count: number): Coroutine<void> {
  const fd = native.lookup('127.0.0.1', 4);
  try {
    const need = new PollNeeded(fd, POLLIN);
    for (let done = 0; done < count; done++) yield* waitFor(need);
  } finally {
    closeDescriptor(fd);
  }
}

type Measure<R> = (work: () => void | Promise<void>) => Promise<R>;

/** Each measures some work among coroutines that only wait. */
const ways: readonly { readonly name: string; among<R>(idle: Idle, measure: Measure<R>): Promise<R> }[] = [
  {
    name: 'PollLoop',
    async among(idle, measure) {
      using loop = new PollLoop();
      for (const coroutine of idle.coroutines()) loop.createTask(coroutine);
      loop.runOnce(0);
      return await measure(() => loop.runUntilComplete(loop.createTask(coWork(WAKE_UPS))));
    },
  },
  {
    name: 'AioFuture',
    async among(idle, measure) {
      const futures = idle.coroutines().map((coroutine) => new AioFuture(coroutine));
      const ended = Promise.allSettled(futures);
      // The event loop tells the kernel of them.
      await turn();
      try {
        return await measure(() => new AioFuture(coWork(WAKE_UPS)));
      } finally {
        for (const future of futures) future.cancel();
        await ended;
      }
    },
  },
];

/** How often each function of the addon is called by `work`. */
async function callsOf(work: () => void | Promise<void>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const functions = native as unknown as Record<string, (...values: unknown[]) => unknown>;
  const originals = Object.entries(functions).filter(([, value]) => typeof value === 'function');
  for (const [name, original] of originals) {
    functions[name] = (...values) => {
      counts[name] = (counts[name] ?? 0) + 1;
      return original(...values);
    };
  }
  try {
    await work();
  } finally {
    Object.assign(functions, Object.fromEntries(originals));
  }
  return counts;
}

/** Milliseconds of processor time, the least of some runs. */
async function costOf(work: () => void | Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

describe('a wake-up', () => {
  for (const { name, among } of ways) {
    test(`takes as many calls into the addon among ${MANY} that wait as among ${FEW} (${name})`, async () => {
      const results: Record<string, number>[] = [];
      for (const count of [FEW, MANY]) {
        using idle = new Idle(count);
        results.push(await among(idle, callsOf));
      }
      const [few, many] = results;
      assert.deepEqual(many, few);
      const each = Object.values(few ?? {}).reduce((sum, calls) => sum + calls, 0) / WAKE_UPS;
      assert.ok(each < 4, `${each} calls for each wake-up`);
    });

    test(`costs about as much time among ${MANY} that wait as among ${FEW} (${name})`, async (context) => {
      // One honest measurement is enough: what grows with the number would make it a thousand times as slow.
      let ratio = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 5 && ratio > 3; attempt++) {
        using few = new Idle(FEW);
        using many = new Idle(MANY);
        ratio = (await among(many, costOf)) / (await among(few, costOf));
      }
      context.diagnostic(`${name}: a wake-up among ${MANY} costs ${ratio.toFixed(2)} times what it costs among ${FEW}`);
      assert.ok(ratio <= 3, `${ratio.toFixed(1)} times as much`);
    });
  }
});
