/**
 * A process that runs command lines of `dugong` one after the other, for tests of what it fetches, writes and says: a process of its
 * own for each would take a dozen times as long. Where signals, descriptors, standard input, printed texts or the end of the process
 * matter: runProgram('src/cli/main.ts').
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { inThisForm, loaderOptions, repository } from './compiled.ts';
import { environmentWithoutProxies, type ProgramResult } from './run-program.ts';
import { timeLimit } from './time-limit.ts';

export class CommandHost implements AsyncDisposable {
  readonly #child: ChildProcess = spawn(
    process.execPath,
    [...loaderOptions, inThisForm('test/support/command-host-program.ts')],
    {
      cwd: repository,
      env: environmentWithoutProxies(),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      killSignal: 'SIGKILL',
    },
  );
  readonly #ended = once(this.#child, 'exit');
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a command line after those before it. */
  run(args: readonly string[]): Promise<ProgramResult> {
    const running = this.#last.then(() => this.#run(args));
    this.#last = running.catch(() => {});
    return running;
  }

  async #run(args: readonly string[]): Promise<ProgramResult> {
    const late = AbortSignal.timeout(timeLimit(60_000));
    const answered = once(this.#child, 'message', { signal: late });
    this.#child.send(args);
    const ended = this.#ended.then((how) => Promise.reject(new Error(`the process has ended (${how}): ${args}`)));
    const [result] = await Promise.race([answered, ended]);
    return { ...result, stdout: Buffer.from(result.stdout) };
  }

  /** Lets the process end by itself. @throws Error if it does not, or has failed */
  async stop(): Promise<void> {
    await this.#last;
    this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeLimit(10_000));
    const [status, signal] = await this.#ended;
    clearTimeout(timer);
    if (status !== 0) throw new Error(`after its command lines the process ended with ${status ?? signal}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
