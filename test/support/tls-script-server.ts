/**
 * A TLS server that does what no other server does (tls-script-server.c has the list): rekeys without end, requests
 * renegotiations, changes its certificate. Compiled on first use; it needs a C compiler and the headers of OpenSSL.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Certificate, scratchFile } from './certificates.ts';
import { repository } from './compiled.ts';
import { type Daemon, startDaemon } from './daemon.ts';

/** @throws Error in CI, where such tests may not be skipped */
export function scriptServerMissing(): string | false {
  const { status } = spawnSync('cc', ['-E', '-'], {
    input: '#include <openssl/ssl.h>\n',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (status === 0) return false;
  const reason = 'there is no C compiler, or it finds no headers of OpenSSL';
  if (process.env.CI !== undefined) throw new Error(`${reason}, and CI must not skip tests that need them`);
  return reason;
}

let program: string | undefined;

function compiled(): string {
  if (program !== undefined) return program;
  const path = scratchFile('tls-script-server');
  // A sanitizer's runtime, if preloaded, is not for the compiler.
  const { LD_PRELOAD: _, ...env } = process.env;
  const source = join(repository, 'test/support/tls-script-server.c');
  execFileSync('cc', ['-O1', '-o', path, source, '-lssl', '-lcrypto', '-lpthread'], { env });
  program = path;
  return path;
}

export class TLSScriptServer implements AsyncDisposable {
  readonly hostname: string = '127.0.0.1';
  readonly port: number;
  readonly daemon: Daemon;

  constructor(daemon: Daemon) {
    this.daemon = daemon;
    this.port = Number(/port (\d+)/.exec(daemon.output)?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.stop();
  }
}

/** A server that takes these steps on each connection. */
export async function startTLSScriptServer(
  { certFile, keyFile }: Pick<Certificate, 'certFile' | 'keyFile'>,
  version: '1.2' | '1.3',
  steps: readonly string[],
): Promise<TLSScriptServer> {
  const prepare = (): readonly string[] => [certFile, keyFile, version, ...steps];
  return new TLSScriptServer(await startDaemon({ program: compiled(), prepare, ready: /port \d+\n/ }));
}
