/**
 * Plays a response case to a blocking connection. After a response that leaves the connection reusable, a second request is
 * made; after any other response it must fail without touching the wire. It does not know what is between client and server.
 */

import assert from 'node:assert/strict';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  type HTTPConnection,
  type HTTPConnectionOptions,
  StateError,
} from 'dugong';
import { close, expectEnd, expectHead, reset, type Script, send } from './scripted-server.ts';
import { timeLimit } from './time-limit.ts';
import { type Expected, mismatch, type Outcome, pathFor, type WireCase } from './wire-cases.ts';

const NEXT = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext';

function isReusable(wireCase: WireCase): boolean {
  if (wireCase.then !== 'keep-open' || wireCase.pipeline !== undefined) return false;
  return wireCase.expect.kind === 'ok' && wireCase.expect.connection_reusable === true;
}

function scriptFor(wireCase: WireCase, { chunk, ending = reset() }: Way): Script {
  const bytes = Buffer.from(wireCase.response_base64, 'base64');
  const heads = [wireCase.request, ...(wireCase.pipeline ?? [])].map(() => expectHead());
  const response = send(bytes, { ...(chunk === undefined ? {} : { chunk }), peerMayLeave: true });
  const then = { 'keep-open': [], close: [close()], reset: [ending] }[wireCase.then];
  const next = isReusable(wireCase) ? [expectHead(), send(NEXT)] : [];
  return [...heads, ...(bytes.length > 0 ? [response] : []), ...then, ...next, expectEnd()];
}

function outcomeOf(connection: HTTPConnection): Outcome {
  let when: 'head' | 'body' = 'head';
  try {
    const response = connection.readResponse();
    when = 'body';
    const body = connection.readAll();
    const { status, reason, headers, trailers } = response;
    return { kind: 'ok', status, reason, headers, trailers, body, reusable: true };
  } catch (error) {
    assert.ok(error instanceof Error);
    return error instanceof ConnectionTimedOut ? { kind: 'hang' } : { kind: 'error', error, when };
  }
}

/** Whether the connection can be reused is tested below, not taken from the outcome. */
function withoutReuse(expected: Expected): Expected {
  if (expected.kind === 'either') return { kind: 'either', any_of: expected.any_of.map(withoutReuse) };
  return expected.kind === 'ok' ? { ...expected, connection_reusable: null } : expected;
}

/** Whether the case says that no further request may go out. */
function mustBeDead(expected: Expected): boolean {
  if (expected.kind === 'either') return expected.any_of[0] !== undefined && mustBeDead(expected.any_of[0]);
  return expected.kind === 'error' || expected.connection_reusable === false;
}

/** The place where the script is played, and the way there. */
export interface Stage extends Disposable {
  connect(options: HTTPConnectionOptions): HTTPConnection;
  /** Waits until the bytes that the server has sent are with the client's kernel. */
  settle(): void;
  check(): void;
}

/** How a case is played. */
export interface Way {
  readonly stage: (script: Script, wireCase: WireCase) => Stage;
  /** Bytes of a segment; default: all in one. */
  readonly chunk?: number;
  /** The script's step for a reset. */
  readonly ending?: Script[number];
}

/** Plays a case, and checks the client's result. */
export function checkCase(wireCase: WireCase, way: Way): void {
  using stage = way.stage(scriptFor(wireCase, way), wireCase);
  // Some cases announce lengths that no memory holds: only the end is checked here.
  const limits = { bodyInMemory: Number.MAX_SAFE_INTEGER };
  using connection = stage.connect({ timeout: timeLimit(20_000), limits });
  for (const request of [wireCase.request, ...(wireCase.pipeline ?? [])]) {
    connection.sendRequest(request.method, pathFor(request), { headers: request.headers });
  }
  for (const expected of [wireCase.expect, ...(wireCase.expect_next ?? [])]) {
    assert.equal(mismatch(outcomeOf(connection), withoutReuse(expected)), undefined);
  }
  if (isReusable(wireCase)) {
    connection.sendRequest('GET', '/next');
    assert.equal(connection.readResponse().status, 200);
    assert.equal(connection.readText(), 'next');
  } else if (mustBeDead(wireCase.expect) && way.chunk === undefined) {
    // In segments, the bytes that make the connection unusable may still be on their way.
    stage.settle();
    const refused = (error: unknown): boolean => error instanceof ConnectionClosed || error instanceof StateError;
    assert.throws(() => connection.sendRequest('GET', '/again'), refused);
  }
  connection.disconnect();
  stage.check();
}
