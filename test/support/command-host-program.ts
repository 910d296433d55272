/**
 * The process behind command-host.ts: runs each command line that comes over its channel, one at a time, and answers with what it
 * has come to. It ends by itself when the channel closes, if no command line has left anything that keeps it alive.
 */

import { Writable } from 'node:stream';
import { runCommand } from '../../src/cli/command.ts';
import type { ProgramResult } from './run-program.ts';

class Collector extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  get content(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

async function resultOf(args: readonly string[]): Promise<ProgramResult> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  Object.defineProperties(process, {
    stdout: { value: stdout, configurable: true },
    stderr: { value: stderr, configurable: true },
  });
  const onWarning = (warning: Error): boolean => stderr.write(String(warning));
  process.on('warning', onWarning);
  const status = await runCommand(args);
  // A warning is emitted in the next turn.
  await new Promise(setImmediate);
  process.off('warning', onWarning);
  return { status, signal: null, stdout: stdout.content, stderr: stderr.content.toString() };
}

process.on('message', async (args: readonly string[]) => {
  process.send?.(await resultOf(args));
});
