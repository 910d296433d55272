/** Many requests in all ways, to a server that cuts connections: nothing grows, and nothing is taken for what it is not. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Random } from '../simulation/random.ts';
import { commandLine } from '../support/command-line.ts';
import { inThisForm, loaderOptions, repository } from '../support/compiled.ts';
import { growth, mebibytes, type Sample, sample } from './flatness.ts';
import { Tally } from './tally.ts';
import { waysTo } from './ways.ts';

const USAGE = `Usage: npm run soak -- [--requests N] [--seed N]

Makes so many requests (1000000 unless given) in all ways of waiting to a server of its own, which cuts each connection behind a
byte that the seed (1 unless given) decides. At each tenth a line says what the process holds. Ends with status 1 if something
grows, or if a request got anything but its own whole answer or an error.`;

const TENTHS = 10;
/** Requests of one turn, in which each way has its share. */
const TURN = 500;

const { number, fail } = commandLine(USAGE, {
  requests: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: '1' },
});

async function startServer(seed: number): Promise<{ port: number; stop(): Promise<string> }> {
  const program = inThisForm('test/soak/server-program.ts');
  const server = spawn(process.execPath, [...loaderOptions, program, String(seed)], {
    cwd: repository,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => (await lines.next()).value ?? fail('the server has died');
  const port = Number(await line());
  return {
    port,
    async stop() {
      server.stdin.end();
      const [said] = await Promise.all([line(), once(server, 'exit')]);
      return said;
    },
  };
}

const COLUMNS = ['requests', 'answered', 'cut', 'RSS', 'heap', 'external', 'fds', 'owned', 'watched', 'lookups'];

function row(cells: readonly (string | number)[]): void {
  console.log(cells.map((cell, at) => String(cell).padStart(at < 3 ? 9 : 8)).join(' '));
}

const [requests, seed] = [number('requests', TENTHS * TURN), number('seed')];
const server = await startServer(seed);
const tally = new Tally();
const ways = waysTo(server.port, new Random(seed).fork('ways'));
const samples: Sample[] = [];
const start = performance.now();
console.log(`${requests} requests, seed ${seed}; memory in MiB, the heap after garbage was collected`);
row(COLUMNS);

let made = 0;
for (let tenth = 1; tenth <= TENTHS; tenth++) {
  const end = Math.round((requests * tenth) / TENTHS);
  while (made < end) {
    const turn = Math.min(TURN, end - made);
    let given = 0;
    for (const [index, way] of ways.entries()) {
      const share = index === ways.length - 1 ? turn - given : Math.floor(turn * way.share);
      const numbers = Array.from({ length: share }, (_, offset) => made + given + offset);
      given += share;
      await way.run(numbers, tally);
    }
    made += turn;
  }
  for (const way of ways) way.close();
  const now = await sample();
  samples.push(now);
  const memory = [now.rss, now.heap, now.external].map(mebibytes);
  row([made, tally.answered, tally.cut, ...memory, now.descriptors, now.owned, now.watched, now.lookups]);
}

const seconds = (performance.now() - start) / 1000;
console.log(
  `${seconds.toFixed(0)} s, ${Math.round(made / seconds)} requests a second; the server: ${await server.stop()}`,
);
const complaints = [...tally.faults, ...growth(samples)];
if (tally.answered + tally.cut !== made) complaints.push(`${made - tally.answered - tally.cut} have no outcome`);
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exitCode = 1;
else console.log('flat, and each answer is its own');
