/**
 * Whether a body is the one that was asked for: by its digest (RFC 9530), entity tag or size. A pipelined response may belong to another
 * request, and its own framing does not show that.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { DugongError } from '../errors.ts';
import { builtin } from '../io/builtin.ts';
import { shownValue } from '../io/shown-value.ts';
import type { TransferDigest, TransferJob, Verification } from './transfer-job.ts';

/**
 * The response is not the document that was asked for: its digest, entity tag or size differs, or it is a part (206) that was not
 * asked for. It is the `error` of a job whose last attempt has ended so.
 *
 * @example
 * ```js
 * import { Transfer, WrongDocument } from 'dugong';
 *
 * const transfer = new Transfer({ attempts: 1 });
 * const [result] = transfer.run([{ url: 'http://localhost:8080/a', size: 11 }]);
 * console.log(result?.error instanceof WrongDocument, result?.error?.message);
 * // prints:
 * // true the body has 10 bytes, not 11
 * ```
 */
export class WrongDocument extends DugongError {
  /** Made with the code DUGONG_WRONG_DOCUMENT; `message` says what differs. */
  constructor(message: string) {
    super('DUGONG_WRONG_DOCUMENT', message);
  }

  static {
    WrongDocument.prototype.name = 'WrongDocument';
  }
}

const NOT_MODIFIED = 304;
const NO_DIGESTS: readonly TransferDigest[] = [];
/** Names of node:crypto. */
const HASHES: Record<TransferDigest['algorithm'], string> = {
  'sha-256': 'sha256',
  'sha-512': 'sha512',
  'sha-1': 'sha1',
  md5: 'md5',
};

/** @throws TypeError */
export function checkedDigest(digest: TransferDigest | undefined): void {
  if (digest === undefined) return;
  const { algorithm, value } = digest ?? {};
  if (typeof algorithm === 'string' && Object.hasOwn(HASHES, algorithm) && value instanceof Uint8Array) return;
  throw new TypeError(`digest must be as { algorithm: "sha-256", value: Buffer }, got ${shownValue(digest)}`);
}

/** Checks one body while it comes. */
export class BodyCheck {
  readonly #job: TransferJob;
  readonly #response: HTTPResponse;
  /** Whether the response has no content, whatever it says of it. */
  readonly #bare: boolean;
  readonly #digests: readonly { readonly expected: TransferDigest; readonly hash: import('node:crypto').Hash }[];
  #bytes = 0;

  constructor(job: TransferJob, response: HTTPResponse) {
    this.#job = job;
    this.#response = response;
    this.#bare = response.method === 'HEAD' || response.status === NOT_MODIFIED;
    const announced = this.#bare ? NO_DIGESTS : announcedDigests(response);
    const expectations = this.#bare || job.digest === undefined ? announced : [job.digest, ...announced];
    this.#digests = expectations.map((expected) => ({
      expected,
      hash: builtin.crypto.createHash(HASHES[expected.algorithm]),
    }));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws WrongDocument if the entity tag is another one, or the length announced is */
  begin(): void {
    const { etag, size } = this.#job;
    const { status, headers } = this.#response;
    const length = this.#bare ? announcedLength(this.#response) : this.#response.length;
    if (etag !== undefined && !sameEntity(etag, headers.get('ETag'))) {
      throw new WrongDocument(`the entity tag is ${headers.get('ETag') ?? 'missing'}, not ${etag}`);
    }
    if (size !== undefined && status !== 206 && length !== null && length !== size) throw this.#wrongSize(length);
  }

  /** @throws WrongDocument if the body is too long */
  update(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    const { size } = this.#job;
    if (size !== undefined && this.#bytes > size && this.#response.status !== 206) throw this.#wrongSize(this.#bytes);
    for (const { hash } of this.#digests) hash.update(bytes);
  }

  /** @throws WrongDocument */
  end(): Verification {
    const { size, etag } = this.#job;
    const partial = this.#response.status === 206;
    if (size !== undefined && !partial && !this.#bare && this.#bytes !== size) throw this.#wrongSize(this.#bytes);
    for (const { expected, hash } of this.#digests) {
      if (!hash.digest().equals(expected.value))
        throw new WrongDocument(`the body has another ${expected.algorithm} digest`);
    }
    if (this.#digests.length > 0) return 'digest';
    if (etag !== undefined) return 'validator';
    if (size !== undefined && !partial && !(this.#bare && announcedLength(this.#response) === null)) return 'size';
    return this.#response.length === null && !isChunked(this.#response) ? 'none' : 'length';
  }

  #wrongSize(size: number): WrongDocument {
    return new WrongDocument(`the body has ${size} bytes, not ${this.#job.size}`);
  }
}

/** The length that a response without content gives for it. */
function announcedLength({ headers }: HTTPResponse): number | null {
  const value = headers.get('Content-Length') ?? '';
  return /^\d+$/.test(value) ? Number(value) : null;
}

function isChunked({ headers }: HTTPResponse): boolean {
  return headers.has('Transfer-Encoding');
}

/** By strong comparison (RFC 9110 8.8.3.2). */
function sameEntity(one: string, other: string | undefined): boolean {
  return one === other && !one.startsWith('W/');
}

/**
 * The digests that a response announces of its body: Content-Digest is of the content as sent; Repr-Digest is of the whole
 * representation, which is the content unless it is a part (RFC 9530 2, 3).
 */
function announcedDigests({ status, headers }: HTTPResponse): readonly TransferDigest[] {
  const ofContent = headers.get('Content-Digest');
  const ofRepresentation = status === 206 ? undefined : headers.get('Repr-Digest');
  if (ofContent === undefined && ofRepresentation === undefined) return NO_DIGESTS;
  return [...digestsOf(ofContent ?? ''), ...digestsOf(ofRepresentation ?? '')];
}

/** The known digests of a dictionary of byte sequences (RFC 8941 3.2). What is not one is ignored. */
function digestsOf(field: string): readonly TransferDigest[] {
  return field.split(',').flatMap((member) => {
    const [, name, base64] = /^\s*(sha-256|sha-512)\s*=\s*:([A-Za-z0-9+/]*={0,2}):\s*(?:;.*)?$/.exec(member) ?? [];
    if (base64 === undefined || (name !== 'sha-256' && name !== 'sha-512')) return [];
    return [{ algorithm: name, value: Buffer.from(base64, 'base64') }];
  });
}
