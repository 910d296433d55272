/** Results of the bulk engine without a transfer. */

import type { TransferCounts, TransferResult } from '../../src/index.ts';
import { responseWith } from './http-response.ts';

/** A document of 1000 bytes that was fetched from http://h/a, with other properties where they are given. */
export function resultWith(given: Partial<TransferResult> = {}): TransferResult {
  return {
    job: { url: 'http://h/a' },
    outcome: 'done',
    index: 0,
    url: 'http://h/a',
    redirects: [],
    response: responseWith(),
    body: undefined,
    bytes: 1000,
    verification: 'length',
    attempts: 1,
    error: undefined,
    mayHaveBeenProcessed: false,
    retryAt: undefined,
    duration: 12.4,
    remoteAddress: '127.0.0.1',
    ...given,
  };
}

/** Counts, zero unless given. */
export function countsWith(given: Partial<TransferCounts> = {}): TransferCounts {
  return { done: 0, missing: 0, failed: 0, aborted: 0, waiting: 0, inFlight: 0, bytes: 0, connections: [], ...given };
}
