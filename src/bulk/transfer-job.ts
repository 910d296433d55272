/**
 * What a bulk transfer takes and gives: jobs, sinks for bodies, and results. It decides nothing.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import type { WholeBody } from '../client/request-body.ts';
import type { BodyPieces } from '../client/request-pieces.ts';
import type { Coroutine } from '../coroutine.ts';
import type { HeadersInit } from '../http1/headers.ts';

/**
 * A document to fetch, to check or to send by a {@link Transfer}, and what is known of it.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * const jobs = [
 *   { url: 'http://localhost:8080/b', size: 10 },
 *   { url: 'http://localhost:8080/sent', method: 'PUT', body: 'ten bytes.', tag: 'upload' },
 * ];
 * const transfer = new Transfer();
 * for (const { error } of transfer.run(jobs)) if (error) throw error;
 * console.log(transfer.counts.done); // 2
 * ```
 */
export interface TransferJob {
  /** The URL of the document, http: or https:. Credentials in it become an Authorization field. */
  readonly url: string | URL;
  /** The method of its request; the default is GET. */
  readonly method?: string | undefined;
  /** The header fields of its request; none by default. */
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
   * Which final statuses are the document. Default: 200 to 299. Any other is "missing". A part (206) is a document only if the
   * request has a Range, whatever this says; otherwise it is a {@link WrongDocument}.
   */
  readonly accepts?: ((status: number) => boolean) | undefined;
  /** Whatever the caller wants to find in the result again. */
  readonly tag?: unknown;
}

/**
 * A digest that the body of a job must have; another body is a {@link WrongDocument}.
 *
 * @example
 * ```js
 * import { createHash } from 'node:crypto';
 * import { Transfer } from 'dugong';
 *
 * const value = createHash('sha256').update('document a').digest();
 * const url = 'http://localhost:8080/a';
 * const results = new Transfer().run([{ url, digest: { algorithm: 'sha-256', value } }]);
 * for (const { verification } of results) console.log(verification); // digest
 * ```
 */
export interface TransferDigest {
  /** The hash function. Against an attacker, only sha-256 and sha-512 help. */
  readonly algorithm: 'sha-256' | 'sha-512' | 'sha-1' | 'md5';
  /** The value of the digest: its bytes, not their base64. */
  readonly value: Uint8Array;
}

/**
 * Where the body of a job goes. Each function may be a coroutine. An error of one fails its job, not the run. After `abandon`,
 * `begin` may follow for another attempt.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * let length = 0;
 * const sink = {
 *   begin() { length = 0; },
 *   write(bytes) { length += bytes.length; },
 *   commit() { console.log(`${length} bytes`); },
 *   abandon() { length = 0; },
 * };
 * for (const { outcome } of new Transfer().run([{ url: 'http://localhost:8080/large', sink }])) console.log(outcome);
 * // prints:
 * // 1000000 bytes
 * // done
 * ```
 */
export interface TransferSink {
  /** An accepted `response` to the request of `job` has begun; `write` follows for each part of its body. */
  begin(response: HTTPResponse, job: TransferJob): Coroutine<void> | void;
  /** The next `bytes` of the body. Their memory is used again afterwards. */
  write(bytes: Uint8Array): Coroutine<void> | void;
  /** The body is complete, and is what was asked for as far as that can be told. */
  commit(): Coroutine<void> | void;
  /** What was written is not the document. May be called at any time, and more than once. */
  abandon(): void;
}

/**
 * How a body was verified, best first: by a digest; by the entity tag asked for; by the size asked for; by its own framing alone;
 * not at all, since the end of the connection ended it.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * const [plain] = new Transfer().run([{ url: 'http://localhost:8080/a' }]);
 * const [sized] = new Transfer().run([{ url: 'http://localhost:8080/a', size: 10 }]);
 * console.log(plain?.verification, sized?.verification); // length size
 * ```
 */
export type Verification = 'digest' | 'validator' | 'size' | 'length' | 'none';

/**
 * What has become of a job of a {@link Transfer}: its outcome, its document, and how it came.
 *
 * @example
 * ```js
 * import { Transfer } from 'dugong';
 *
 * for (const result of new Transfer().run([{ url: 'http://localhost:8080/old' }])) {
 *   const { outcome, url, redirects, body } = result;
 *   console.log(outcome, new URL(url).pathname, redirects.length, String(body).trim()); // done /hello 1 hello from /hello
 * }
 * ```
 */
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
  /** The number of bytes of the body, as it was received. */
  readonly bytes: number;
  /** How the body was verified; "none" if there is no document. */
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
