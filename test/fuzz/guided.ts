/** Fuzzing that is guided by coverage: instruments src/http1 and lets the targets run over it. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { commandLine } from '../support/command-line.ts';
import { instrumented } from './instrumentation.ts';

const USAGE = `Usage: npm run fuzz:guided -- [--seconds N] [--seed N] [--corpus FOLDER] [--unreached] [TARGET...]
       npm run fuzz:guided -- --input BASE64 TARGET

Changes inputs that lead to new places in src/http1, so many seconds in all (60 unless given), shared by the targets: responses,
chunked, fields, limits, byteranges, requests, conversation. The same seed makes the same choices. --corpus keeps the inputs that led further
for the next run, --unreached names the branches that nothing reached. A finding is printed as the input that repeats it.`;

const { values, names, number } = commandLine(
  USAGE,
  {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    corpus: { type: 'string' },
    input: { type: 'string' },
    unreached: { type: 'boolean', default: false },
  },
  { named: true },
);
const [seconds, seed] = [number('seconds'), number('seed')];

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
  program.runOne(names[0] ?? '', Buffer.from(values.input, 'base64'));
  console.log('nothing is wrong with it');
} else {
  console.log(`seed ${seed}, ${seconds} s`);
  const findings = program.fuzz({
    seconds,
    seed,
    names,
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
