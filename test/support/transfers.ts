/** Runs bulk transfers for tests, in all ways of waiting, and checks what holds for every run. */

import assert from 'node:assert/strict';
import type { Attempt } from '../../src/bulk/attempt.ts';
import { Host } from '../../src/bulk/host.ts';
import {
  Transfer,
  type TransferJob,
  type TransferOptions,
  type TransferResult,
  type TransferSink,
} from '../../src/index.ts';
import { documentAt } from './pipeline-server.ts';
import { timeLimit } from './time-limit.ts';
import { waysWithLoop } from './waiting.ts';

export interface WayOfRunning {
  readonly name: string;
  run(transfer: Transfer, jobs: Iterable<TransferJob>): Promise<TransferResult[]>;
}

/** Each way to run a transfer. */
export const waysOfRunning: readonly WayOfRunning[] = [
  { name: 'run()', run: async (transfer, jobs) => [...transfer.run(jobs)] },
  { name: 'promises.run()', run: (transfer, jobs) => collected(transfer.promises.run(jobs)) },
  ...waysWithLoop.map(({ name, run }) => ({
    name: `coRun() in ${name}`,
    async run(transfer: Transfer, jobs: Iterable<TransferJob>): Promise<TransferResult[]> {
      const results: TransferResult[] = [];
      await run(transfer.coRun(jobs, (result) => void results.push(result)));
      return results;
    },
  })),
];

async function collected(results: AsyncIterable<TransferResult>): Promise<TransferResult[]> {
  const all: TransferResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** Short times, no waits between attempts, and an end to what hangs. */
export function quick(options: TransferOptions = {}): TransferOptions {
  return { random: () => 0, signal: AbortSignal.timeout(timeLimit(15_000)), ...options };
}

/** Runs jobs with promises; the results in the order of the jobs. Each job must have one. */
export async function transferred(
  jobs: Iterable<TransferJob> | AsyncIterable<TransferJob>,
  options: TransferOptions = {},
): Promise<TransferResult[]> {
  const transfer = new Transfer(quick(options));
  const results: TransferResult[] = [];
  for await (const result of transfer.promises.run(jobs)) results.push(result);
  return inOrder(results, transfer);
}

/** The results in the order of the jobs. Each job must have one, and nothing may be under way any more. */
export function inOrder(results: TransferResult[], transfer?: Transfer): TransferResult[] {
  results.sort((one, other) => one.index - other.index);
  assert.deepEqual(
    results.map(({ index }) => index),
    results.map((_result, index) => index),
    'a job has no result, or two',
  );
  if (transfer !== undefined) assertAtRest(transfer, results);
  return results;
}

const hosts = new Set<Host>();

/** Notes each server that a transfer sends to from now on, for `assertHostsAtRest()`. */
export function watchHosts(): void {
  const { take } = Host.prototype;
  Host.prototype.take = function (this: Host): Attempt | undefined {
    hosts.add(this);
    return take.call(this);
  };
}

/** After a run that was not aborted, nothing waits for a server or is in flight, and it has no connection. */
export function assertHostsAtRest(): void {
  for (const { load, lines } of hosts) assert.deepEqual({ load, lines }, { load: 0, lines: 0 });
  assert.ok(hosts.size > 0);
  hosts.clear();
}

export function assertAtRest({ counts }: Transfer, results: readonly TransferResult[]): void {
  const { inFlight, waiting, connections, bytes, ...outcomes } = counts;
  assert.deepEqual({ inFlight, waiting, connections }, { inFlight: 0, waiting: 0, connections: [] });
  const tally = { done: 0, missing: 0, failed: 0, aborted: 0 };
  let sum = 0;
  for (const result of results) {
    tally[result.outcome]++;
    sum += result.bytes;
  }
  assert.deepEqual({ ...outcomes, bytes }, { ...tally, bytes: sum });
}

/** Each job is done, with the document of its own path. */
export function assertDocuments(results: readonly TransferResult[]): void {
  for (const { outcome, error, job, url, body, response } of results) {
    if (outcome !== 'done') assert.fail(`${String(job.url)} is ${outcome}: ${response?.status} ${String(error)}`);
    const { pathname } = new URL(url);
    assert.ok(
      body?.toString('latin1') === documentAt(pathname),
      `${pathname} has the body ${String(body).slice(0, 40)}`,
    );
  }
}

/** What sinks have got: each call by name, and the whole bodies that were committed. */
export class SinkLog {
  readonly calls: string[] = [];
  readonly committed: Map<string, string> = new Map<string, string>();
  /** Sinks that have begun, and were neither committed nor abandoned. */
  open: number = 0;

  /** `failing`: the function that throws. */
  sink(name: string, failing?: keyof TransferSink): TransferSink {
    let text = '';
    let isOpen = false;
    const call = (what: keyof TransferSink): void => {
      this.calls.push(`${what} ${name}`);
      if (what === failing) throw new Error(`${what} fails`);
    };
    const close = (): void => {
      if (isOpen) this.open--;
      isOpen = false;
    };
    return {
      begin: () => {
        if (!isOpen) this.open++;
        isOpen = true;
        text = '';
        call('begin');
      },
      write: (bytes) => {
        assert.ok(isOpen, `write ${name} without begin`);
        text += Buffer.from(bytes).toString('latin1');
        call('write');
      },
      commit: () => {
        assert.ok(isOpen, `commit ${name} without begin`);
        call('commit');
        close();
        assert.ok(!this.committed.has(name), `commit ${name} twice`);
        this.committed.set(name, text);
      },
      abandon: () => {
        close();
        call('abandon');
      },
    };
  }
}
