/**
 * `npm run bench`: dugong against undici, node:http, node:https, curl, wget2 and libcurl, on a real nginx on loopback.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { opensslMissing } from '../test/support/certificates.ts';
import { nginxMissing } from '../test/support/nginx.ts';
import { Bulk } from './bulk.ts';
import { BULK_SCENARIOS, type BulkScenario } from './bulk-scenarios.ts';
import { comparison, type SavedRun, table, targets } from './report.ts';
import { isAvailable, runScenario, type Samples } from './run.ts';
import { type Reported, SCENARIOS, type Scenario } from './scenarios.ts';
import { BenchServer } from './server.ts';

const BULK = 'bulk';
const NAMES = [...SCENARIOS.map(({ name }) => name), BULK];
/** --quick divides the documents by so much. */
const QUICK = 10;

const HELP = `Usage: npm run bench -- [options]

  --scenario NAME   only this one, may be repeated: ${NAMES.join(', ')}
  --rounds N        how often each client is run (default 5; ${BULK}: 11, through the relay 5, start-up 21)
  --requests N      requests per run, for the scenarios with small bodies
  --quick           to see whether it runs: one round, and a tenth of the documents of ${BULK}
  --json FILE       save what was measured
  --compare FILE    print the ratio to what an earlier run saved with --json
  --dugong FOLDER   measure the dist/ of another checkout
  --check           exit with 1 if a target is missed
  --help            print this

Each client runs in its own process, one after the other in turn; figures are medians over the rounds, in brackets the least
and the most. CPU is user and system time of the client's process. python-dugong is not installable from here: left out.

In ${BULK}, each program is a whole process with its start, and all write files, which are checked after each run, and removed at the end. In brackets
are the quartiles. Times are those of bash's "time": getrusage(2) of its children. The documents are 5,000 of 1 KB to 1 MB, 102 MB in all
(bounded Pareto distribution, shape 0.63: half are below 3 KB); through the relay, which delay-relay.c describes, 1,000 of them.

libcurl's easy interface (scenario script) is measured where node-libcurl is found, which is no dependency. To build it, with
Debian's libcurl4-openssl-dev:

  npm install --prefix /tmp/libcurl --ignore-scripts node-libcurl@3
  (cd /tmp/libcurl/node_modules/node-libcurl && npx node-pre-gyp configure build)
  NODE_PATH=/tmp/libcurl/node_modules npm run bench -- --scenario script
`;

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    requests: { type: 'string' },
    json: { type: 'string' },
    compare: { type: 'string' },
    dugong: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// Servers and folders go away when the process exits.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

if (options.help) {
  process.stdout.write(HELP);
} else {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** The exit code. */
async function main(): Promise<number> {
  const rounds = roundsOr(5);
  const names = chosenNames();
  const earlier = options.compare === undefined ? undefined : readRun(options.compare);
  const missing = nginxMissing() || opensslMissing();
  if (missing) {
    console.error(`bench: ${missing}`);
    return 1;
  }
  if (!existsSync(`${options.dugong}/dist/index.js`)) throw new Error(`there is no dist/ in ${options.dugong}`);

  const run: SavedRun = {
    date: new Date().toISOString(),
    node: process.version,
    undici: (createRequire(import.meta.url)('undici/package.json') as { version: string }).version,
    rounds,
    scenarios: {},
  };
  const medians = names.some((name) => name !== BULK) ? `, medians of ${rounds} rounds` : '';
  console.log(`node ${run.node}, undici ${run.undici}, ${availableParallelism()} CPUs${medians}\n`);
  let allMet = true;
  const report = (scenario: Reported, samples: Samples): void => {
    progress('');
    run.scenarios[scenario.name] = { requests: scenario.work.requests, samples };
    const { text, met } = targets(scenario, samples);
    allMet &&= met;
    console.log(`${scenario.name}: ${scenario.title}\n${table(scenario, samples)}\n${text}`);
    if (earlier) console.log(`compared with ${earlier.date}:\n${comparison(scenario, samples, earlier)}`);
  };
  await runSmall(names.filter((name) => name !== BULK).map(scenarioOf), { rounds, report });
  if (names.includes(BULK)) await runBulk(report);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run, null, 1)}\n`);
  return options.check && !allMet ? 1 : 0;
}

type Report = (scenario: Reported, samples: Samples) => void;

async function runSmall(
  scenarios: readonly Scenario[],
  { rounds, report }: { rounds: number; report: Report },
): Promise<void> {
  if (scenarios.length === 0) return;
  await using server = await BenchServer.start();
  const { hostname, port, tlsPort, ca } = server;
  for (const scenario of scenarios) {
    const setup = { hostname, port, tlsPort, ca, dugong: options.dugong, rounds, onProgress: progress };
    report(scenario, await runScenario(scenario, setup));
  }
}

async function runBulk(report: Report): Promise<void> {
  const scenarios = BULK_SCENARIOS.map(smaller);
  const programs = new Set(scenarios.flatMap((scenario) => scenario.programs));
  for (const { name, needs } of [...programs].filter((program) => !isAvailable(program)))
    console.log(`${name} is left out: ${needs} is not installed\n`);
  await using bulk = await Bulk.start(Math.max(...scenarios.map(({ work }) => work.requests)));
  for (const scenario of scenarios) {
    const rounds = roundsOr(scenario.rounds);
    const samples = await bulk.run(scenario, { dugong: options.dugong, rounds, onProgress: progress });
    report({ ...scenario, title: `${bulk.describe(scenario)}${scenario.title}; rounds: ${rounds}` }, samples);
  }
}

function smaller(scenario: BulkScenario): BulkScenario {
  if (!options.quick) return scenario;
  return { ...scenario, work: { ...scenario.work, requests: Math.ceil(scenario.work.requests / QUICK) } };
}

function roundsOr(number: number): number {
  if (options.rounds !== undefined) return positive('--rounds', options.rounds);
  return options.quick ? 1 : number;
}

/** In the order of NAMES. */
function chosenNames(): string[] {
  const unknown = options.scenario?.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}; see --help`);
  return NAMES.filter((name) => options.scenario?.includes(name) ?? true);
}

function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name) as Scenario;
  if (options.requests === undefined || scenario.work.requests === 1) return scenario;
  return { ...scenario, work: { ...scenario.work, requests: positive('--requests', options.requests) } };
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`${option} needs a whole number from 1, not ${text}`);
  return number;
}

function readRun(file: string): SavedRun {
  return JSON.parse(readFileSync(file, 'utf8')) as SavedRun;
}

/** Overwrites itself on a terminal, and is silent elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
