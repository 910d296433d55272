/**
 * Programs that use the bare addon, in a child process or a worker: as CommonJS text, so that neither depends on a TypeScript
 * loader.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import '../../src/io/native.ts';

/** The file that native.ts has loaded. */
export const addonPath: string = Object.keys(createRequire(import.meta.url).cache).find((path) =>
  path.endsWith('.node'),
) as string;

const prelude = `
const native = require(process.env.DUGONG_ADDON);
const net = require('node:net');
const fs = require('node:fs');
const say = (text) => fs.writeSync(1, text + '\\n');
const listeners = new Map();
const listenToReadiness = () => native.onReady((fd, events) => listeners.get(fd)?.(events));
const watch = (fd, mask) => new Promise((resolve, reject) => {
  listeners.set(fd, resolve);
  const status = native.watch(fd, mask);
  if (status !== 0) reject(new Error('watch: ' + status));
});
const connect = (port) => { const fd = native.socket(4); native.connect(fd, '127.0.0.1', port); return fd; };
`;

/** Parameters of `native.tlsContext` that trust the authority in the environment variable `ca`: text of a program. */
export const contextParameters = `{
    trust: native.tlsTrust([process.env.ca]), certificates: [], keys: [], passphrases: [], pfx: [], pfxPassphrases: [],
    ciphers: '', ciphersuites: '', secureOptions: 0, minVersion: 0x0303, maxVersion: 0x0304, protocols: new Uint8Array(0),
    verify: true, partialChain: false, session: new Uint8Array(0), keyLogFile: '',
  }`;

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  kill(signal: NodeJS.Signals): void;
  /** The next line of its output. */
  line(): Promise<string>;
  ended: Promise<Outcome>;
}

function environment(more: Record<string, string>): Record<string, string> {
  return { ...(process.env as Record<string, string>), DUGONG_ADDON: addonPath, ...more };
}

/** Runs `code` in a process of its own. In it are `native`, `net`, `fs`, `say(line)`, `watch`, `connect(port)`. */
export function program(code: string, more: Record<string, string> = {}, start: string = prelude): Program {
  const child = spawn(process.execPath, ['-e', start + code], {
    env: environment(more),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let read = 0;
  const waiting: (() => void)[] = [];
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    for (const wake of waiting.splice(0)) wake();
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
      for (const wake of waiting.splice(0)) wake();
    });
  });
  return {
    kill: (signal) => void child.kill(signal),
    ended,
    async line() {
      for (;;) {
        const end = stdout.indexOf('\n', read);
        if (end >= 0) {
          const line = stdout.slice(read, end);
          read = end + 1;
          return line;
        }
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the program has ended: ${stderr}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

/** As {@link program}, for a program that is to end well. Returns its output. */
export async function run(code: string, more: Record<string, string> = {}, start: string = prelude): Promise<string> {
  const outcome = await program(code, more, start).ended;
  assert.deepEqual({ ...outcome, stdout: '' }, { code: 0, signal: null, stdout: '', stderr: '' });
  return outcome.stdout;
}

/** Runs `code` in a worker, with the same names as {@link program} and `parentPort`, `workerData`. */
export function worker(code: string, workerData?: unknown): Worker {
  const start = `const { parentPort, workerData } = require('node:worker_threads');${prelude}`;
  return new Worker(start + code, { eval: true, env: environment({}), workerData });
}

/** The worker's prelude as text, for programs that start workers themselves. */
export const workerPrelude: string = `const { parentPort, workerData } = require('node:worker_threads');${prelude}`;

/** The next message of a worker; its failure if it fails. */
export function message(from: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    from.once('message', resolve);
    from.once('error', reject);
  });
}
