/**
 * Shakes hands with a server whose certificate is refused, and makes contexts that are refused, while OpenSSL's allocations, one after
 * the other, succeed only elsewhere than in the heap. Prints how often each outcome was seen, as JSON.
 *
 *     tls-heap-elsewhere-program.ts CA-FILE PFX-FILE PORT STRIDE
 */

import { readFileSync } from 'node:fs';
import { TLSContext } from '../../src/io/tls-context.ts';
import { countAllocations, failing } from './allocations.ts';
import { secure } from './tls-support.ts';

const [caFile = '', pfxFile = '', port, stride] = process.argv.slice(2);
const ca = readFileSync(caFile, 'latin1');
const pfx = readFileSync(pfxFile);
const outcomes: Record<string, number> = {};

function outcomeOf(at: number, work: () => void): string {
  try {
    failing(at, work, 'elsewhere');
    return 'done';
  } catch (error) {
    return `${(error as { code?: string }).code ?? error}`;
  }
}

function each(name: string, work: () => void): void {
  const allocations = countAllocations(work);
  const step = Number(stride) * Math.ceil(allocations / 10_000);
  for (let at = 1; at <= allocations; at += step) {
    const key = `${name}: ${outcomeOf(at, work)}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
  }
}

each('wrong passphrase', () => new TLSContext({ ca, pfx, passphrase: 'wrong' }));
for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const hostname of ['localhost', 'other.example']) {
    each(`${maxVersion} ${hostname}`, () => secure(Number(port), new TLSContext({ ca, maxVersion }), hostname));
  }
}
process.stdout.write(JSON.stringify(outcomes));
