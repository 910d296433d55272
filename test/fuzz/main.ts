/** The long run of all properties. */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../support/command-line.ts';

const USAGE = `Usage: npm run fuzz -- [--seconds N] [--seed N] [--path PATH] [NAME...]

Tries all properties with random data, each for so many seconds (30 unless given), from one seed, which is printed. Names
choose files of test/properties by how they begin, or llhttp. A failure says how it is found again: --seed 7 --path 12:0:3.`;

const { values, names, number, fail } = commandLine(
  USAGE,
  {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    path: { type: 'string', default: '' },
  },
  { named: true },
);
const [seconds, seed] = [number('seconds'), number('seed')].map(String);

const root = fileURLToPath(new URL('../', import.meta.url));
const files = [...readdirSync(`${root}properties`).map((file) => `properties/${file}`), 'wire/llhttp.test.ts']
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => names.length === 0 || names.some((name) => basename(file).startsWith(name)))
  .map((file) => root + file);
if (files.length === 0) fail(`no file with properties begins with ${names.join(' or ')}`);

console.log(`seed ${seed}, ${seconds} s per property`);
const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=spec', ...files], {
  stdio: 'inherit',
  env: {
    ...process.env,
    DUGONG_FUZZ_SECONDS: seconds,
    DUGONG_FUZZ_SEED: seed,
    DUGONG_FUZZ_PATH: values.path,
  },
});
process.exitCode = status ?? 1;
