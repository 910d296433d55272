/**
 * Every response case through the pure core: whole, one byte at a time, cut at each point or at random ones, and followed by
 * a further response. How the bytes are cut must never change what becomes of them.
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ClientProtocol, type Response } from 'dugong/http1';
import { type Expected, mismatch, type Outcome, pathFor, type WireCase, wireCases } from '../support/wire-cases.ts';

/** Splits `bytes` after each of the ascending offsets `cuts`. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : cuts[index - 1], end));
}

/** Where all bodies are read to, each part being copied from it at once. */
const part = Buffer.alloc(8192);

/** A client's conversation over the core: brings one piece whenever the protocol asks for more. */
class Conversation {
  readonly protocol: ClientProtocol;
  readonly #pieces: Buffer[];
  #brought = 0;
  readonly #then: WireCase['then'];

  constructor(pieces: Buffer[], then: WireCase['then']) {
    // In a few pieces, the window is so small that heads and bodies must grow it or pass it several times.
    const receiveBufferSize = pieces.length > 1 && pieces.length < 10 ? 64 : undefined;
    this.protocol = new ClientProtocol({ host: 'origin.example', receiveBufferSize });
    this.#pieces = pieces;
    this.#then = then;
  }

  /** False if the server sends nothing more and leaves the connection open. */
  #bring(): boolean {
    const piece = this.#pieces[this.#brought++];
    if (piece !== undefined) this.protocol.input.push(piece);
    else if (this.#then === 'close') this.protocol.receivedEnd();
    else if (this.#then === 'reset') this.protocol.receiveFailed(new Error('reset'));
    else return false;
    return true;
  }

  outcome(): Outcome {
    let when: 'head' | 'body' = 'head';
    try {
      const response = this.#response();
      if (response === undefined) return { kind: 'hang' };
      when = 'body';
      const body = this.#body(response);
      if (body === undefined) return { kind: 'hang' };
      const { status, reason, headers } = response.head;
      const trailers = response.body?.trailers ?? new (headers.constructor as new () => typeof headers)();
      return { kind: 'ok', status, reason, headers, trailers, body, reusable: this.#reusable() };
    } catch (error) {
      assert.ok(error instanceof Error);
      return { kind: 'error', error, when };
    }
  }

  #response(): Response | undefined {
    for (;;) {
      const response = this.protocol.nextResponse();
      if (response !== undefined || !this.#bring()) return response;
    }
  }

  #body(response: Response): Buffer | undefined {
    if (response.body === undefined) return Buffer.alloc(0);
    let body = '';
    for (;;) {
      const count = this.protocol.readBody(response.body, part, 0, part.length);
      if (count === 0) return Buffer.from(body, 'latin1');
      if (count !== undefined) body += part.toString('latin1', 0, count);
      else if (!this.#bring()) return undefined;
    }
  }

  /** Whether the connection could carry a further request, seen from all bytes that are there. */
  #reusable(): boolean {
    if (this.protocol.responsePending) return this.protocol.receiveState === 'idle';
    const { sendState } = this.protocol;
    const quiet = this.#brought >= this.#pieces.length && this.protocol.input.length === 0;
    return sendState === 'idle' && quiet;
  }

  /** After an error, or a response that ends the connection, a request is refused before a byte of it exists. */
  assertDead(): void {
    while (this.#brought < this.#pieces.length) this.#bring();
    assert.throws(() => this.protocol.sendRequest('GET', '/again'), { name: /ConnectionClosed|StateError/ });
  }
}

function converse(wireCase: WireCase, pieces: Buffer[]): Conversation {
  const conversation = new Conversation(pieces, wireCase.then);
  for (const request of [wireCase.request, ...(wireCase.pipeline ?? [])]) {
    conversation.protocol.sendRequest(request.method, pathFor(request), { headers: request.headers });
  }
  return conversation;
}

/** For messages: how the bytes were brought. */
function feeding(pieces: readonly Buffer[]): string {
  const [first] = pieces;
  if (first === undefined || pieces.length === 1) return 'whole';
  return pieces.length > 6 ? 'one byte at a time' : `in pieces of ${pieces.map((piece) => piece.length).join(', ')}`;
}

function complaint(outcome: Outcome, expected: Expected, pieces: readonly Buffer[]): string | undefined {
  const why = mismatch(outcome, expected);
  return why === undefined ? undefined : `${why} (${feeding(pieces)})`;
}

function check(wireCase: WireCase, pieces: Buffer[]): void {
  const conversation = converse(wireCase, pieces);
  const outcome = conversation.outcome();
  assert.equal(complaint(outcome, wireCase.expect, pieces), undefined);
  for (const expected of wireCase.expect_next ?? []) {
    assert.equal(complaint(conversation.outcome(), expected, pieces), undefined);
  }
  if (outcome.kind === 'error' || (outcome.kind === 'ok' && !outcome.reusable)) conversation.assertDead();
}

/** A small generator (mulberry32): the same cuts in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where to cut: at every point one after the other, or, where that would be too much, at random points. */
function* cuts(length: number): Generator<number[]> {
  if (length <= 300) {
    for (let cut = 1; cut < length; cut++) yield [cut];
    return;
  }
  const random = randomNumbers(length);
  for (let round = 0; round < (length < 20_000 ? 20 : 4); round++) {
    yield Array.from({ length: 5 }, () => 1 + Math.floor(random() * (length - 1))).sort((a, b) => a - b);
  }
}

suite('each response case gives the recommended outcome, however its bytes are cut', () => {
  for (const wireCase of wireCases) {
    test(wireCase.id, () => {
      const bytes = Buffer.from(wireCase.response_base64, 'base64');
      check(wireCase, [bytes]);
      check(wireCase, split(bytes, [...bytes.keys()].slice(1)));
      for (const at of cuts(bytes.length)) check(wireCase, split(bytes, at));
    });
  }
});

suite('a response that leaves the connection reusable is followed by the next one', () => {
  const next = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext';
  for (const wireCase of wireCases) {
    const reusable =
      wireCase.expect.kind === 'ok' && wireCase.expect.connection_reusable && wireCase.then === 'keep-open';
    // After CONNECT no request can be pipelined: it may be the last one.
    if (!reusable || wireCase.pipeline !== undefined || wireCase.request.method === 'CONNECT') continue;
    test(wireCase.id, () => {
      const bytes = Buffer.concat([Buffer.from(wireCase.response_base64, 'base64'), Buffer.from(next)]);
      const followed: WireCase = { ...wireCase, pipeline: [{ method: 'GET', headers: [] }] };
      for (const pieces of [[bytes], split(bytes, [...bytes.keys()].slice(1))]) {
        const conversation = converse(followed, pieces);
        assert.equal(mismatch(conversation.outcome(), wireCase.expect), undefined);
        const outcome = conversation.outcome();
        assert.ok(outcome.kind === 'ok' && outcome.body.toString() === 'next' && outcome.reusable);
      }
    });
  }
});
