#!/usr/bin/env node
/**
 * The `dugong` command: runs what the command line says and turns every outcome into a message and an exit status. The
 * statuses are explained in the help (arguments.ts).
 */

import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
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
import { parseArguments, UsageError } from './arguments.ts';
import { FetchError, fetchAll } from './fetch.ts';
import { OutputError, openOutputs } from './output.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt);
  try {
    const task = parseArguments(argv, version());
    const highest = await fetchAll(task, openOutputs(task), interruption.signal);
    return task.fail && highest >= 400 ? 1 : 0;
  } catch (error) {
    return interruption.signal.aborted ? report(130, 'interrupted') : explain(error);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof UsageError) return report(2, error.message, 'dugong --help shows what can be given');
  const cause = error instanceof FetchError ? error.cause : error;
  if (cause instanceof OutputError) return brokenPipe(cause) ? 141 : report(5, cause.message);
  if (!(error instanceof FetchError)) throw error;
  // A method, path or field that cannot be sent.
  if (cause instanceof TypeError) return report(2, error.message);
  if (cause instanceof InvalidResponse || cause instanceof UnsupportedResponse) {
    return report(4, error.message, 'does an HTTP/1.1 server listen on this port?');
  }
  const wayOut = networkWayOut(cause);
  if (wayOut === undefined) throw error;
  return report(3, error.message, wayOut);
}

/** What the user can do about it; undefined if it is no error of the network. */
function networkWayOut(error: unknown): string | undefined {
  if (error instanceof HostnameNotResolvable) return 'is the name spelled right?';
  if (error instanceof DNSUnavailable) return 'is there a network connection? If so, try again later';
  if (error instanceof ConnectionTimedOut) return 'try again, or allow more with --timeout';
  if (error instanceof ConnectionClosed) return 'try again; if that does not help, the log of the server may say why';
  if (error instanceof TLSError) return 'if you trust the server nevertheless, give its certificate with --cacert';
  if (error instanceof ProxyError) return 'does the proxy let you pass, and is its URL right?';
  if (!(error instanceof SystemError)) return undefined;
  return error.code === 'ECONNREFUSED'
    ? 'is the server running, and is the port right?'
    : 'can the host be reached from here?';
}

function brokenPipe({ cause }: OutputError): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EPIPE';
}

function report(status: number, message: string, wayOut?: string): number {
  process.stderr.write(`dugong: ${message}\n${wayOut === undefined ? '' : `        ${wayOut}\n`}`);
  return status;
}
