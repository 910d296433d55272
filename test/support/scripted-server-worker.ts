/**
 * The thread behind scripted-server.ts: listens, gives each connection its script in the order of arrival, and knows
 * the state of all of them.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { abort } from './abort.ts';
import { listen, type Where } from './listen.ts';
import type { Script } from './script.ts';
import { Cues, ScriptedConnection } from './scripted-connection.ts';
import { answerCalls } from './server-thread.ts';

/** The calls into the thread; `id` is the one that `listen` returned. */
export interface ScriptedServerCalls {
  listen(where: Where): Promise<{ id: number; port: number }>;
  play(argument: { id: number; scripts: readonly Script[] }): void;
  open(argument: { id: number; gate: string }): void;
  reached(argument: { id: number; mark: string }): Promise<void>;
  connections(argument: { id: number }): Promise<number>;
  received(argument: { id: number; connection: number }): Promise<Uint8Array>;
  heads(argument: { id: number; connection: number }): Promise<string[]>;
  check(argument: { id: number }): Promise<void>;
  describe(argument: { id: number }): string;
  stop(argument: { id: number }): Promise<string | undefined>;
}

class ScriptedServer {
  readonly gates: Cues = new Cues();
  readonly marks: Cues = new Cues();
  readonly #connections: ScriptedConnection[] = [];
  readonly #server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
  readonly #progress = new Cues();
  #scripts: readonly Script[] = [];
  #unwanted = 0;
  #finished = 0;
  #reported = false;

  listen(where: Where): Promise<number> {
    this.#server.on('connection', (socket) => void this.#accept(socket));
    return listen(this.#server, where);
  }

  play(scripts: readonly Script[]): void {
    this.#scripts = scripts;
    if (scripts.length === 0) this.#progress.give('finished');
  }

  async #accept(socket: Socket): Promise<void> {
    const script = this.#scripts[this.#connections.length];
    if (script === undefined) {
      this.#unwanted++;
      this.#progress.give('failed');
      socket.on('error', () => {});
      abort(socket);
      return;
    }
    const connection = new ScriptedConnection(socket, script, this);
    this.#connections.push(connection);
    await connection.play();
    if (connection.failure !== undefined) this.#progress.give('failed');
    else if (++this.#finished === this.#scripts.length) this.#progress.give('finished');
  }

  async connections(): Promise<number> {
    await settled();
    return this.#connections.length + this.#unwanted;
  }

  async connection(index: number): Promise<ScriptedConnection> {
    await settled();
    const connection = this.#connections[index];
    if (connection === undefined) throw new Error(`there is no connection ${index}\n${this.describe()}`);
    return connection;
  }

  /** Settles when the mark is reached; rejects when a script fails before that. */
  async reached(mark: string): Promise<void> {
    const reached = this.marks.given(mark).then(() => true);
    const failed = this.#progress.given('failed').then(() => false);
    if (await Promise.race([reached, failed])) return;
    this.#reported = true;
    throw new Error(`mark '${mark}' was not reached\n${this.describe()}`);
  }

  async check(): Promise<void> {
    await Promise.race([this.#progress.given('finished'), this.#progress.given('failed')]);
    await settled();
    this.#reported = true;
    if (this.#failed()) throw new Error(this.describe());
  }

  describe(): string {
    const states = this.#scripts.map((_, index) => {
      return `connection ${index}: ${this.#connections[index]?.describe() ?? 'was never made'}`;
    });
    if (this.#unwanted > 0) states.push(`connections for which there was no script: ${this.#unwanted}`);
    return states.join('\n');
  }

  /** Returns the failures, unless a caller has got them already. */
  async stop(): Promise<string | undefined> {
    const report = this.#failed() && !this.#reported ? this.describe() : undefined;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections) connection.abort();
    await closed;
    return report;
  }

  #failed(): boolean {
    return this.#unwanted > 0 || this.#connections.some(({ failure, surplus }) => failure !== undefined || surplus > 0);
  }
}

/** Lets the loop poll a few times, so that all bytes that have reached the kernel by now have been read. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

const servers = new Map<number, ScriptedServer>();
let lastId = 0;

function server(id: number): ScriptedServer {
  const found = servers.get(id);
  if (found === undefined) throw new Error('this server has been stopped');
  return found;
}

answerCalls<ScriptedServerCalls>({
  async listen(where) {
    const started = new ScriptedServer();
    const port = await started.listen(where);
    servers.set(++lastId, started);
    return { id: lastId, port };
  },
  play: ({ id, scripts }) => server(id).play(scripts),
  open: ({ id, gate }) => server(id).gates.give(gate),
  reached: ({ id, mark }) => server(id).reached(mark),
  connections: ({ id }) => server(id).connections(),
  received: async ({ id, connection }) => Uint8Array.from((await server(id).connection(connection)).log.all),
  heads: async ({ id, connection }) => (await server(id).connection(connection)).heads,
  check: ({ id }) => server(id).check(),
  describe: ({ id }) => server(id).describe(),
  async stop({ id }) {
    const report = await server(id).stop();
    servers.delete(id);
    return report;
  },
});
