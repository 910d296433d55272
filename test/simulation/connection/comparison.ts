/**
 * One plan in all ways of waiting: what becomes of each request must be the same, although each way has times of its own. Where a
 * connection is refused, cut, closed or reset is a matter of bytes, and so is how much of an answer is read before. Left out of such a
 * plan is what comes at a time of the program's own (interruptions) or by each call's chance (no descriptor, no buffer).
 */

import type { Random } from '../random.ts';
import { type ConnectionPlan, drawCut, faultsOf, type LinkPlan, type RequestPlan, WAYS, type Way } from './plan.ts';

/** The plan with nothing that may differ, and a cut if there was no other fault. */
export function comparable(plan: ConnectionPlan, random: Random): ConnectionPlan {
  const links = plan.links.map(comparableLink);
  const same: ConnectionPlan = { ...plan, noDescriptor: 0, noBuffers: 0, links, compared: true };
  if (faultsOf(same) > 0) return same;
  return { ...same, links: links.map((link) => ({ ...link, cut: drawCut(random) })) };
}

function comparableLink({ interruption: _interruption, ...link }: LinkPlan): LinkPlan {
  return { ...link, requests: link.requests.map(comparableRequest) };
}

/** Promises are for futures. */
function comparableRequest(request: RequestPlan): RequestPlan {
  const { upload } = request;
  return upload?.form === 'awaited' ? { ...request, upload: { ...upload, form: 'pieces' } } : request;
}

/** The ways in which a comparable plan must end alike. */
export function waysOf({ links }: ConnectionPlan): readonly Way[] {
  // One connection may block the thread until the time limit of another one.
  return links.some(isSilent) ? WAYS.filter((way) => way !== 'mixed') : WAYS;
}

function isSilent({ connect, cut }: LinkPlan): boolean {
  return cut?.how === 'hole' || connect === 'hole' || connect === 'timeout' || connect === 'unreachable-late';
}

/**
 * Whether an attempt has to have a time limit. Without one, each way waits for descriptors itself; with one, for those that the
 * combinators of the limit name.
 */
export function isLimited(link: LinkPlan, { compared }: ConnectionPlan): boolean {
  // A program that sends everything first may wait for ever where buffers are small.
  return !compared || isSilent(link) || (link.shape === 'ahead' && link.network === 'tiny');
}

/** What became of the requests of each connection, in one way of waiting. */
export interface Ended {
  readonly way: Way;
  readonly fates: readonly (readonly string[])[];
}

export function* differences([first, ...others]: readonly Ended[]): Generator<string> {
  if (first === undefined) return;
  for (const { way, fates } of others) {
    for (const [index, fate] of fates.entries()) {
      const [one, other] = [first.fates[index]?.join('; '), fate.join('; ')];
      if (one !== other)
        yield `connection ${index} ends by "${first.way}" with [${one}], and by "${way}" with [${other}]`;
    }
  }
}
