/**
 * The types of the bulk engine that the command uses.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import type { WholeBody } from '../client/request-body.ts';
import type { BodyPieces } from '../client/request-pieces.ts';
import type { Coroutine } from '../coroutine.ts';
import type { HeadersInit } from '../http1/headers.ts';

/** One document to be fetched, checked or sent. */
export interface TransferJob {
  readonly url: string | URL;
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: WholeBody | (() => WholeBody | BodyPieces);
  readonly sink?: TransferSink | 'memory' | 'discard';
  readonly size?: number;
  readonly digest?: { readonly algorithm: 'sha-256' | 'sha-512' | 'sha-1' | 'md5'; readonly value: Uint8Array };
  readonly etag?: string;
  readonly accepts?: (status: number) => boolean;
  readonly tag?: unknown;
}

/** Where a body goes. */
export interface TransferSink {
  /** An accepted response has begun (each attempt anew). Throwing fails the job. */
  begin(response: HTTPResponse, job: TransferJob): Coroutine<void> | void;
  /** The chunk is the engine's again afterwards. */
  write(chunk: Uint8Array): Coroutine<void> | void;
  /** Complete and verified. */
  commit(): Coroutine<void> | void;
  /** What was written is not the document. May be called at any time, also twice; then `begin` may follow. */
  abandon(): Coroutine<void> | void;
}

export type Verification = 'digest' | 'size' | 'validator' | 'length' | 'none';

export interface TransferResult {
  readonly job: TransferJob;
  readonly outcome: 'done' | 'missing' | 'failed' | 'aborted';
  readonly index: number;
  readonly url: string;
  readonly redirects: readonly { readonly status: number; readonly url: string }[];
  readonly response: HTTPResponse | undefined;
  readonly body: Buffer | undefined;
  readonly bytes: number;
  readonly verification: Verification;
  readonly attempts: number;
  readonly error: Error | undefined;
  readonly mayHaveBeenProcessed: boolean;
  readonly retryAt: number | undefined;
  readonly duration: number;
  readonly remoteAddress: string | undefined;
}

export interface TransferCounts {
  readonly done: number;
  readonly missing: number;
  readonly failed: number;
  readonly aborted: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly bytes: number;
  readonly connections: readonly {
    readonly origin: string;
    readonly inFlight: number;
    readonly url: string | undefined;
    readonly bytes: number;
    readonly length: number | null;
  }[];
}
