/**
 * What an answer says about a link. It asks nothing.
 */

import {
  ConnectionClosed,
  ConnectionTimedOut,
  InvalidResponse,
  type TransferResult,
  UnsupportedResponse,
} from '../index.ts';

/** What is known of a link. `blocked`: the server refuses programs, and the link may be alive for people. */
export type LinkState = 'alive' | 'redirected' | 'missing' | 'blocked' | 'failed';

type Answer = Pick<TransferResult, 'response' | 'redirects' | 'error'>;

/** Servers answer so to programs that they do not trust, or that ask too much; 999 is one service's own. */
const BLOCKED: ReadonlySet<number> = new Set([403, 429, 503, 999]);

/** The state that the last answer shows. A body that is too long to be read is the body of a link that is alive. */
export function linkState({ response, redirects }: Answer): LinkState {
  if (response === undefined) return 'failed';
  const { status } = response;
  // 416: the link is alive, and empty, or the server has no first byte of it.
  const alive = (status >= 200 && status < 300) || status === 304 || status === 416;
  if (alive) return redirects.length > 0 ? 'redirected' : 'alive';
  return BLOCKED.has(status) ? 'blocked' : 'missing';
}

const WORTH_A_GET = [ConnectionClosed, ConnectionTimedOut, InvalidResponse, UnsupportedResponse] as const;

/** Whether GET may show what HEAD did not. Many servers refuse HEAD, or answer it badly. */
export function deservesGet(head: Answer): boolean {
  const { response, error } = head;
  if (error !== undefined) return WORTH_A_GET.some((type) => error instanceof type);
  const state = linkState(head);
  if (state === 'alive' || state === 'redirected') return false;
  return response?.status !== 410 && response?.status !== 429;
}
