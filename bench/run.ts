/**
 * Runs clients in processes of their own, in interleaved rounds, and collects their measurements.
 */

import { execFile, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Client, Scenario, Work } from './scenarios.ts';

/** The measurement of one client in one round. */
export interface Sample {
  /** The number of requests that this client was asked for. */
  readonly requests: number;
  readonly seconds: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  /** Null where it cannot be known. */
  readonly maxRssKilobytes: number | null;
}

/** The samples of each client, in the order of the rounds. */
export type Samples = Record<string, Sample[]>;

export interface Setup {
  readonly hostname: string;
  readonly port: number;
  readonly tlsPort: number;
  /** The certificate, in a file, that the clients are to trust. */
  readonly ca: string;
  /** The folder whose dist/ is measured. */
  readonly dugong: string;
  readonly rounds: number;
  readonly onProgress: (text: string) => void;
}

/** The argument of a client; see clients/measure.mjs. */
interface Job {
  readonly hostname: string;
  readonly port: number;
  /** Over TLS: the file with the certificate to trust. */
  readonly ca: string | undefined;
  readonly dugong: string;
  readonly depth: number;
  readonly connections: number;
  readonly bufferSize: number | undefined;
  readonly warmUp: Work;
  readonly work: Work;
}

const execute = promisify(execFile);

/** Each round runs every client once, and begins with the next client. @throws Error if a client fails */
export async function runScenario(scenario: Scenario, setup: Setup): Promise<Samples> {
  const clients = scenario.clients.filter(isAvailable);
  const samples: Samples = Object.fromEntries(clients.map(({ name }) => [name, []]));
  for (let round = 0; round < setup.rounds; round++) {
    for (let turn = 0; turn < clients.length; turn++) {
      const client = clients[(round + turn) % clients.length] as Client;
      setup.onProgress(`${scenario.name}: round ${round + 1} of ${setup.rounds}, ${client.name}`);
      samples[client.name]?.push(await runClient(client, scenario, setup));
    }
  }
  return samples;
}

async function runClient(client: Client, scenario: Scenario, setup: Setup): Promise<Sample> {
  const { depth } = scenario;
  const connections = client.connections ?? scenario.connections ?? 1;
  const work = { ...scenario.work, requests: client.requests ?? scenario.work.requests };
  const warmUp = client.requests === undefined ? scenario.warmUp : { ...scenario.warmUp, requests: 1 };
  const { hostname } = setup;
  const { port, ca } = scenario.tls ? { port: setup.tlsPort, ca: setup.ca } : { port: setup.port, ca: undefined };
  const dugong = pathToFileURL(`${setup.dugong}/dist/index.js`).href;
  const job: Job = { hostname, port, ca, dugong, depth, connections, bufferSize: client.bufferSize, warmUp, work };
  const script = fileURLToPath(new URL(`clients/${client.script}.mjs`, import.meta.url));
  const { stdout } = await execute(process.execPath, [script, JSON.stringify(job)], {
    timeout: 600_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return { ...(JSON.parse(stdout) as Omit<Sample, 'requests'>), requests: work.requests };
}

/** @throws Error in CI for a missing command, since no client may be left out there */
export function isAvailable({ needs, needsPackage }: Pick<Client, 'needs' | 'needsPackage'>): boolean {
  if (needsPackage !== undefined && !isInstalled(needsPackage)) return false;
  if (needs === undefined || spawnSync(needs, ['--version']).status === 0) return true;
  if (process.env.CI !== undefined) throw new Error(`${needs} is not installed, and CI must not leave it out`);
  return false;
}

/** Also in the folders of NODE_PATH. */
function isInstalled(name: string): boolean {
  try {
    return createRequire(import.meta.url).resolve(name) !== '';
  } catch {
    return false;
  }
}
