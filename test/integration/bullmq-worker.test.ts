/** The example examples/bullmq-worker with a real Redis: workers that are killed, or asked to end, in the middle of a batch. */

import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { type Batch, batches, digest } from '../../examples/bullmq-worker/batches.ts';
import { makeDocuments, sha256 } from '../../examples/five-ways/documents.ts';
import { repository } from '../support/compiled.ts';
import { dieWithParent, programMissing } from '../support/daemon.ts';
import { listen } from '../support/listen.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { environmentWithoutProxies } from '../support/run-program.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';
import { timeLimit } from '../support/time-limit.ts';

const EXAMPLE = join(repository, 'examples/bullmq-worker');
const BATCH_SIZE = 400;
/** For versions of Node that do not run TypeScript by themselves. */
const LOADER = Reflect.get(process.features, 'typescript') ? [] : ['--import', import.meta.resolve('tsx')];
const LIMIT = timeLimit(120_000);

interface Outcome {
  readonly saved: number;
  readonly present: number;
  readonly missing: readonly string[];
}

/** False, or why the tests are skipped. @throws Error in CI, where they may not be */
function missing(): string | false {
  const redis = programMissing('redis-server');
  if (redis !== false || existsSync(join(EXAMPLE, 'node_modules/bullmq'))) return redis;
  const reason = 'the example is not installed: npm ci --ignore-scripts --prefix examples/bullmq-worker';
  if (process.env.CI !== undefined) throw new Error(reason);
  return reason;
}

/** Whatever may fulfil a condition is announced here. */
class Happenings extends EventEmitter {
  /** Settles when the condition holds. @throws Error with `situation` if that takes too long */
  async until(condition: () => boolean, situation: () => string): Promise<void> {
    const signal = AbortSignal.timeout(LIMIT);
    while (!condition()) {
      await once(this, 'happened', { signal }).catch((cause: unknown) => {
        throw new Error(`still waiting: ${condition}\n${situation()}`, { cause });
      });
    }
  }

  happened(): void {
    this.emit('happened');
  }
}

/** Servers for documents. One response stops half way, on demand. */
class Origins {
  readonly contents = new Map<string, Buffer | undefined>();
  readonly requests = new Map<string, number>();
  readonly #batchOf = new Map<string, Batch>();
  readonly #happenings: Happenings;
  readonly #released = new EventEmitter();
  #holdAt = Number.POSITIVE_INFINITY;
  /** The batch that is held, and the bytes of the document that were sent. */
  held: { readonly batch: Batch; readonly bytes: number } | undefined;

  constructor(happenings: Happenings) {
    this.#happenings = happenings;
    this.#released.setMaxListeners(0);
  }

  /** Starts servers, among which the documents are distributed. */
  async start(context: TestContext, { servers, documents }: { servers: number; documents: number }): Promise<void> {
    const origins: string[] = [];
    for (let index = 0; index < servers; index++) {
      const server = createServer((request, response) => void this.#respond(request, response));
      origins.push(`http://127.0.0.1:${await listen(server, { host: '127.0.0.1', port: 0 })}`);
      context.after(() => {
        server.close();
        server.closeAllConnections();
      });
    }
    for (const [index, { path, content }] of makeDocuments(documents).entries()) {
      this.contents.set(`${origins[index % servers]}${path}`, content);
    }
    for await (const batch of batches(this.contents.keys(), BATCH_SIZE)) {
      for (const url of batch.urls) this.#batchOf.set(url, batch);
    }
  }

  get batches(): Batch[] {
    return [...new Set(this.#batchOf.values())];
  }

  /** The first batch with so many requests gets half of a document, and nothing more until `release()`. */
  holdAt(requests: number): void {
    this.#holdAt = requests;
  }

  release(): void {
    this.#holdAt = Number.POSITIVE_INFINITY;
    this.held = undefined;
    this.#released.emit('released');
  }

  async #respond({ url: path, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = `http://${headers.host}${path}`;
    this.requests.set(url, (this.requests.get(url) ?? 0) + 1);
    const content = this.contents.get(url);
    const batch = this.#batchOf.get(url);
    if (content === undefined || batch === undefined)
      return void response.writeHead(404, { 'Content-Length': 0 }).end();
    response.writeHead(200, { 'Content-Length': content.length });
    const bytes = content.length >> 1;
    if (this.held === undefined && bytes > 0 && this.#requestsOf(batch) >= this.#holdAt) {
      response.write(content.subarray(0, bytes));
      this.held = { batch, bytes };
      this.#happenings.happened();
      await once(this.#released, 'released');
      response.end(content.subarray(bytes));
      return;
    }
    if (this.held?.batch === batch) await once(this.#released, 'released');
    response.end(content);
  }

  #requestsOf({ urls }: Batch): number {
    return urls.filter((url) => this.requests.has(url)).length;
  }
}

/** A process of the example. */
class Program {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: string[] = [];
  readonly exited: Promise<unknown>;
  errors = '';

  constructor(context: TestContext, happenings: Happenings, { args, env }: { args: string[]; env: NodeJS.ProcessEnv }) {
    const node = [process.execPath, ...LOADER, ...args];
    const [command = '', ...argv] = [...dieWithParent(), ...node];
    this.process = spawn(command, argv, { cwd: EXAMPLE, env: { ...environmentWithoutProxies(), ...env } });
    this.exited = once(this.process, 'exit');
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.lines.push(line);
      happenings.happened();
    });
    this.process.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.errors += chunk;
      happenings.happened();
    });
    context.after(() => this.end('SIGKILL'));
  }

  began({ id }: Batch): boolean {
    return this.lines.includes(`${id} begins`);
  }

  /** What it has completed. */
  get outcomes(): Map<string, Outcome> {
    const completed = this.lines.filter((line) => line.includes(' {')).map((line) => line.split(/ (?=\{)/));
    return new Map(completed.map(([id = '', outcome = '']) => [id, JSON.parse(outcome) as Outcome]));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.process.kill(signal);
    await this.exited;
  }
}

