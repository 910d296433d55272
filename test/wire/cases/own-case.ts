/**
 * How this project's own response cases are written down: short, as text of latin1 characters. It knows the shape of cases,
 * not what is right: that is said, with the RFC's section, by the families beside this file.
 */

import type { Expected, Pair, WireCase } from '../../support/wire-cases.ts';

/** A response as it must be understood. What is left out is not looked at, but a body is: it is empty unless given. */
interface Given {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: readonly Pair[];
  readonly exactly?: readonly Pair[];
  readonly trailers?: readonly Pair[];
  readonly body?: string;
  /** Whether a further request may go out; false unless said. null: left open. */
  readonly reusable?: boolean | null;
}

interface Failing {
  readonly error: 'InvalidResponse' | 'UnsupportedResponse' | 'ConnectionClosed';
  readonly when: 'head' | 'body';
}

type Brief = Given | Failing;

export interface OwnCase {
  readonly id: string;
  /** Why: the section of the RFC, or this project's choice where it leaves one. */
  readonly source: string;
  readonly method?: string;
  readonly headers?: readonly Pair[];
  readonly send: string;
  /** What the server does after these bytes: it waits, unless said otherwise. */
  readonly ends?: WireCase['then'];
  readonly expect: Brief;
  /** Methods of further requests, sent before the first response is read, and what becomes of them. */
  readonly pipeline?: readonly string[];
  readonly next?: readonly Brief[];
}

export const BAD_HEAD: Brief = { error: 'InvalidResponse', when: 'head' };
export const BAD_BODY: Brief = { error: 'InvalidResponse', when: 'body' };
export const NO_HTTP: Brief = { error: 'UnsupportedResponse', when: 'head' };
export const UNKNOWN_CODING: Brief = { error: 'UnsupportedResponse', when: 'body' };
export const CUT_HEAD: Brief = { error: 'ConnectionClosed', when: 'head' };
export const CUT_BODY: Brief = { error: 'ConnectionClosed', when: 'body' };

/** A response: status line (or just status and reason), field lines, body as it stands on the wire. */
export function message(status: string, fields: readonly string[] = [], body: string = ''): string {
  const line = status.startsWith('HTTP') ? status : `HTTP/1.1 ${status}`;
  return `${[line, ...fields].join('\r\n')}\r\n\r\n${body}`;
}

/** 200 with a body of announced length. */
export function sized(body: string, ...fields: readonly string[]): string {
  return message('200 OK', [`Content-Length: ${body.length}`, ...fields], body);
}

/** 200 whose chunked body is `wire`. */
export function chunked(wire: string, ...fields: readonly string[]): string {
  return message('200 OK', ['Transfer-Encoding: chunked', ...fields], wire);
}

export function wireCase(own: OwnCase): WireCase {
  const { id, method = 'GET', headers = [], send, ends = 'keep-open', expect, pipeline, next } = own;
  return {
    id,
    request: { method, headers },
    response_base64: Buffer.from(send, 'latin1').toString('base64'),
    // biome-ignore lint/suspicious/noThenProperty: the word of the agreed cases, of which none is awaited
    then: ends,
    expect: expected(expect),
    ...(pipeline === undefined ? {} : { pipeline: pipeline.map((each) => ({ method: each, headers: [] })) }),
    ...(next === undefined ? {} : { expect_next: next.map(expected) }),
  };
}

function expected(brief: Brief): Expected {
  if ('error' in brief) return { kind: 'error', ...brief };
  const { status = 200, exactly, body = '', reusable = false, headers, ...others } = brief;
  return {
    kind: 'ok',
    status,
    ...others,
    ...(headers === undefined ? {} : { headers }),
    ...(exactly === undefined ? {} : { headers: exactly, headers_exact: true }),
    body_base64: Buffer.from(body, 'latin1').toString('base64'),
    connection_reusable: reusable,
  };
}
