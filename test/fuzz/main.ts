/** The long run of all properties. */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `Usage: npm run fuzz -- [--seconds N] [--seed N] [--path PATH] [NAME...]

Tries all properties with random data, each for so many seconds (30 unless given), from one seed, which is printed. Names
choose files of test/properties by how they begin, or llhttp. A failure says how it is found again: --seed 7 --path 12:0:3.`;

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '30' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        path: { type: 'string', default: '' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return fail((error as Error).message);
  }
}

const { values, positionals } = parsed();
if (values.help) {
  console.log(USAGE);
  process.exit();
}
for (const name of ['seconds', 'seed'] as const) {
  if (!(Number(values[name]) >= 0)) fail(`--${name} must be a number, got ${values[name]}`);
}

const root = fileURLToPath(new URL('../', import.meta.url));
const files = [...readdirSync(`${root}properties`).map((file) => `properties/${file}`), 'wire/llhttp.test.ts']
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => positionals.length === 0 || positionals.some((name) => basename(file).startsWith(name)))
  .map((file) => root + file);
if (files.length === 0) fail(`no file with properties begins with ${positionals.join(' or ')}`);

console.log(`seed ${values.seed}, ${values.seconds} s per property`);
const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=spec', ...files], {
  stdio: 'inherit',
  env: {
    ...process.env,
    DUGONG_FUZZ_SECONDS: values.seconds,
    DUGONG_FUZZ_SEED: values.seed,
    DUGONG_FUZZ_PATH: values.path,
  },
});
process.exitCode = status ?? 1;
