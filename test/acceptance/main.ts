/** The command on real servers and with real signals: `npm run acceptance`. */

import { commandLine } from '../support/command-line.ts';
import { certificates, families, put, socket, trust } from './connections.ts';
import { cuts, links, list, reloads } from './lists.ts';
import { full, pipes, refused } from './places.ts';
import { http10, three, tls } from './servers.ts';
import { interrupted, killed, terminated, twice } from './signals.ts';
import { memory, rate } from './size.ts';
import { type Case, Skipped, Stage } from './stage.ts';

const CASES: Readonly<Record<string, Case>> = {
  list,
  reloads,
  cuts,
  links,
  http10,
  three,
  tls,
  interrupted,
  terminated,
  twice,
  killed,
  full,
  refused,
  pipes,
  memory,
  rate,
  put,
  trust,
  certificates,
  families,
  socket,
};

/** The names, in lines. */
function named(names: readonly string[]): string {
  const half = Math.ceil(names.length / 2);
  return `${names.slice(0, half).join(', ')},\n               ${names.slice(half).join(', ')}`;
}

const USAGE = `Usage: npm run acceptance -- [--only NAME]

Runs the command dugong on thousands of documents of real servers (nginx, python3 -m http.server, OpenSSL), which end connections and are
reloaded meanwhile; with real signals, full disks and closed pipes; and compares every file with what was served. A line for each case
has its figures. Ends with status 1 if something is wrong.

  --only NAME  only this case: ${named(Object.keys(CASES))}`;

const { values, fail } = commandLine(USAGE, { only: { type: 'string' } });
const { only } = values;
const chosen = Object.entries(CASES).filter(([name]) => only === undefined || name === only);
if (chosen.length === 0) fail(`there is no case ${only}`);

/** "passed", "skipped" or "failed"; says so, with the figures or the reason. */
async function outcomeOf(name: string, run: Case, stage: Stage): Promise<'passed' | 'skipped' | 'failed'> {
  const start = performance.now();
  const say = (mark: string, what: string): void => {
    console.log(`${mark} ${name.padEnd(LONGEST)} ${secondsSince(start).padStart(5)} s  ${what}`);
  };
  try {
    say('✔', await run(stage));
    return 'passed';
  } catch (error) {
    const isSkipped = error instanceof Skipped && process.env['CI'] === undefined;
    if (isSkipped) say('-', `skipped: ${error.message}`);
    else say('✖', error instanceof Error ? (error.stack ?? error.message) : String(error));
    return isSkipped ? 'skipped' : 'failed';
  }
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

const LONGEST = Math.max(...chosen.map(([name]) => name.length));
const start = performance.now();
const tally = { passed: 0, skipped: 0, failed: 0 };
{
  await using stage = await Stage.set();
  for (const [name, run] of chosen) tally[await outcomeOf(name, run, stage)]++;
}
const { passed, skipped, failed } = tally;
console.log(`${passed} cases passed, ${skipped} skipped, ${failed} failed, ${secondsSince(start)} s`);
if (failed > 0) process.exitCode = 1;
