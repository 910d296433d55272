/**
 * One line of work: a document of the list, a link, or a file to send.
 */

import type { TransferJob, TransferResult } from '../index.ts';

/** What reports say of it. */
export interface Item {
  /** Position among all, from 0. */
  readonly position: number;
  readonly url: string;
  /** As it stands in a list. */
  readonly text: string;
  /** The number of its line in the list. */
  readonly line: number | undefined;
  /** The file: where it goes, or where it comes from. */
  readonly path: string | undefined;
}

/** The item that a job is about, which is the tag of the job. */
export function itemOf({ tag }: Pick<TransferJob, 'tag'>): Item {
  return tag as Item;
}

/** The result of a job that was not run: an error before anything was sent, or the end of the run. */
export function unsent(job: TransferJob, given: Pick<TransferResult, 'outcome' | 'error'>): TransferResult {
  return {
    job,
    index: itemOf(job).position,
    url: String(job.url),
    redirects: [],
    response: undefined,
    body: undefined,
    bytes: 0,
    verification: 'none',
    attempts: 0,
    mayHaveBeenProcessed: false,
    retryAt: undefined,
    duration: 0,
    remoteAddress: undefined,
    ...given,
  };
}
