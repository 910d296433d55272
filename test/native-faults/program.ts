/**
 * Runs workloads while their system calls fail (shim.c is preloaded). Says each case on a line of its own before it runs, and at the
 * end what was found, as JSON.
 *
 *     program.ts SETTINGS (JSON of Settings)
 */

import { writeSync } from 'node:fs';
import { Enumeration } from './enumeration.ts';
import { type Call, Faults } from './shim.ts';
import { type Servers, workloads } from './workloads.ts';

export interface Settings {
  readonly servers: Servers;
  /** Parts of the names of workloads and of calls; empty: all. */
  readonly workload: string;
  readonly call: string;
  /** One of so many cases. */
  readonly every: number;
}

const { servers, workload, call: wanted, every } = JSON.parse(process.argv[2] ?? '') as Settings;
using faults = new Faults(process.env.DUGONG_FAULTS ?? '');
const enumeration = new Enumeration(faults, { every, from: 0 }, (what) => void writeSync(1, `${what}\n`));
let count = 0;
for (const [name, run] of Object.entries(workloads(servers))) {
  if (!name.includes(workload)) continue;
  count++;
  await enumeration.run(name, run, (call: Call) => wanted === '' || call === wanted);
}
const { findings } = enumeration;
writeSync(1, `${JSON.stringify({ ...findings, calls: [...findings.calls], workloads: count })}\n`);
