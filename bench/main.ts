/**
 * `npm run bench`: dugong against undici, node:http, node:https, curl and libcurl, on a real nginx on loopback.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { opensslMissing } from '../test/support/certificates.ts';
import { nginxMissing } from '../test/support/nginx.ts';
import { comparison, type SavedRun, table, targets } from './report.ts';
import { runScenario } from './run.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { BenchServer } from './server.ts';

const HELP = `Usage: npm run bench -- [options]

  --scenario NAME   only this one, may be repeated: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --rounds N        how often each client is run (default 5)
  --requests N      requests per run, for the scenarios with small bodies
  --json FILE       save what was measured
  --compare FILE    print the ratio to what an earlier run saved with --json
  --dugong FOLDER   measure the dist/ of another checkout
  --check           exit with 1 if a target is missed
  --help            print this

Each client runs in its own process, one after the other in turn; figures are medians over the rounds, in brackets the least
and the most. CPU is user and system time of the client's process. python-dugong is not installable from here: left out.

libcurl's easy interface (scenario script) is measured where node-libcurl is found, which is no dependency. To build it, with
Debian's libcurl4-openssl-dev:

  npm install --prefix /tmp/libcurl --ignore-scripts node-libcurl@3
  (cd /tmp/libcurl/node_modules/node-libcurl && npx node-pre-gyp configure build)
  NODE_PATH=/tmp/libcurl/node_modules npm run bench -- --scenario script
`;

const { values: options } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string' },
    json: { type: 'string' },
    compare: { type: 'string' },
    dugong: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

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
  const rounds = positive('--rounds', options.rounds);
  const scenarios = chosenScenarios();
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
  console.log(`node ${run.node}, undici ${run.undici}, ${availableParallelism()} CPUs, medians of ${rounds} rounds\n`);
  await using server = await BenchServer.start();
  const { hostname, port, tlsPort, ca } = server;
  let allMet = true;
  for (const scenario of scenarios) {
    const setup = { hostname, port, tlsPort, ca, dugong: options.dugong, rounds, onProgress: progress };
    const samples = await runScenario(scenario, setup);
    progress('');
    run.scenarios[scenario.name] = { requests: scenario.work.requests, samples };
    const { text, met } = targets(scenario, samples);
    allMet &&= met;
    console.log(`${scenario.name}: ${scenario.title}\n${table(scenario, samples)}\n${text}`);
    if (earlier) console.log(`compared with ${earlier.date}:\n${comparison(scenario, samples, earlier)}`);
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(run, null, 1)}\n`);
  return options.check && !allMet ? 1 : 0;
}

function chosenScenarios(): Scenario[] {
  const names = options.scenario ?? SCENARIOS.map(({ name }) => name);
  return names.map((name) => {
    const scenario = SCENARIOS.find((each) => each.name === name);
    if (scenario === undefined) throw new Error(`there is no scenario ${name}; see --help`);
    if (options.requests === undefined || scenario.work.requests === 1) return scenario;
    return { ...scenario, work: { ...scenario.work, requests: positive('--requests', options.requests) } };
  });
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
