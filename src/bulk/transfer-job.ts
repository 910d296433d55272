/**
 * What a bulk transfer takes and gives: jobs, sinks for bodies, and results. It decides nothing.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import type { WholeBody } from '../client/request-body.ts';
import type { BodyPieces } from '../client/request-pieces.ts';
import type { Coroutine } from '../coroutine.ts';
import type { HeadersInit } from '../http1/headers.ts';

/** A document to fetch, to check or to send. */
export interface TransferJob {
  /** http: or https:. Credentials in it become an Authorization field. */
  readonly url: string | URL;
  /** Default GET. */
  readonly method?: string | undefined;
  /** The header fields. */
  readonly headers?: HeadersInit | undefined;
  /** The body as a whole, or a function that gives it anew for each attempt. It is never pipelined unless it is small. */
  readonly body?: WholeBody | (() => WholeBody | BodyPieces) | undefined;
  /** Where an accepted body goes: into `result.body` ("memory", the default), nowhere, or to a sink. */
  readonly sink?: TransferSink | 'memory' | 'discard' | undefined;
  /** The bytes that the body must have. */
  readonly size?: number | undefined;
  /** The digest that the body must have, as it was received. */
  readonly digest?: TransferDigest | undefined;
  /** The entity tag that the response must have, by strong comparison (RFC 9110 8.8.3.2). */
  readonly etag?: string | undefined;
  /**
   * Which final statuses are the document. Default: 200 to 299. Any other is "missing". A part (206) is no document, whatever this says,
   * unless the request has a Range: then it is a `WrongDocument`.
   */
  readonly accepts?: ((status: number) => boolean) | undefined;
  /** The caller's own. */
  readonly tag?: unknown;
}

/** A digest of a body. */
export interface TransferDigest {
  /** The function. */
  readonly algorithm: 'sha-256' | 'sha-512' | 'sha-1' | 'md5';
  /** Its value. */
  readonly value: Uint8Array;
}

/**
 * Where a body goes. Each function may be a coroutine. An error of one fails its job, not the run. After `abandon`, `begin` may follow
 * for another attempt.
 */
export interface TransferSink {
  /** An accepted response has begun. */
  begin(response: HTTPResponse, job: TransferJob): Coroutine<void> | void;
  /** The next bytes of the body. The memory is used again afterwards. */
  write(bytes: Uint8Array): Coroutine<void> | void;
  /** The body is complete, and is what was asked for as far as that can be told. */
  commit(): Coroutine<void> | void;
  /** What was written is not the document. May be called at any time, and more than once. */
  abandon(): void;
}

/**
 * How a body was verified, best first: by a digest; by the entity tag asked for; by the size asked for; by its own framing alone; not at
 * all, since the end of the connection ended it.
 */
export type Verification = 'digest' | 'validator' | 'size' | 'length' | 'none';

/** What has become of a job. */
export interface TransferResult {
  /** The job, as it was given. */
  readonly job: TransferJob;
  /** Its place among all jobs, from 0. */
  readonly index: number;
  /**
   * "done": the document is where it should be. "missing": the server has answered with a status that is not accepted. "failed": see
   * `error`. "aborted": the run ended before.
   */
  readonly outcome: 'done' | 'missing' | 'failed' | 'aborted';
  /** The URL of the last request. */
  readonly url: string;
  /** The redirects that were followed, in order. */
  readonly redirects: readonly { readonly status: number; readonly url: string }[];
  /** The last response, if there was one. */
  readonly response: HTTPResponse | undefined;
  /** The body, for the sink "memory". */
  readonly body: Buffer | undefined;
  /** Bytes of the body. */
  readonly bytes: number;
  /** How the body was verified. */
  readonly verification: Verification;
  /** Requests that were sent for it, without those that a server has announced not to answer. */
  readonly attempts: number;
  /** Why it failed, or the run was aborted. */
  readonly error: Error | undefined;
  /** For a job that failed: whether the server may have processed the request. */
  readonly mayHaveBeenProcessed: boolean;
  /** When the server wants to be asked again (milliseconds since 1970), if that was too late for this run. */
  readonly retryAt: number | undefined;
  /** Milliseconds from when its response was due to its end. */
  readonly duration: number;
  /** The numeric address of the server, or of the proxy. */
  readonly remoteAddress: string | undefined;
}
