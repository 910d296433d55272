/** Fuzzing that is guided by coverage: instruments src/http1 and lets the targets run over it. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { instrumented } from './instrumentation.ts';

const USAGE = `Usage: npm run fuzz:guided -- [--seconds N] [--seed N] [--corpus FOLDER] [--unreached] [TARGET...]
       npm run fuzz:guided -- --input BASE64 TARGET

Changes inputs that lead to new places in src/http1, so many seconds in all (60 unless given), shared by the targets: responses,
chunked, fields, limits, byteranges, requests, conversation. The same seed makes the same choices. --corpus keeps the inputs that led further
for the next run, --unreached names the branches that nothing reached. A finding is printed as the input that repeats it.`;

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        corpus: { type: 'string' },
        input: { type: 'string' },
        unreached: { type: 'boolean', default: false },
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

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const { code, places } = await instrumented(here('guided-program.ts'), /\/src\/http1\/[^/]+\.ts$/, here('coverage.ts'));
const folder = mkdtempSync(join(tmpdir(), 'dugong-fuzz-'));
let program: typeof import('./guided-program.ts');
try {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, code);
  process.setSourceMapsEnabled(true);
  program = await import(pathToFileURL(file).href);
} finally {
  rmSync(folder, { recursive: true });
}

if (values.input !== undefined) {
  program.runOne(positionals[0] ?? '', Buffer.from(values.input, 'base64'));
  console.log('nothing is wrong with it');
} else {
  console.log(`seed ${values.seed}, ${values.seconds} s`);
  const findings = program.fuzz({
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    names: positionals,
    corpus: values.corpus,
    places,
    unreached: values.unreached,
  });
  for (const { target, error, input } of findings) {
    console.error(`\n${target}: ${JSON.stringify(input.toString('latin1'))}`);
    console.error(error);
    console.error(`npm run fuzz:guided -- --input ${input.toString('base64')} ${target}`);
  }
  if (findings.length > 0) process.exitCode = 1;
}
