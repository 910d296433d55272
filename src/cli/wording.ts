/**
 * The sentences about documents that are not there.
 */

import { DugongError, isIdempotent, TLSError, type TransferResult } from '../index.ts';
import { adviceFor } from './advice.ts';
import type { Given } from './given.ts';
import type { Item } from './item.ts';
import { withoutUserinfo } from './urls.ts';

/** What to say of a result that is not done. */
export interface Sentence {
  /** The URL that was asked for, and the line of the list. */
  readonly where: string;
  readonly cause: string;
  readonly advice: string | undefined;
}

type FollowsFlag = Pick<Given, 'location'>;

/** The sentence, without secrets. `location`: whether -L was given. */
export function sentenceFor(item: Item, result: TransferResult, { location }: FollowsFlag = {}): Sentence {
  const { url, line } = item;
  const where = `${withoutUserinfo(url)}${line === undefined ? '' : ` (line ${line})`}`;
  const { error, response } = result;
  if (result.outcome === 'failed' && error !== undefined) {
    const unsafe = !isIdempotent(result.job.method ?? 'GET') && result.mayHaveBeenProcessed;
    const doubtful = unsafe ? '; the server may have processed the request' : '';
    return { where, cause: `${withoutURL(error)}${doubtful}`, advice: adviceFor(error) };
  }
  if (response === undefined) return { where, cause: 'not asked for', advice: undefined };
  const { status, reason, headers } = response;
  const next = status >= 300 && status < 400 ? headers.get('Location') : undefined;
  const to = next === undefined ? '' : `, to ${withoutUserinfo(next)}`;
  const via = result.url === url ? '' : ` at ${withoutUserinfo(result.url)}`;
  const later = result.retryAt === undefined ? '' : `; not before ${new Date(result.retryAt).toISOString()}`;
  return {
    where,
    cause: `${`${status} ${reason}`.trim()}${to}${via}${later}`,
    advice: adviceForStatus(status, to !== '' && !location),
  };
}

// Parameters: whether -L would help, which the advice is about.
function adviceForStatus(status: number, redirects: boolean): string | undefined {
  if (redirects) return '-L follows redirects';
  if (status === 401) return '-u or -n gives user name and password';
  if (status === 407) return 'the URL of the proxy may hold user name and password';
  if (status === 412) return 'it is there already: --overwrite replaces it';
  return undefined;
}

/** Messages of a connection begin with the method and URL, or with the server's URL, which is removed. */
function withoutURL(error: Error): string {
  if (!(error instanceof DugongError)) return error.message;
  const message = error.message.replace(/^(\S+ )?https?:\/\/\S*?: /, '');
  return error instanceof TLSError ? withoutOptions(message) : message;
}

/** The message without the sentences about options of the library, which the command has no names for. */
function withoutOptions(message: string): string {
  const sentences = message.split(/(?<=\.) (?=[A-Z])/);
  return sentences.filter((sentence) => !/\bTLS options?\b/.test(sentence)).join(' ');
}
