/** The whole enumeration, or a part of it. */

import { parseArgs } from 'node:util';
import { enumerate } from './run.ts';
import { CALLS } from './shim.ts';

const USAGE = `Usage: npm run native-faults -- [--workload TEXT] [--call CALL] [--every N] [--verbose]

Has each system call that the addon makes fail in turn, in each way that its manual page names, while clients of all kinds work:
whatever happens, it has to end in the right answer or in the error that says what happened, with every descriptor closed.

  --workload TEXT  only workloads with this in their name
  --call CALL      only this call: ${CALLS.join(', ')}
  --every N        one case of so many
  --verbose        name each case

DUGONG_ADDON and LD_PRELOAD may name an addon that was built with sanitizers, and their runtime; see .ci/sanitize.`;

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({
      options: {
        workload: { type: 'string', default: '' },
        call: { type: 'string', default: '' },
        every: { type: 'string', default: '1' },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return fail((error as Error).message);
  }
}

const { workload, call, every, verbose, help } = parsed();
if (help) {
  console.log(USAGE);
  process.exit();
}
if (!(Number(every) >= 1)) fail(`--every must be a number, got ${every}`);
if (call !== '' && !(CALLS as readonly string[]).includes(call)) fail(`there is no call ${call}`);

const began = Date.now();
const report = await enumerate({ workload, call, every: Number(every) }, (what) => {
  if (verbose && !what.startsWith('{')) console.log(what);
});
for (const problem of report.wrong) console.log(problem);
const calls = report.calls.map(([name, faults]) => `${name} ${faults}`).join(', ');
console.log(
  `${report.faults} faults (${calls}) in ${report.workloads} workloads, ${Math.round((Date.now() - began) / 1000)} s:`,
);
const answers = report.faults - report.errors;
const verdict = `${answers} ended in the right answer, ${report.errors} in an error`;
console.log(
  report.wrong.length === 0
    ? `${verdict} that says what happened; nothing was left open`
    : `${report.wrong.length} went wrong`,
);
process.exitCode = report.wrong.length === 0 ? 0 : 1;
