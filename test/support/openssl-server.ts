/**
 * `openssl s_server`, for what no well-behaved server does. Without further options it sends its input, and prints what it
 * receives; a line that begins with one of its letters (K, k: key update, r: renegotiate, Q: close) is a command.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';
import { type Daemon, startDaemon } from './daemon.ts';

export class OpensslServer implements AsyncDisposable {
  readonly hostname: string = '127.0.0.1';
  readonly port: number;
  readonly daemon: Daemon;

  constructor(daemon: Daemon) {
    this.daemon = daemon;
    this.port = Number(/ACCEPT 127\.0\.0\.1:(\d+)/.exec(daemon.output)?.[1]);
  }

  /** With the option -crlf, line ends become CRLF. */
  send(text: string): void {
    this.daemon.type(text);
  }

  /** Gives a command, and settles when it has been carried out: with the option -msg, the messages for it are printed. */
  async order(letter: string, done: RegExp): Promise<void> {
    this.daemon.type(`${letter}\n`);
    await this.daemon.wrote(done);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.stop();
  }
}

/** `files` are in its working folder, which -WWW serves. */
export async function startOpensslServer(
  { certFile, keyFile }: Pick<Certificate, 'certFile' | 'keyFile'>,
  options: readonly string[] = [],
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<OpensslServer> {
  const argv = ['s_server', '-accept', '127.0.0.1:0', '-cert', certFile, '-key', keyFile, ...options];
  const prepare = (folder: string): readonly string[] => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return argv;
  };
  return new OpensslServer(await startDaemon({ program: 'openssl', prepare, ready: /ACCEPT 127\.0\.0\.1:\d+\n/ }));
}
