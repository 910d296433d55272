/**
 * A worker thread that answers calls, for test servers. A blocking call of the client freezes the thread that makes
 * it, so a server must live in another one, and the test must be able to call it both asynchronously and
 * with its own thread blocked (`Atomics.wait`, then `receiveMessageOnPort`).
 *
 * Both halves are here: `serverThread()` for the test, `answerCalls()` for the module in the thread. One thread per
 * module serves all servers of a test file; it never keeps the process alive. Nothing here knows what is served.
 */

import { inspect } from 'node:util';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { timeLimit } from './time-limit.ts';

/** The calls of a server module: functions of one argument. Arguments and results are cloned on their way. */
export type Calls<C> = { [K in keyof C]: (argument: never) => unknown };
type Argument<F> = F extends (argument: infer A) => unknown ? A : never;
type Result<F> = F extends (argument: never) => infer R ? Awaited<R> : never;

type Answer = { id: number; value: unknown } | { id: number; error: string } | { fatal: string };
type Settle = (answer: Answer) => void;

interface Line {
  port: MessagePort;
  /** Counts the answers, so that a blocked thread can sleep until there is one more. */
  answered: Int32Array;
}

/** No answer came within the time limit. */
export class NoAnswer extends Error {}

/** The test's half: makes calls into the thread. */
export class ServerThread<C extends Calls<C>> {
  readonly #port: MessagePort;
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, Settle>();
  #calls = 0;
  #fatal: string | undefined;

  constructor(module: URL) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#port.on('message', (answer: Answer) => this.#settle(answer));
    this.#port.unref();
    const line: Line = { port: port2, answered: this.#answered };
    const options = { eval: true, execArgv: [], workerData: line, transferList: [port2] };
    const worker = new Worker(bootstrap(module), options);
    worker.on('error', (error) => this.#settle({ fatal: inspect(error) }));
    worker.unref();
  }

  /** Calls and blocks this thread until the answer has arrived. */
  call<K extends keyof C & string>(name: K, argument: Argument<C[K]>, limit: number = timeLimit(20_000)): Result<C[K]> {
    let answer: Answer | undefined;
    const id = this.#post(name, argument, (received) => {
      answer = received;
    });
    const deadline = performance.now() + limit;
    for (;;) {
      const seen = Atomics.load(this.#answered, 0);
      this.#receive();
      if (answer !== undefined) return resultOf(answer) as Result<C[K]>;
      const left = deadline - performance.now();
      if (left <= 0 || Atomics.wait(this.#answered, 0, seen, left) === 'timed-out') {
        this.#waiting.delete(id);
        throw new NoAnswer(`no answer to ${name} within ${limit} ms`);
      }
    }
  }

  /** Calls and leaves Node's event loop running. Keeps the process alive until the answer or the limit. */
  callAsync<K extends keyof C & string>(
    name: K,
    argument: Argument<C[K]>,
    limit: number = timeLimit(20_000),
  ): Promise<Result<C[K]>> {
    return new Promise((resolve, reject) => {
      const id = this.#post(name, argument, (answer) => {
        clearTimeout(timer);
        try {
          resolve(resultOf(answer) as Result<C[K]>);
        } catch (error) {
          reject(error);
        }
      });
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new NoAnswer(`no answer to ${name} within ${limit} ms`));
      }, limit);
    });
  }

  #post(name: string, argument: unknown, settle: Settle): number {
    if (this.#fatal !== undefined) throw new Error(`the server thread has died: ${this.#fatal}`);
    const id = ++this.#calls;
    this.#waiting.set(id, settle);
    this.#port.postMessage({ id, name, argument });
    return id;
  }

  #receive(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      this.#settle(received.message as Answer);
    }
  }

  #settle(answer: Answer): void {
    if ('fatal' in answer) {
      this.#fatal = answer.fatal;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const settle of waiting) settle(answer);
      return;
    }
    const settle = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    settle?.(answer);
  }
}

const threads = new Map<string, unknown>();

/** The thread that runs `module`, started on first use. `C` must be the type of what that module passes to `answerCalls`. */
export function serverThread<C extends Calls<C>>(module: URL): ServerThread<C> {
  const running = threads.get(module.href) as ServerThread<C> | undefined;
  if (running !== undefined) return running;
  const thread = new ServerThread<C>(module);
  threads.set(module.href, thread);
  return thread;
}

function resultOf(answer: Answer): unknown {
  if ('fatal' in answer) throw new Error(`the server thread has died: ${answer.fatal}`);
  if ('error' in answer) throw new Error(answer.error);
  return answer.value;
}

/**
 * The thread begins with a few lines of plain JavaScript, which report a module that cannot be loaded to a test that is
 * already waiting. For TypeScript they register tsx's loader, which Node 20 does not hand on to a worker. (execArgv is empty,
 * or an inherited --input-type would decide what kind of module these lines are.)
 */
function bootstrap(module: URL): string {
  const loader = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => register())`;
  return `
    const { workerData: { port, answered } } = require('node:worker_threads');
    const die = (error) => {
      port.postMessage({ fatal: require('node:util').inspect(error) });
      Atomics.add(answered, 0, 1);
      Atomics.notify(answered, 0);
    };
    process.on('uncaughtException', die);
    ${/ts$/.test(module.pathname) ? loader : 'Promise.resolve()'}
      .then(() => import(${JSON.stringify(module.href)}))
      .catch(die);`;
}

/** The thread's half: answers calls with the results of these functions. */
export function answerCalls<C extends Calls<C>>(calls: C): void {
  const { port, answered } = workerData as Line;
  const reply = (answer: Answer): void => {
    port.postMessage(answer);
    Atomics.add(answered, 0, 1);
    Atomics.notify(answered, 0);
  };
  port.on('message', async ({ id, name, argument }: { id: number; name: keyof C; argument: never }) => {
    try {
      reply({ id, value: await calls[name](argument) });
    } catch (error) {
      reply({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
}
