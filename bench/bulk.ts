/**
 * The scenario `bulk`: programs that fetch many documents into files, each a whole process with its start, and how long starting takes.
 * It makes the documents and the server, runs the programs in turn, and checks every file after each run.
 */

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Daemon, startDaemon } from '../test/support/daemon.ts';
import { contentOf, type Document, documentsOf, writeDocuments } from '../test/support/documents.ts';
import { type Nginx, startNginx } from '../test/support/nginx.ts';
import { type BulkScenario, CONNECTIONS, type Program, RELAY_MBIT } from './bulk-scenarios.ts';
import { isAvailable, type Sample, type Samples } from './run.ts';

const SEED = 12;
/** Prints wall, user and system time of a command in seconds, as bash's getrusage(2) of its children has them. */
const TIMED = 'TIMEFORMAT="%3R %3U %3S"; time "$@" > "$LOG" 2>&1';

const execute = promisify(execFile);

export interface BulkSetup {
  /** The folder whose dist/ is measured. */
  readonly dugong: string;
  readonly rounds: number;
  readonly onProgress: (text: string) => void;
}

/** A path to the server: its port, and its relay. */
interface Route {
  readonly port: number;
  readonly relay: Daemon | undefined;
}

export class Bulk implements AsyncDisposable {
  /** Everything that is made, and the HOME of the programs. */
  readonly #folder: string;
  readonly #documents: readonly Document[];
  readonly #digests: ReadonlyMap<string, string>;
  readonly #nginx: Nginx;
  readonly #remove = (): void => rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  #runs = 0;

  /** Makes `count` documents, and serves them from nginx with its defaults. */
  static async start(count: number): Promise<Bulk> {
    const folder = mkdtempSync(join(tmpdir(), 'dugong-bulk-'));
    try {
      const documents = documentsOf(count, SEED);
      const root = join(folder, 'documents');
      writeDocuments(root, documents);
      const digests = new Map(documents.map((document) => [document.name, digestOf(contentOf(document))]));
      return new Bulk(folder, { documents, digests, nginx: await startNginx({ root }) });
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(
    folder: string,
    made: { documents: readonly Document[]; digests: ReadonlyMap<string, string>; nginx: Nginx },
  ) {
    this.#folder = folder;
    this.#documents = made.documents;
    this.#digests = made.digests;
    this.#nginx = made.nginx;
    process.once('exit', this.#remove);
  }

  /** Each round runs every program once, and begins with the next one. @throws Error if a program fails, or a file is wrong */
  async run(scenario: BulkScenario, setup: BulkSetup): Promise<Samples> {
    const programs = scenario.programs.filter(isAvailable);
    const samples: Samples = Object.fromEntries(programs.map(({ name }) => [name, []]));
    const { port, relay } = await this.#route(scenario.roundTrip);
    try {
      for (let round = 0; round < setup.rounds; round++) {
        for (let turn = 0; turn < programs.length; turn++) {
          const program = programs[(round + turn) % programs.length] as Program;
          setup.onProgress(`${scenario.name}: round ${round + 1} of ${setup.rounds}, ${program.name}`);
          samples[program.name]?.push(await this.#measure(program, scenario, { port, dugong: setup.dugong }));
        }
      }
    } finally {
      await relay?.stop();
    }
    return samples;
  }

  /** How many documents, and how large; nothing for a scenario without. */
  describe({ work, programs }: BulkScenario): string {
    if (!programs.some(({ fetches }) => fetches)) return '';
    const bytes = this.#documents.slice(0, work.requests).reduce((sum, { size }) => sum + size, 0);
    return `${work.requests} documents, ${(bytes / 1e6).toFixed(1)} MB: `;
  }

  async #route(roundTrip: number | undefined): Promise<Route> {
    const { port } = this.#nginx;
    if (roundTrip === undefined) return { port, relay: undefined };
    const relay = await startDaemon({
      program: this.#compiledRelay(),
      prepare: () => [String(port), String(roundTrip), String(RELAY_MBIT)],
      ready: /port \d+\n/,
    });
    return { port: Number(/port (\d+)/.exec(relay.output)?.[1]), relay };
  }

  #compiledRelay(): string {
    const program = join(this.#folder, 'delay-relay');
    execFileSync('cc', ['-O2', '-o', program, fileURLToPath(new URL('delay-relay.c', import.meta.url))]);
    return program;
  }

  async #measure(program: Program, { work }: BulkScenario, at: { port: number; dugong: string }): Promise<Sample> {
    // It stays until the end: for minutes, ext4 uses no inode of a removed file again, and looking for others costs ten times as much.
    const folder = join(this.#folder, `run-${++this.#runs}`);
    const files = join(folder, 'files');
    const list = join(folder, 'list');
    mkdirSync(files, { recursive: true });
    const documents = this.#documents.slice(0, work.requests);
    const urls = documents.map(({ name }) => `http://127.0.0.1:${at.port}/${name}`);
    writeFileSync(list, program.list(urls));
    const argv = program.argv({ files, list, dugong: at.dugong, connections: CONNECTIONS });
    // What the run before has left to write is not this one's.
    execFileSync('sync');
    const [seconds = 0, user = 0, system = 0] = await this.#timed(argv, { cwd: files, log: join(folder, 'log') });
    if (program.fetches) this.#check(files, documents);
    const [userMicros, systemMicros] = [user * 1e6, system * 1e6];
    return { requests: work.requests, seconds, userMicros, systemMicros, maxRssKilobytes: null };
  }

  /** Wall, user and system time in seconds. @throws Error, with the output, if the command fails */
  async #timed(argv: readonly string[], { cwd, log }: { cwd: string; log: string }): Promise<number[]> {
    const { PATH } = process.env;
    const env = { PATH, HOME: this.#folder, LOG: log, LC_ALL: 'C' };
    try {
      const { stderr } = await execute('bash', ['-c', TIMED, 'bash', ...argv], { cwd, env, timeout: 600_000 });
      return stderr.trim().split(' ').map(Number);
    } catch {
      throw new Error(`${argv.slice(0, 2).join(' ')} failed:\n${readFileSync(log, 'utf8').slice(0, 2000)}`);
    }
  }

  #check(files: string, documents: readonly Document[]): void {
    const { length } = readdirSync(files);
    if (length !== documents.length) throw new Error(`${length} files instead of ${documents.length}`);
    for (const { name } of documents) {
      if (digestOf(readFileSync(join(files, name))) !== this.#digests.get(name)) throw new Error(`${name} is wrong`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#nginx.stop();
    process.off('exit', this.#remove);
    this.#remove();
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('base64');
}
