/**
 * One plan in all ways of waiting: each request must have the same fate, although each way has times of its own. Where a
 * connection is refused, cut, closed or reset is a matter of bytes, and so is how much of a response is read before. Such a plan
 * has no events at times of the program's own (interruptions) and none by each call's chance (no descriptor, no buffer).
 */

import type { Random } from '../random.ts';
import { type ConnectionPlan, drawCut, faultsOf, type LinkPlan, type RequestPlan, WAYS, type Way } from './plan.ts';

/** The plan without anything that may differ, and with a cut if there was no other fault. */
export function comparable(plan: ConnectionPlan, random: Random): ConnectionPlan {
  const links = plan.links.map(comparableLink);
  const same: ConnectionPlan = { ...plan, noDescriptor: 0, noBuffers: 0, links, compared: true };
  if (faultsOf(same) > 0) return same;
  return { ...same, links: links.map((link) => ({ ...link, cut: drawCut(random) })) };
}

function comparableLink({ interruption: _interruption, ...link }: LinkPlan): LinkPlan {
  return { ...link, requests: link.requests.map(comparableRequest) };
}

/** Only futures can await promises. */
function comparableRequest(request: RequestPlan): RequestPlan {
  const { upload } = request;
  return upload?.form === 'awaited' ? { ...request, upload: { ...upload, form: 'pieces' } } : request;
}

/** The ways in which a comparable plan must have the same fates. */
export function waysOf({ links }: ConnectionPlan): readonly Way[] {
  // One connection may block the thread until the time limit of another one.
  return links.some(isSilent) ? WAYS.filter((way) => way !== 'mixed') : WAYS;
}

function isSilent({ connect, cut }: LinkPlan): boolean {
  return cut?.how === 'hole' || connect === 'hole' || connect === 'timeout' || connect === 'unreachable-late';
}

/**
 * Whether an attempt has to have a time limit. Without one, each way waits for descriptors itself; with one, it waits for what the
 * combinators of the limit yield.
 */
export function isLimited(link: LinkPlan, { compared }: ConnectionPlan): boolean {
  // A program that sends everything first may wait for ever where buffers are small.
  return !compared || isSilent(link) || (link.shape === 'ahead' && link.network === 'tiny');
}

/** The fates of the requests of each connection, in one way of waiting. */
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