/** All that a test has. */
class Site {
  readonly folder: string;
  readonly redis: Redis;
  readonly happenings = new Happenings();
  readonly origins: Origins = new Origins(this.happenings);
  readonly workers: Program[] = [];
  readonly #context: TestContext;
  readonly #env: NodeJS.ProcessEnv;

  constructor(context: TestContext, redis: Redis) {
    this.#context = context;
    this.redis = redis;
    this.folder = temporaryFolder(context);
    this.#env = { REDIS_URL: redis.url, BATCH_SIZE: String(BATCH_SIZE), LOCK_SECONDS: '5' };
  }

  /** Puts all documents into the queue. Returns the names of the batches. */
  async produce(): Promise<string[]> {
    const producer = new Program(this.#context, this.happenings, { args: ['producer.ts'], env: this.#env });
    producer.process.stdin.end([...this.origins.contents.keys()].join('\n'));
    await producer.exited;
    assert.equal(producer.process.exitCode, 0, producer.errors);
    return producer.lines.map((line) => line.slice(0, line.indexOf(':')));
  }

  startWorker(): Program {
    const worker = new Program(this.#context, this.happenings, { args: ['worker.ts', this.folder], env: this.#env });
    this.workers.push(worker);
    return worker;
  }

  /** Settles when a worker has half of a document; returns the worker and its batch. */
  async halfWritten(): Promise<{ worker: Program; batch: Batch }> {
    const { origins, happenings, workers, folder } = this;
    await happenings.until(() => origins.held !== undefined, this.situation);
    const { batch, bytes } = origins.held as { batch: Batch; bytes: number };
    await happenings.until(() => workers.some((worker) => worker.began(batch)), this.situation);
    const hasHalf = (): boolean =>
      this.incomplete(batch).some((name) => size(join(folder, '.incomplete', name)) === bytes);
    for (const end = Date.now() + LIMIT; !hasHalf(); await after(10)) assert.ok(Date.now() < end, this.situation());
    const worker = workers.find((worker) => worker.began(batch)) as Program;
    return { worker, batch };
  }

  /** Settles when the workers have completed all batches. */
  async completed(): Promise<void> {
    const done = (): boolean =>
      this.origins.batches.every(({ id }) => this.workers.some(({ outcomes }) => outcomes.has(id)));
    await this.happenings.until(done, this.situation);
  }

  /** The temporary files of a batch. */
  incomplete({ id }: { readonly id: string }): string[] {
    return namesIn(join(this.folder, '.incomplete')).filter((name) => name.startsWith(id));
  }

  /** How many documents are there. @throws AssertionError if one is not what its URL has */
  saved(): number {
    const present = [...this.origins.contents.keys()].filter((url) => existsSync(join(this.folder, digest(url))));
    for (const url of present) {
      const content = this.origins.contents.get(url);
      assert.ok(content !== undefined, url);
      assert.equal(sha256(readFileSync(join(this.folder, digest(url)))), sha256(content), url);
    }
    return present.length;
  }

  async counts(): Promise<Record<string, string>> {
    const { redis } = this;
    return {
      waiting: await redis.reply('LLEN', 'bull:documents:wait'),
      active: await redis.reply('LLEN', 'bull:documents:active'),
      delayed: await redis.reply('ZCARD', 'bull:documents:delayed'),
      failed: await redis.reply('ZCARD', 'bull:documents:failed'),
      completed: await redis.reply('ZCARD', 'bull:documents:completed'),
    };
  }

  /** All documents are there and whole, and nothing else; each batch was completed once; what is missing is named. */
  async assertComplete(): Promise<void> {
    const { origins, workers, folder } = this;
    const existing = [...origins.contents].flatMap(([url, content]) => (content === undefined ? [] : [url]));
    const absent = [...origins.contents.keys()].filter((url) => !existing.includes(url));
    assert.equal(this.saved(), existing.length);
    assert.deepEqual(readdirSync(folder).sort(), ['.incomplete', ...existing.map(digest)].sort());
    assert.deepEqual(namesIn(join(folder, '.incomplete')), []);
    const outcomes = workers.flatMap((worker) => [...worker.outcomes]);
    assert.deepEqual(outcomes.map(([id]) => id).sort(), origins.batches.map(({ id }) => id).sort());
    const named = outcomes.flatMap(([, outcome]) => outcome.missing);
    assert.deepEqual(named.sort(), absent.map((url) => `${url} (404)`).sort());
    assert.deepEqual(await this.counts(), { ...NONE, completed: String(origins.batches.length) });
  }

  /** Ends the worker as an operator does. */
  async assertEnds(worker: Program): Promise<void> {
    await worker.end('SIGTERM');
    assert.deepEqual([worker.process.exitCode, worker.process.signalCode], [0, null], worker.errors);
  }

  readonly situation = (): string =>
    this.workers.map(({ lines, errors }, index) => `worker ${index}:\n${lines.join('\n')}\n${errors}`).join('\n');
}

const NONE = { waiting: '0', active: '0', delayed: '0', failed: '0', completed: '0' };

function size(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

describe('examples/bullmq-worker', { skip: missing() }, () => {
  test('a worker is killed in the middle of a batch: another one takes it over, and nothing is lost', async (context) => {
    await using redis = await startRedis();
    const site = new Site(context, redis);
    const { origins } = site;
    await origins.start(context, { servers: 2, documents: 1000 });
    const names = origins.batches.map(({ id }) => id);
    assert.equal(names.length, 4);

    // One of the two connections has then sent more than it does before it commits what has come (src/bulk/line.ts).
    origins.holdAt(340);
    site.startWorker();
    site.startWorker();
    assert.deepEqual((await site.produce()).sort(), names.sort());
    const { worker, batch } = await site.halfWritten();
    await worker.end('SIGKILL');
    assert.ok(site.incomplete(batch).length > 0);
    // Nothing under a final name is half-written, in this moment either.
    site.saved();
    const present = batch.urls.filter((url) => existsSync(join(site.folder, digest(url))));
    assert.ok(present.length > 0 && present.length < batch.urls.length);
    assert.equal(worker.outcomes.has(batch.id), false);

    origins.release();
    site.startWorker();
    await site.completed();
    await site.assertComplete();
    const { outcomes } = site.workers.find((other) => other.outcomes.has(batch.id)) as Program;
    assert.ok((outcomes.get(batch.id)?.present ?? 0) >= present.length);
    // What the killed worker has saved was not fetched again.
    for (const url of present) assert.equal(origins.requests.get(url), 1, url);

    const requests = [...origins.requests];
    assert.deepEqual((await site.produce()).sort(), names.sort());
    assert.deepEqual(await site.counts(), { ...NONE, completed: '4' });
    for (const other of site.workers) if (other !== worker) await site.assertEnds(other);
    assert.deepEqual([...origins.requests], requests);
  });

  test('SIGTERM in the middle of a batch gives it back, and ends the worker without a temporary file', async (context) => {
    await using redis = await startRedis();
    const site = new Site(context, redis);
    const { origins } = site;
    await origins.start(context, { servers: 1, documents: 500 });

    origins.holdAt(20);
    site.startWorker();
    await site.produce();
    const { worker, batch } = await site.halfWritten();
    await site.assertEnds(worker);
    assert.deepEqual(site.incomplete(batch), []);
    site.saved();
    assert.deepEqual(await site.counts(), { ...NONE, waiting: '2' });
    assert.match(await redis.reply('HGET', `bull:documents:${batch.id}`, 'atm'), /^0?$/);

    origins.release();
    const other = site.startWorker();
    await site.completed();
    await site.assertComplete();
    await site.assertEnds(other);
  });

  test('a worker stands still for so long that another one runs its batch: neither spoils what the other does', async (context) => {
    await using redis = await startRedis();
    const site = new Site(context, redis);
    const { origins } = site;
    await origins.start(context, { servers: 1, documents: 100 });

    origins.holdAt(20);
    site.startWorker();
    await site.produce();
    const { worker, batch } = await site.halfWritten();
    const half = site.incomplete(batch);
    worker.process.kill('SIGSTOP');
    origins.release();
    const other = site.startWorker();
    await site.completed();
    assert.ok(other.outcomes.has(batch.id));
    assert.deepEqual(
      half.filter((name) => site.incomplete(batch).includes(name)),
      [],
    );

    worker.process.kill('SIGCONT');
    // It has lost the batch, and says so.
    await site.happenings.until(() => worker.errors.includes(batch.id), site.situation);
    await site.assertEnds(worker);
    await site.assertComplete();
    await site.assertEnds(other);
  });
});
