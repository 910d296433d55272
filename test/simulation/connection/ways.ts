/** Runs the programs of a plan. */

import {
  AioFuture,
  type Coroutine,
  coAllSettled,
  coSleep,
  PollLoop,
  type PollNeeded,
  poll,
  runBlocking,
} from '../client.ts';
import { kernel } from '../kernel/install.ts';
import type { Scene } from '../loop.ts';
import type { Way } from './plan.ts';
import { type LinkProgram, PATIENCE } from './program.ts';

/** Longer than all attempts of a connection take. */
const LONG = 4 * PATIENCE;

type Run = (programs: readonly LinkProgram[], scene: Scene) => Promise<unknown> | unknown;

export const RUNS: Readonly<Record<Way, Run>> = {
  turns: (programs) => {
    for (const program of programs) program.connection.runBlocking(program.coRun());
  },
  blocking: (programs) =>
    runBlocking(coAllSettled(programs.map((program) => program.coRun())), { timeout: LONG }).map(settled),
  own: (programs) => ownLoop(programs.map((program) => program.coRun())),
  loop: (programs) => {
    using loop = new PollLoop();
    loop.runUntilComplete(loop.createTask(coTasks(loop, programs)));
  },
  future: (programs, scene) =>
    Promise.all(
      programs.map((program) => {
        const { abortsAt } = program;
        if (abortsAt === undefined) return new AioFuture(program.coRun(), { timeout: LONG });
        const abort = new AbortController();
        scene.later(abortsAt, () => abort.abort());
        return unlessAborted(new AioFuture(program.coRun(), { timeout: LONG, signal: abort.signal }));
      }),
    ),
  mixed: async (programs) => {
    const coroutines = programs.map((program) => program.coRun());
    await Promise.all(coroutines.map((coroutine) => new AioFuture(coBlockedAtFirst(coroutine, 3), { timeout: LONG })));
  },
};

function settled<T>(outcome: { status: string; value?: T; reason?: unknown }): T | undefined {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/** A loop of a program that knows only poll(2). */
export function ownLoop(coroutines: readonly Coroutine<void>[]): void {
  const waiting = new Map<Coroutine<void>, PollNeeded>();
  const advance = (coroutine: Coroutine<void>): void => {
    const step = coroutine.next();
    if (step.done) waiting.delete(coroutine);
    else waiting.set(coroutine, step.value);
  };
  for (const coroutine of coroutines) advance(coroutine);
  while (waiting.size > 0) {
    const needs = [...waiting].map(([coroutine, { fd, mask, deadline }]) => ({ coroutine, fd, mask, deadline }));
    const ready = new Set(poll(needs).map(({ request }) => request.coroutine));
    for (const { coroutine, deadline } of needs) {
      if (ready.has(coroutine) || (deadline !== undefined && deadline <= kernel.now())) advance(coroutine);
    }
  }
}

/** The first waits block the thread, whatever runs the coroutine later. */
function* coBlockedAtFirst(coroutine: Coroutine<void>, waits: number): Coroutine<void> {
  let step = coroutine.next();
  for (let count = 0; !step.done && count < waits; count++) {
    step.value.poll(PATIENCE);
    step = coroutine.next();
  }
  for (; !step.done; step = coroutine.next()) yield step.value;
}

/** Tasks that are joined in turn, some of them cancelled. */
function* coTasks(loop: PollLoop, programs: readonly LinkProgram[]): Coroutine<void> {
  const tasks = programs.map((program) => {
    const task = loop.createTask(program.coRun());
    const { abortsAt } = program;
    if (abortsAt !== undefined) loop.createTask(coCancel(task, abortsAt));
    return task;
  });
  for (const task of tasks) {
    try {
      yield* task.join();
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }
}

function* coCancel(task: { cancel(): boolean }, after: number): Coroutine<void> {
  yield* coSleep(after);
  task.cancel();
}

async function unlessAborted(promise: PromiseLike<void>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
