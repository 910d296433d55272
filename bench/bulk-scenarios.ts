/**
 * The parts of the scenario `bulk`, their programs and targets. Data only.
 */

import type { Metric, Reported, Target } from './scenarios.ts';

/** For every program. */
export const CONNECTIONS = 4;
/** Bandwidth of the relay, in each direction. */
export const RELAY_MBIT = 1000;

/** A program that is run as a whole process. */
export interface Program {
  readonly name: string;
  /** A command without which this program is left out (never in CI). */
  readonly needs?: string;
  /** Whether it fetches documents into files. */
  readonly fetches: boolean;
  /** The list of URLs as it wants it. */
  readonly list: (urls: readonly string[]) => string;
  /** `files`: the folder for the documents, which is also the current one. `list`: the file with the list. */
  readonly argv: (use: { files: string; list: string; dugong: string; connections: number }) => readonly string[];
}

export interface BulkScenario extends Reported {
  readonly programs: readonly Program[];
  /** Milliseconds of the path to the server; without: no relay. */
  readonly roundTrip?: number;
  /** Unless --rounds is given. */
  readonly rounds: number;
}

const lines = (urls: readonly string[]): string => urls.map((url) => `${url}\n`).join('');
const nameIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

const curl: Program = {
  name: 'curl -Z',
  needs: 'curl',
  fetches: true,
  list: (urls) => urls.map((url) => `url = "${url}"\noutput = "${nameIn(url)}"\n`).join(''),
  argv: ({ list, connections }) => [
    ...['curl', '-q', '-sS', '--fail', '-Z', '--parallel-max', String(connections), '-K', list],
  ],
};

const wget2: Program = {
  name: 'wget2',
  needs: 'wget2',
  fetches: true,
  list: lines,
  argv: ({ files, list, connections }) => [
    ...['wget2', '--no-config', '-q', `--max-threads=${connections}`, '-P', files, '-i', list],
  ],
};

const dugong: Program = {
  name: 'dugong',
  fetches: true,
  list: lines,
  argv: ({ files, list, dugong: folder, connections }) => {
    const command = `${folder}/dist/cli/main.js`;
    return [process.execPath, command, '-q', '-j', String(connections), '-P', files, '--input', list];
  },
};

const version: Program = {
  name: 'dugong --version',
  fetches: false,
  list: lines,
  argv: ({ dugong: folder }) => [process.execPath, `${folder}/dist/cli/main.js`, '--version'],
};

/** A program that imports an entry of the package, and ends. */
const imports = ['index', 'sync/index', 'http1/index'].map(
  (entry): Program => ({
    name: `import ${entry}.js`,
    fetches: false,
    list: lines,
    argv: ({ dugong: folder }) => [
      process.execPath,
      '--input-type=module',
      '-e',
      `import ${JSON.stringify(`${folder}/dist/${entry}.js`)}`,
    ],
  }),
);

const nothing: Program = {
  name: 'node -e 0',
  fetches: false,
  list: lines,
  argv: () => [process.execPath, '-e', '0'],
};

const metrics: readonly Metric[] = ['wall', 'cpuSeconds', 'userSeconds', 'systemSeconds'];

function target(metric: Metric, factor: number, than: Program): Target {
  return { client: dugong.name, metric, sense: 'at most', factor, than: than.name };
}

const loopback: BulkScenario = {
  name: 'bulk',
  title: '4 connections, nginx with its default keepalive_requests, into files',
  work: { requests: 5000, size: 0 },
  rounds: 11,
  spread: 'quartiles',
  metrics,
  programs: [dugong, curl, wget2],
  targets: [
    target('wall', 0.7, wget2),
    target('wall', 1, curl),
    target('cpuSeconds', 1.3, curl),
    target('cpuSeconds', 1, wget2),
  ],
};

const delayed = [20, 100].map(
  (roundTrip): BulkScenario => ({
    name: `bulk-${roundTrip}ms`,
    title: `the same over a path with a round trip of ${roundTrip} ms and ${RELAY_MBIT} Mbit/s`,
    work: { requests: 1000, size: 0 },
    roundTrip,
    rounds: 5,
    spread: 'quartiles',
    metrics,
    programs: [dugong, curl, wget2],
    targets: [target('wall', 1 / 5, curl), target('wall', 1 / 5, wget2)],
  }),
);

const startUp: BulkScenario = {
  name: 'bulk-start',
  title: 'starting, and nothing else',
  work: { requests: 1, size: 0 },
  rounds: 21,
  spread: 'quartiles',
  metrics,
  programs: [version, ...imports, nothing],
  targets: [{ client: version.name, metric: 'wall', sense: 'at most', factor: 1.5, than: nothing.name }],
};

export const BULK_SCENARIOS: readonly BulkScenario[] = [loopback, ...delayed, startUp];
