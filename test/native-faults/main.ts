/** The whole enumeration, or a part of it. */

import { commandLine } from '../support/command-line.ts';
import { enumerate } from './run.ts';
import { CALLS } from './shim.ts';

const USAGE = `Usage: npm run native-faults -- [--workload TEXT] [--call CALL] [--most N] [--verbose]

Has each system call that the addon makes fail in turn, in each way that its manual page names, while clients of all kinds work:
whatever happens, it has to end in the right answer or in the error that says what happened, with most descriptor closed.

  --workload TEXT  only workloads with this in their name
  --call CALL      only this call: ${CALLS.join(', ')}
  --most N         only the first N calls of each kind
  --verbose        name each case

DUGONG_ADDON and LD_PRELOAD may name an addon that was built with sanitizers, and their runtime; see .ci/sanitize.`;

const { values, number, fail } = commandLine(USAGE, {
  workload: { type: 'string', default: '' },
  call: { type: 'string', default: '' },
  most: { type: 'string', default: '1000' },
  verbose: { type: 'boolean', default: false },
});
const { workload, call, verbose } = values;
const most = number('most', 1);
if (call !== '' && !(CALLS as readonly string[]).includes(call)) fail(`there is no call ${call}`);

const began = Date.now();
const report = await enumerate({ workload, call, most }, (what) => {
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
