/**
 * Which exit code an error or a result stands for, and which one the whole run has.
 */

import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  DugongError,
  ExcessBodyData,
  HostnameNotResolvable,
  MissingBodyData,
  ProxyError,
  SystemError,
  TLSError,
  type TransferResult,
} from '../index.ts';
import { EXIT } from './exit-codes.ts';
import { LocalFileError, RangeMismatch } from './file-sink.ts';
import { CutOutput, isBrokenPipe } from './stream-sink.ts';
import { UsageError } from './usage-error.ts';

/** The code of an error. */
export function codeOfError(error: unknown): number {
  if (error instanceof LocalFileError) return isBrokenPipe(error) ? EXIT.brokenPipe : EXIT.file;
  // The library refuses a method, path or field that cannot be sent by a TypeError.
  if (error instanceof UsageError || error instanceof TypeError) return EXIT.usage;
  if (error instanceof CutOutput) return EXIT.network;
  if (error instanceof RangeMismatch) return EXIT.protocol;
  if (!(error instanceof DugongError)) return EXIT.internal;
  if (error instanceof TLSError) return EXIT.tls;
  if (error instanceof ProxyError) return error.answer?.status === 407 ? EXIT.authentication : EXIT.network;
  // The file that is sent has changed meanwhile.
  if (error instanceof MissingBodyData || error instanceof ExcessBodyData) return EXIT.file;
  return isOfNetwork(error) ? EXIT.network : EXIT.protocol;
}

const OF_NETWORK = [ConnectionClosed, ConnectionTimedOut, DNSUnavailable, HostnameNotResolvable, SystemError] as const;

function isOfNetwork(error: DugongError): boolean {
  return OF_NETWORK.some((type) => error instanceof type);
}

/** The code of a result. One that was not tried because the run ended has the code of what ended it, which others have. */
export function codeOfResult({
  outcome,
  error,
  response,
}: Pick<TransferResult, 'outcome' | 'error' | 'response'>): number {
  if (outcome === 'done' || outcome === 'aborted') return EXIT.done;
  if (outcome === 'failed' && error !== undefined) return codeOfError(error);
  const { status } = response ?? {};
  return status === 401 || status === 407 ? EXIT.authentication : EXIT.missing;
}

/** The code of a run: the lowest but 0 of all its documents. */
export class Verdict {
  #code: number = EXIT.done;

  get code(): number {
    return this.#code;
  }

  add(code: number): void {
    if (code !== EXIT.done && (this.#code === EXIT.done || code < this.#code)) this.#code = code;
  }
}
