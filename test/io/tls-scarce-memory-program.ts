/**
 * Fails the allocations of OpenSSL one after the other, while contexts are made and a connection shakes hands, sends and
 * receives. Prints how often each outcome was seen, as JSON.
 *
 *     tls-scarce-memory-program.ts CA-FILE PFX-FILE PORT STRIDE
 */

import { readFileSync } from 'node:fs';
import { native } from '../../src/io/native.ts';
import { systemError } from '../../src/io/system-error.ts';
import type { TLSTransport } from '../../src/io/tls.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import { countAllocations, failing } from './allocations.ts';
import { blocking, coReceive, secure } from './tls-support.ts';

const [caFile = '', pfxFile = '', port, stride] = process.argv.slice(2);
const ca = readFileSync(caFile, 'latin1');
const pfx = readFileSync(pfxFile);
const outcomes: Record<string, number> = {};

function outcomeOf(at: number, work: () => void): string {
  try {
    failing(at, work);
    return 'done';
  } catch (error) {
    const { name, code } = error as Error & { code?: string };
    return code === 'ENOMEM' ? `${name} ${code}` : String(error);
  }
}

/** Lets every one of the allocations fail, or one of so many. */
function failEach(name: string, work: () => void): void {
  const allocations = countAllocations(work);
  // A key that is stretched by thousands of rounds makes as many allocations, all alike.
  const step = Number(stride) * Math.ceil(allocations / 10_000);
  for (let at = 1; at <= allocations; at += step) {
    const key = `${name}: ${outcomeOf(at, work)}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
  }
}

function exchange(tls: TLSContext, hostname: string): void {
  const transport: TLSTransport = secure(Number(port), tls, hostname);
  try {
    const sent = transport.send([Buffer.from('echo')]);
    if (sent < 0) throw transport.failure ?? systemError(sent, 'send');
    const { bytes, result } = blocking(coReceive(transport, 4));
    if (result < 0) throw transport.failure ?? systemError(result, 'recv');
    if (bytes.toString() !== 'echo') throw new Error(`received ${bytes}`);
  } finally {
    transport.close();
  }
}

failEach('context', () => new TLSContext({ ca, pfx, passphrase: 'secret' }));
for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  const context = new TLSContext({ ca, pfx, passphrase: 'secret', maxVersion });
  for (const hostname of ['localhost', '127.0.0.1']) {
    exchange(context, hostname);
    failEach(`${maxVersion} ${hostname}, resumed`, () => exchange(context, hostname));
    const unverified = new TLSContext({ ca, maxVersion, rejectUnauthorized: false });
    failEach(`${maxVersion} ${hostname}, full`, () => exchange(new TLSContext({ ca, maxVersion }), hostname));
    failEach(`${maxVersion} ${hostname}, unverified`, () => exchange(unverified, hostname));
  }
}
outcomes['descriptors left'] = native.counts().owned;
process.stdout.write(JSON.stringify(outcomes));
