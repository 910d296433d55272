/**
 * The sentences about documents that are not there.
 */

import { DugongError, isIdempotent, TLSError, type TransferResult } from '../index.ts';
import { adviceFor } from './advice.ts';
import type { Item } from './item.ts';
import { withoutUserinfo } from './urls.ts';

/** What to say of a result that is not done. */
export interface Sentence {
  /** The URL that was asked for, and the line of the list. */
  readonly where: string;
  readonly cause: string;
  readonly advice: string | undefined;
}

/** The sentence, without secrets. */
export function sentenceFor(item: Item, result: TransferResult): Sentence {
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
  const location = status >= 300 && status < 400 ? headers.get('Location') : undefined;
  const to = location === undefined ? '' : `, to ${withoutUserinfo(location)}`;
  const via = result.url === url ? '' : ` at ${withoutUserinfo(result.url)}`;
  const later = result.retryAt === undefined ? '' : `; not before ${new Date(result.retryAt).toISOString()}`;
  return {
    where,
    cause: `${`${status} ${reason}`.trim()}${to}${via}${later}`,
    advice: adviceForStatus(status, to !== ''),
  };
}

// Parameters: whether there is a place to go, which the advice is about.
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
