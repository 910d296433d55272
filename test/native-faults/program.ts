/**
 * Runs workloads while their system calls fail (shim.c is preloaded). Says each case on a line of its own before it runs, what has
 * gone wrong on lines that begin with "! ", and at the end how much there was, as JSON.
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
  /** Of each kind of call only so many fail, the first ones. */
  readonly most: number;
}

const { servers, workload, call: wanted, most } = JSON.parse(process.argv[2] ?? '') as Settings;
using faults = new Faults(process.env.DUGONG_FAULTS ?? '');
const say = (line: string): void =>
  void writeSync(
    1,
    `${line}
`,
  );
const enumeration = new Enumeration(faults, most, { begun: say, wrong: (what) => say(`! ${what}`) });
let count = 0;
for (const [name, run] of Object.entries(workloads(servers))) {
  if (!name.includes(workload)) continue;
  count++;
  await enumeration.run(name, run, (call: Call) => wanted === '' || call === wanted);
}
const { findings } = enumeration;
say(JSON.stringify({ ...findings, calls: [...findings.calls], workloads: count }));
