#!/usr/bin/env node
/**
 * The `dugong` command: runs the command line and converts each outcome into a message and an exit status. The help
 * (arguments.ts) explains the statuses.
 */

import { fstatSync, readFileSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  HostnameNotResolvable,
  InvalidResponse,
  ProxyError,
  SystemError,
  TLSError,
  UnsupportedResponse,
} from '../index.ts';
import { parseArguments, type Task, UsageError } from './arguments.ts';
import { FetchError, type FetchTask, fetchAll, type Use } from './fetch.ts';
import { OutputError, openOutputs, standardOutput } from './output.ts';
import { Patience } from './patience.ts';
import { printable } from './printable.ts';
import { Progress } from './progress.ts';

/** Signals that end the command, with the status that shells use for them (128 plus the number of the signal). */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type EndingSignal = keyof typeof SIGNALS;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  // Without standard error there is no place for messages; the exit status remains.
  process.stderr.on('error', () => {});
  try {
    // Before the signal listeners are added: reading a file here, such as a FIFO, may block the thread.
    const task = parseArguments(argv, version());
    if (typeof task !== 'string') return await interruptible(task);
    await standardOutput().write(Buffer.from(task));
    return 0;
  } catch (error) {
    return explain(error);
  }
}

async function interruptible(task: Task): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => interruption.abort(signal);
  const patience = new Patience(interruption.signal);
  // Once, so that the next signal ends the process at once.
  for (const signal of Object.keys(SIGNALS)) process.once(signal, interrupt);
  try {
    const { signal } = interruption;
    const highest = await fetchTask(await withInput(task, signal), { signal, patience });
    return task.fail && highest >= 400 ? 1 : 0;
  } catch (error) {
    const { aborted, reason } = interruption.signal;
    const status = aborted ? report(SIGNALS[reason as EndingSignal], outcomeOf(reason)) : explain(error);
    if (error instanceof FetchError && error.incomplete !== undefined) {
      process.stderr.write(`        ${printable(error.incomplete)} is incomplete\n`);
    }
    return status;
  } finally {
    for (const signal of Object.keys(SIGNALS)) process.off(signal, interrupt);
    // A reader of the output that does not read would keep the process alive.
    if (interruption.signal.aborted && (await patience.isStuck()))
      process.kill(process.pid, interruption.signal.reason);
  }
}

function outcomeOf(signal: EndingSignal): string {
  return signal === 'SIGINT' ? 'interrupted' : `ended by ${signal}`;
}

/** Reads the body from standard input if the task asks for it. @throws UsageError if it cannot be read */
async function withInput(task: Task, signal: AbortSignal): Promise<FetchTask> {
  const { body, ...rest } = task;
  if (body !== 'standard input') return { ...rest, body };
  try {
    if (fstatSync(0).isDirectory()) throw new Error('standard input is a folder');
    return { ...rest, body: await buffer(addAbortSignal(signal, process.stdin)) };
  } catch (error) {
    throw new UsageError(`-d @-: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function fetchTask(task: FetchTask, use: Pick<Use, 'signal' | 'patience'>): Promise<number> {
  // The bodies may be shown on the terminal.
  const quiet = task.output === 'stdout' && process.stdout.isTTY;
  const progress = new Progress(quiet ? { isTTY: false, write() {} } : process.stderr, task.urls.length);
  try {
    return await fetchAll(task, { ...use, openOutput: openOutputs(task), progress });
  } finally {
    progress.clear();
  }
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function explain(error: unknown): number {
  if (error instanceof UsageError) return report(2, error.message, 'dugong --help shows what can be given');
  const cause = error instanceof FetchError ? error.cause : error;
  if (cause instanceof OutputError)
    return codeOf(cause) === 'EPIPE' ? 141 : report(5, cause.message, outputWayOut(cause));
  if (!(error instanceof FetchError)) throw error;
  // A method, path or field that cannot be sent.
  if (cause instanceof TypeError) return report(2, error.message);
  if (error.undecodable) return report(4, error.message);
  if (cause instanceof InvalidResponse || cause instanceof UnsupportedResponse) {
    return report(4, error.message, 'does an HTTP/1.1 server listen on this port?');
  }
  const wayOut = networkWayOut(cause);
  if (wayOut === undefined) throw error;
  return report(3, error.message, wayOut);
}

/** Advice for an error of the network; undefined for other errors. */
function networkWayOut(error: unknown): string | undefined {
  if (error instanceof HostnameNotResolvable) return 'is the name spelled right?';
  if (error instanceof DNSUnavailable) return 'is there a network connection? If so, try again later';
  if (error instanceof ConnectionTimedOut) return 'try again, or allow more with --timeout';
  if (error instanceof ConnectionClosed) return 'try again; if that does not help, the log of the server may say why';
  if (error instanceof TLSError) return tlsWayOut(error);
  if (error instanceof ProxyError) return 'does the proxy let you pass, and is its URL right?';
  if (!(error instanceof SystemError)) return undefined;
  return error.code === 'ECONNREFUSED'
    ? 'is the server running, and is the port right?'
    : 'can the host be reached from here?';
}

function tlsWayOut({ code, peer }: TLSError): string {
  if (/SELF_SIGNED|^UNABLE_TO_/.test(code)) {
    return peer === 'proxy'
      ? 'if you trust the proxy nevertheless, name a file with its certificate in NODE_EXTRA_CA_CERTS'
      : 'if you trust the server nevertheless, give its certificate with --cacert';
  }
  if (/_ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)$/.test(code)) {
    return `the ${peer ?? 'server'} wants a certificate of its client, and this command has none: a program can give one`;
  }
  if (peer === 'proxy') return 'is the URL of the proxy right, and does it speak TLS on this port?';
  if (/^ERR_(SSL|OSSL)_/.test(code)) return 'does an HTTPS server listen on this port, and speak TLS 1.2 or later?';
  return 'the server needs another certificate; --insecure takes any, and with it anyone in between';
}

function outputWayOut(error: OutputError): string | undefined {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'does the folder exist? -O makes one';
    case 'EISDIR':
      return 'it is a folder: -O writes a file for each URL there';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'there is a file of that name: name another folder';
    case 'EACCES':
    case 'EROFS':
      return 'you may not write there: name another place';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room, or name another place';
    default:
      return undefined;
  }
}

/** The system's error code. */
function codeOf({ cause }: OutputError): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function report(status: number, message: string, wayOut?: string): number {
  const lines = wayOut === undefined ? [`dugong: ${message}`] : [`dugong: ${message}`, `        ${wayOut}`];
  for (const line of lines) process.stderr.write(`${printable(line)}\n`);
  return status;
}
