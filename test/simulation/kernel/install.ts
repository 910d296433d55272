/**
 * Puts the simulated kernel in the addon's place, and the world's time in the place of every other: imported before anything
 * of the library. What is replaced for good:
 *
 * - DUGONG_ADDON names addon.cjs, which gives the kernel to src/io/native.ts;
 * - `PerformanceMark` of node:perf_hooks, while the library is loaded: src/clock.ts takes the distance of the addon's clock from
 *   Node's by it, which would otherwise be another one in each process, fractions of a millisecond included;
 * - `setImmediate` of node:timers, which src/clock.ts keeps: the loop must know which immediates are to come;
 * - `process.versions`, without zstd: requests of a `createFetch` are longer where node:zlib has it;
 * - `Atomics.wait`, by which src/client/blocked-wait.ts sleeps while it reads a fast body over TLS.
 */

import { createRequire, syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Kernel } from './kernel.ts';

export const kernel: Kernel = new Kernel();

/** Immediates of the library that have not run. */
export const immediates: { pending: number } = { pending: 0 };

const require = createRequire(import.meta.url);
const hooks = require('node:perf_hooks') as { PerformanceMark: unknown };
const timers = require('node:timers') as { setImmediate: unknown };
const original = { mark: hooks.PerformanceMark, setImmediate, wait: Atomics.wait };

/** A mark at a time of the world. */
class Mark {
  readonly startTime: number = kernel.now();
}

function countedImmediate(callback: (...given: unknown[]) => void, ...given: unknown[]): NodeJS.Immediate {
  immediates.pending++;
  return original.setImmediate(() => {
    immediates.pending--;
    callback(...given);
  });
}

/** Other waits than short sleeps are for other threads, and are real. */
const LONGEST_SLEEP = 10;

function sleep(array: Int32Array, index: number, value: number, timeout?: number): ReturnType<typeof Atomics.wait> {
  if (timeout === undefined || timeout > LONGEST_SLEEP) return original.wait(array, index, value, timeout);
  kernel.world.spend(timeout);
  return 'timed-out';
}

Reflect.set(globalThis, Symbol.for('dugong.simulation.kernel'), kernel);
process.env['DUGONG_ADDON'] = fileURLToPath(new URL('./addon.cjs', import.meta.url));
hooks.PerformanceMark = Mark;
timers.setImmediate = countedImmediate;
Reflect.set(Atomics, 'wait', sleep);
const { zstd: _zstd, ...versions } = process.versions;
Object.defineProperty(process, 'versions', { value: versions });
syncBuiltinESMExports();

/** Called when the library is loaded. */
export function loaded(): void {
  hooks.PerformanceMark = original.mark;
  timers.setImmediate = original.setImmediate;
  syncBuiltinESMExports();
}
