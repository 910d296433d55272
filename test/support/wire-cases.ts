/**
 * The response cases of test/data/wire-cases.json and test/wire/cases, and the comparison of a client's result with a case. It
 * knows neither the pure core nor sockets: the callers run the cases.
 */

import { readFileSync } from 'node:fs';
import type { HTTPHeaders } from 'dugong/http1';
import { ownWireCases } from '../wire/cases/index.ts';

export type Pair = readonly [string, string];

export interface ExpectedOk {
  readonly kind: 'ok';
  readonly status: number;
  readonly reason?: string;
  readonly headers?: readonly Pair[];
  /** Whether there may be no other headers. */
  readonly headers_exact?: boolean;
  readonly trailers?: readonly Pair[];
  readonly body_base64: string;
  /** null: either. */
  readonly connection_reusable: boolean | null;
}

export interface ExpectedError {
  readonly kind: 'error';
  readonly error: string;
  readonly when?: 'head' | 'body';
}

export type Expected = ExpectedOk | ExpectedError | { readonly kind: 'either'; readonly any_of: readonly Expected[] };

export interface WireRequest {
  readonly method: string;
  readonly headers: readonly Pair[];
}

export interface WireCase {
  readonly id: string;
  readonly request: WireRequest;
  readonly response_base64: string;
  readonly then: 'keep-open' | 'close' | 'reset';
  readonly pipeline?: readonly WireRequest[];
  readonly expect: Expected;
  readonly expect_next?: readonly Expected[];
  readonly note?: string;
}

/** A client's result for one response. */
export type Outcome =
  | {
      readonly kind: 'ok';
      readonly status: number;
      readonly reason: string;
      readonly headers: HTTPHeaders;
      readonly trailers: HTTPHeaders;
      readonly body: Buffer;
      readonly reusable: boolean;
    }
  | { readonly kind: 'error'; readonly error: Error; readonly when: 'head' | 'body' }
  | { readonly kind: 'hang' };

/** The agreed cases. */
export const givenWireCases: readonly WireCase[] = JSON.parse(
  readFileSync(new URL('../data/wire-cases.json', import.meta.url), 'utf8'),
) as WireCase[];

/** This project's own cases, and the agreed ones. */
export const wireCases: readonly WireCase[] = [...givenWireCases, ...ownWireCases];

/** The path to request: CONNECT has its own form. */
export function pathFor(request: WireRequest): string {
  return request.method === 'CONNECT' ? 'origin.example:443' : '/';
}

/** Why `outcome` is not the recommended one of those that `expected` allows; undefined if it is. */
export function mismatch(outcome: Outcome, expected: Expected): string | undefined {
  if (expected.kind === 'either') return mismatchWithEither(outcome, expected.any_of);
  if (outcome.kind === 'hang') return `hangs, expected ${JSON.stringify(expected)}`;
  if (expected.kind === 'error') return mismatchWithError(outcome, expected);
  if (outcome.kind === 'error') return `${describe(outcome)}, expected ${expected.status}`;
  const body = outcome.body.toString('base64');
  if (outcome.status !== expected.status) return `status ${outcome.status}, expected ${expected.status}`;
  if (expected.reason !== undefined && outcome.reason !== expected.reason) {
    return `reason ${JSON.stringify(outcome.reason)}, expected ${JSON.stringify(expected.reason)}`;
  }
  if (body !== expected.body_base64) return `body ${show(body)}, expected ${show(expected.body_base64)}`;
  if (expected.connection_reusable !== null && outcome.reusable !== expected.connection_reusable) {
    return `reusable: ${outcome.reusable}, expected ${expected.connection_reusable}`;
  }
  if (expected.headers_exact && JSON.stringify([...outcome.headers]) !== JSON.stringify(expected.headers)) {
    return `headers ${JSON.stringify([...outcome.headers])}`;
  }
  return (
    missing('header', outcome.headers, expected.headers) ?? missing('trailer', outcome.trailers, expected.trailers)
  );
}

/**
 * The recommended choice comes first; errors of the same class may be raised on the head or, later, on the body. Bytes that
 * do not begin as HTTP are an InvalidResponse here, which is then among the choices.
 */
function mismatchWithEither(outcome: Outcome, choices: readonly Expected[]): string | undefined {
  const [first, ...others] = choices;
  if (first === undefined) return undefined;
  if (isNoHTTP(outcome)) {
    return choices.some((choice) => mismatch(outcome, choice) === undefined) ? undefined : describe(outcome);
  }
  const complaint = mismatch(outcome, first);
  if (complaint === undefined || first.kind !== 'error') return complaint;
  const sameError = others.filter((other) => other.kind === 'error' && other.error === first.error);
  return sameError.some((other) => mismatch(outcome, other) === undefined) ? undefined : complaint;
}

function isNoHTTP(outcome: Outcome): boolean {
  return outcome.kind === 'error' && /^(\S+ \S+: )?this is no HTTP response: /.test(outcome.error.message);
}

function mismatchWithError(outcome: Outcome, expected: ExpectedError): string | undefined {
  if (outcome.kind !== 'error') return `${describe(outcome)}, expected ${expected.error}`;
  if (outcome.error.name !== expected.error) return `${describe(outcome)}, expected ${expected.error}`;
  return expected.when === undefined || expected.when === outcome.when
    ? undefined
    : `${describe(outcome)} on the ${outcome.when}`;
}

function missing(what: string, fields: HTTPHeaders, expected: readonly Pair[] | undefined): string | undefined {
  const present = [...fields];
  for (const [name, value] of expected ?? []) {
    const at = present.findIndex(([n, v]) => n === name && v === value);
    if (at < 0) return `${what} ${name}: ${JSON.stringify(value)} is not among ${JSON.stringify([...fields])}`;
    present.splice(0, at + 1);
  }
  return undefined;
}

function describe(outcome: Outcome): string {
  if (outcome.kind === 'hang') return 'hangs';
  return outcome.kind === 'ok' ? `ok ${outcome.status}` : `${outcome.error.name} (${outcome.error.message})`;
}

function show(base64: string): string {
  const text = Buffer.from(base64, 'base64').toString('latin1');
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
