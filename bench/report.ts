/**
 * From samples to figures: medians with their spread, the targets with their marks, the comparison with an earlier run.
 */

import type { Sample, Samples } from './run.ts';
import type { Metric, Reported, Target } from './scenarios.ts';

/** What `--json` saves. */
export interface SavedRun {
  readonly date: string;
  readonly node: string;
  readonly undici: string;
  readonly rounds: number;
  readonly scenarios: Record<string, { readonly requests: number; readonly samples: Samples }>;
}

interface MetricInfo {
  readonly heading: string;
  readonly digits: number;
  readonly of: (sample: Sample, scenario: Reported) => number | null;
}

const cpuMicros = ({ userMicros, systemMicros }: Sample): number => userMicros + systemMicros;

const METRICS: Record<Metric, MetricInfo> = {
  cpu: { heading: 'CPU µs/req', digits: 1, of: (sample) => cpuMicros(sample) / sample.requests },
  user: { heading: 'user', digits: 1, of: (sample) => sample.userMicros / sample.requests },
  system: { heading: 'system', digits: 1, of: (sample) => sample.systemMicros / sample.requests },
  rate: { heading: 'requests/s', digits: 0, of: (sample) => sample.requests / sample.seconds },
  throughput: {
    heading: 'MB/s',
    digits: 0,
    of: (sample, { work }) => (work.requests * work.size) / sample.seconds / 1e6,
  },
  cpuSeconds: { heading: 'CPU s', digits: 2, of: (sample) => cpuMicros(sample) / 1e6 },
  callTime: { heading: 'µs/call', digits: 1, of: ({ seconds, requests }) => (seconds * 1e6) / requests },
  suspension: { heading: 'ns/suspension', digits: 0, of: ({ seconds, requests }) => (seconds * 1e9) / requests },
  wall: { heading: 'wall s', digits: 3, of: ({ seconds }) => seconds },
  userSeconds: { heading: 'user s', digits: 3, of: ({ userMicros }) => userMicros / 1e6 },
  systemSeconds: { heading: 'system s', digits: 3, of: ({ systemMicros }) => systemMicros / 1e6 },
  rss: {
    heading: 'max RSS MB',
    digits: 1,
    of: ({ maxRssKilobytes }) => (maxRssKilobytes === null ? null : (maxRssKilobytes * 1024) / 1e6),
  },
};

/** A figure over all rounds. */
interface Figure {
  readonly median: number;
  /** As the scenario wants its spread. */
  readonly low: number;
  readonly high: number;
}

/** Undefined for a client that was left out, or a figure that cannot be known. */
function figure(samples: Samples, client: string, metric: Metric, scenario: Reported): Figure | undefined {
  const values = (samples[client] ?? [])
    .map((sample) => METRICS[metric].of(sample, scenario))
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  if (values.length === 0) return undefined;
  const [low, high] = scenario.spread === 'quartiles' ? [0.25, 0.75] : [0, 1];
  return { median: quantile(values, 0.5), low: quantile(values, low), high: quantile(values, high) };
}

/** Between two of the ordered values, in proportion. */
function quantile(values: readonly number[], part: number): number {
  const place = part * (values.length - 1);
  const below = values[Math.floor(place)] as number;
  const above = values[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** One line per client: the median of each figure, and in brackets its spread. */
export function table(scenario: Reported, samples: Samples): string {
  const rows = Object.keys(samples).map((client) => [
    client,
    ...scenario.metrics.map((metric) => show(figure(samples, client, metric, scenario), METRICS[metric].digits)),
  ]);
  return aligned([['', ...scenario.metrics.map((metric) => METRICS[metric].heading)], ...rows]);
}

/** One line per target, and whether all targets with figures are met. */
export function targets(scenario: Reported, samples: Samples): { text: string; met: boolean } {
  const judged = scenario.targets.map((target) => judge(target, scenario, samples));
  return { text: aligned(judged.map(({ cells }) => cells)), met: judged.every(({ met }) => met !== false) };
}

function judge(target: Target, scenario: Reported, samples: Samples): { cells: string[]; met: boolean | undefined } {
  const { client, metric, sense, than, factor = 1, limit } = target;
  const { heading, digits } = METRICS[metric];
  const value = figure(samples, client, metric, scenario)?.median;
  const base = than === undefined ? 1 : figure(samples, than, metric, scenario)?.median;
  const demand = than === undefined ? `${sense} ${limit}` : `${sense} ${decimals(factor)} x ${than}`;
  if (value === undefined || base === undefined)
    return { cells: ['----', client, heading, '', demand], met: undefined };
  const ratio = value / base;
  const bound = limit ?? factor;
  const met = sense === 'at most' ? ratio <= bound : ratio >= bound;
  return {
    cells: [
      met ? 'PASS' : 'FAIL',
      client,
      heading,
      than === undefined ? ratio.toFixed(digits) : decimals(ratio),
      demand,
    ],
    met,
  };
}

/** Two decimals; more for a small number. */
function decimals(ratio: number): string {
  return ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2);
}

/** One line per client: each median as a multiple of the earlier run's. */
export function comparison(scenario: Reported, samples: Samples, earlier: SavedRun): string {
  const saved = earlier.scenarios[scenario.name];
  if (saved === undefined) return `  the earlier run has no scenario ${scenario.name}\n`;
  const scenarioThen = { ...scenario, work: { ...scenario.work, requests: saved.requests } };
  const rows = Object.keys(samples).map((client) => [
    client,
    ...scenario.metrics.map((metric) => {
      const now = figure(samples, client, metric, scenario)?.median;
      const before = figure(saved.samples, client, metric, scenarioThen)?.median;
      return now === undefined || before === undefined ? '-' : `x ${(now / before).toFixed(2)}`;
    }),
  ]);
  return aligned([['', ...scenario.metrics.map((metric) => METRICS[metric].heading)], ...rows]);
}

function show(value: Figure | undefined, digits: number): string {
  if (value === undefined) return '-';
  const { median, low, high } = value;
  return `${median.toFixed(digits)} [${low.toFixed(digits)}-${high.toFixed(digits)}]`;
}

/** Two spaces between columns. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}
