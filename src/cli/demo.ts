/**
 * `dugong demo`: fetches the documents of a server that it starts, in several ways, and checks every byte. The server is
 * this command in a process of its own, since a client that blocks its thread cannot serve itself.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { AioFuture } from '../index.ts';
import { demoDocuments } from './demo-documents.ts';
import { serveDocuments } from './demo-server.ts';
import { DEMO_WAYS, type DemoWay, type Documents } from './demo-ways.ts';
import { EXIT } from './exit-codes.ts';
import { LocalFileError } from './file-sink.ts';
import type { CommandLine } from './given.ts';
import type { Use } from './run.ts';
import { UsageError } from './usage-error.ts';

const COUNT = 3000;
/** That of the examples in the documentation. */
const PORT = 8080;
const MOST_PORTS = 65_535;

/** Runs the demo. Returns the exit code. @throws UsageError */
export async function demo({ given, operands }: CommandLine, use: Use): Promise<number> {
  const { serve, port, documents = COUNT } = given;
  if (operands.length > 0) throw new UsageError('demo: there are flags only');
  if (port !== undefined && (!serve || port > MOST_PORTS)) {
    throw new UsageError('demo: --port goes with --serve, and is 65535 at most');
  }
  use.interruption.watch();
  return serve ? await keepServing(documents, port ?? PORT, use) : await compare(documents, use);
}

/** Serves until a signal comes, or the parent has gone. */
async function keepServing(count: number, port: number, { interruption }: Use): Promise<number> {
  const { server, origin } = await served(count, port);
  const { signal } = interruption;
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  if (process.send === undefined) {
    process.stdout.write(
      `listening: ${origin.replace('127.0.0.1', 'localhost')}/ lists all paths, among them ${count} documents\nCtrl-C ends it\n`,
    );
  } else {
    process.once('disconnect', () => interruption.stop(new Error('the parent has gone')));
    process.send(origin);
  }
  if (!signal.aborted) await ended;
  server.close();
  server.closeAllConnections();
  return interruption.code ?? EXIT.done;
}

async function served(count: number, port: number): ReturnType<typeof serveDocuments> {
  try {
    return await serveDocuments(count, port);
  } catch (error) {
    throw new LocalFileError(`port ${port} (--port takes another)`, error);
  }
}

async function compare(count: number, { interruption }: Use): Promise<number> {
  const { signal } = interruption;
  const child = fork(process.argv[1] ?? '', ['demo', '--serve', '--port', '0', '--documents', String(count)]);
  try {
    const origin = await originOf(child, signal);
    const documents = demoDocuments(count);
    process.stdout.write(`${count} documents from ${origin}/, a process of its own\n\n`);
    let wrong = 0;
    for (const way of DEMO_WAYS) wrong += await measured(way, { origin, documents }, signal);
    return interruption.code ?? (wrong === 0 ? EXIT.done : EXIT.protocol);
  } finally {
    if (child.connected) child.disconnect();
  }
}

async function originOf(child: ChildProcess, signal: AbortSignal): Promise<string> {
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the server of the demo has ended');
  });
  const [origin] = (await Promise.race([once(child, 'message', { signal }), ended])) as [string];
  ended.catch(() => {});
  return origin;
}

/** Fetches in one way and prints a line. Returns how many documents are not what they should be. */
async function measured({ name, coFetch }: DemoWay, documents: Documents, signal: AbortSignal): Promise<number> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const counts = await new AioFuture(coFetch(documents), { signal });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { length } = documents.documents;
  const figures = `${(length / seconds).toFixed(0)} documents/s, ${((user + system) / length).toFixed(0)} µs of CPU each`;
  const verified = counts.wrong === 0 ? 'every byte right' : `${counts.wrong} WRONG`;
  const mb = (counts.bytes / 1e6).toFixed(1);
  process.stdout.write(
    `${name.padEnd(36)} ${counts.done} done, ${counts.missing} missing, ${mb} MB in ${seconds.toFixed(2)} s: ${figures}, ${verified}\n`,
  );
  return counts.wrong;
}
