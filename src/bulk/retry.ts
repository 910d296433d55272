/**
 * Which failures can pass, and how long to wait before the next attempt. Pure functions.
 */

import type { HTTPResponse } from '../client/http-response.ts';
import { timeOf } from '../clock.ts';
import { isIdempotent } from '../http1/methods.ts';

/** The server has not processed the request, and may do so later (RFC 9110 15.5.9, RFC 8470, RFC 6585, RFC 9110 15.6.4). */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429, 503]);
/** The same, but the server may have processed the request. */
const PERHAPS_NOT: ReadonlySet<number> = new Set([500, 502, 504]);

/** Milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const LATEST_RETRY_AFTER = 1e8;

/** Whether another attempt may get another status. */
export function canPass(method: string, status: number): boolean {
  return NOT_NOW.has(status) || (PERHAPS_NOT.has(status) && isIdempotent(method));
}

/** Whether the status says that the server has too much to do, so that all requests to it should wait. */
export function isOverload(status: number): boolean {
  return status === 429 || status === 503;
}

/** Milliseconds before the attempt after `failures` failures: by chance below a bound that doubles each time (full jitter). */
export function backoff(failures: number, random: () => number): number {
  return random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, failures - 1));
}

/**
 * The milliseconds of Retry-After (RFC 9110 10.2.3). A date counts from the response's own Date, since the clocks may differ. 0 if there is
 * none, or it is no sensible one.
 */
export function retryAfter({ headers }: HTTPResponse, now: number): number {
  const value = headers.get('Retry-After')?.trim() ?? '';
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1000, LATEST_RETRY_AFTER);
  if (!/[a-z]{3}/i.test(value)) return 0;
  const date = timeOf(value);
  const sent = timeOf(headers.get('Date') ?? '');
  const wait = date - (Number.isNaN(sent) ? now : sent);
  return wait > 0 ? Math.min(wait, LATEST_RETRY_AFTER) : 0;
}
