/** Serves what the program asks for, and watches that it goes on. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import type { Server } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { makeAuthority, makeCertificate, scratchFile } from '../support/certificates.ts';
import { inThisForm, loaderOptions, repository } from '../support/compiled.ts';
import { listen } from '../support/listen.ts';
import { environmentWithoutProxies } from '../support/run-program.ts';
import { timeLimit } from '../support/time-limit.ts';
import type { Settings } from './program.ts';
import { makeShim } from './shim.ts';
import type { Servers } from './workloads.ts';

export interface Report {
  readonly faults: number;
  readonly errors: number;
  readonly workloads: number;
  readonly calls: readonly (readonly [call: string, faults: number])[];
  /** What has gone wrong, in words. */
  readonly wrong: readonly string[];
}

const answer: RequestListener = (request, response) => {
  request.on('error', () => {});
  response.on('error', () => {});
  void answered(request, response);
};

async function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind, size] = (request.url ?? '').split('/');
  const digest = createHash('sha256');
  try {
    for await (const part of request) digest.update(part as Buffer);
  } catch {
    return;
  }
  if (kind === 'never') return;
  const body = request.method === 'PUT' ? digest.digest('hex') : 'abcdefg'.repeat(Number(size)).slice(0, Number(size));
  if (kind === 'chunked') for (let at = 0; at < body.length; at += 3000) response.write(body.slice(at, at + 3000));
  else response.setHeader('Content-Length', body.length);
  response.end(kind === 'chunked' ? undefined : body);
}

/** Servers of this process, and how they are stopped. */
async function startServers(): Promise<{ servers: Servers; stop: () => void }> {
  const authority = makeAuthority('faults');
  const { cert, key } = makeCertificate({ issuer: authority, san: 'DNS:localhost' });
  const [plain, unix, secure] = [createServer(answer), createServer(answer), createTLSServer({ cert, key }, answer)];
  secure.on('tlsClientError', () => {});
  const socketPath = scratchFile('faults.socket');
  const all: (Server & { closeAllConnections(): void })[] = [plain, unix, secure];
  const servers: Servers = {
    port: await listen(plain, { host: '127.0.0.1', port: 0 }),
    tlsPort: await listen(secure, { host: '127.0.0.1', port: 0 }),
    socketPath,
    caFile: authority.certFile,
    keyLogFile: scratchFile('faults.secrets'),
  };
  await listen(unix, { path: socketPath });
  return {
    servers,
    stop() {
      for (const server of all) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** Without a new case for this long, the last one hangs. */
const MOST_FOR_ONE = 60_000;

export async function enumerate(
  settings: Omit<Settings, 'servers'>,
  progress: (what: string) => void,
): Promise<Report> {
  const { servers, stop } = await startServers();
  using shim = makeShim();
  const program = inThisForm('test/native-faults/program.ts');
  const child = spawn(
    process.execPath,
    ['--expose-gc', ...loaderOptions, program, JSON.stringify({ servers, ...settings })],
    {
      cwd: repository,
      env: { ...environmentWithoutProxies(), ...shim.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const wrong: string[] = [];
  let last = 'the beginning';
  let hung = false;
  const kill = (): void => {
    hung = true;
    child.kill('SIGKILL');
  };
  let watchdog = setTimeout(kill, timeLimit(MOST_FOR_ONE));
  try {
    const stderr = text(child.stderr);
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    for await (const line of createInterface(child.stdout)) {
      clearTimeout(watchdog);
      watchdog = setTimeout(kill, timeLimit(MOST_FOR_ONE));
      if (line.startsWith('! ')) wrong.push(line.slice(2));
      else last = line;
      progress(line);
    }
    const [status, signal] = await ended;
    if (status === 0) return { ...(JSON.parse(last) as Report), wrong };
    const how = hung ? 'hangs' : `ended the process (${status ?? signal})`;
    return { faults: 0, errors: 0, workloads: 0, calls: [], wrong: [...wrong, `${last}: ${how}\n${await stderr}`] };
  } finally {
    clearTimeout(watchdog);
    stop();
  }
}
