/**
 * The Referer field for a referrer that the caller gave: how much of it a server sees (Referrer Policy 8.3, "Determine
 * request's Referrer"). There is no document whose URL could be a default.
 */

import type { HTTPHeaders } from '../http1/headers.ts';

type ReferrerPolicy = Request['referrerPolicy'];

/** A referrer with its policy. */
export interface Referrer {
  /** The URL without credentials and fragment. */
  readonly url: URL;
  readonly policy: ReferrerPolicy;
}

/** Most characters of a Referer; of a longer URL, only the origin is sent (Referrer Policy 8.3, step 6). */
const LONGEST = 4096;
const POLICIES: ReadonlySet<string> = new Set<ReferrerPolicy>([
  ...(['no-referrer', 'no-referrer-when-downgrade', 'same-origin', 'origin', 'strict-origin'] as const),
  ...(['origin-when-cross-origin', 'strict-origin-when-cross-origin', 'unsafe-url'] as const),
]);

/** The referrer of a Request; undefined if it has no HTTP URL. */
export function referrerOf({
  referrer,
  referrerPolicy,
}: Pick<Request, 'referrer' | 'referrerPolicy'>): Referrer | undefined {
  if (!/^https?:/.test(referrer)) return undefined;
  const url = new URL(referrer);
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url, policy: referrerPolicy === '' ? 'strict-origin-when-cross-origin' : referrerPolicy };
}

/**
 * The referrer after a redirect. The response may change the policy (Fetch, "HTTP-redirect fetch"; Referrer Policy
 * 8.2).
 */
export function redirectedReferrer(referrer: Referrer, answer: HTTPHeaders): Referrer {
  const tokens = (answer.get('Referrer-Policy') ?? '').split(',').map((token) => token.trim().toLowerCase());
  const policy = tokens.findLast((token) => POLICIES.has(token));
  return policy === undefined ? referrer : { url: referrer.url, policy: policy as ReferrerPolicy };
}

/** Sets the Referer for a request to `target`, replacing one for another target. */
export function setReferer(headers: HTTPHeaders, referrer: Referrer, target: URL): void {
  const value = refererTo(referrer, target);
  if (value === undefined) headers.delete('Referer');
  else headers.set('Referer', value);
}

function refererTo({ url, policy }: Referrer, target: URL): string | undefined {
  const origin = `${url.origin}/`;
  const whole = url.href.length > LONGEST ? origin : url.href;
  const sameOrigin = url.origin === target.origin;
  const downgrade = isTrustworthy(url) && !isTrustworthy(target);
  switch (policy) {
    case 'no-referrer':
      return undefined;
    case 'origin':
      return origin;
    case 'unsafe-url':
      return whole;
    case 'strict-origin':
      return downgrade ? undefined : origin;
    case 'same-origin':
      return sameOrigin ? whole : undefined;
    case 'origin-when-cross-origin':
      return sameOrigin ? whole : origin;
    case 'no-referrer-when-downgrade':
      return downgrade ? undefined : whole;
    default:
      if (sameOrigin) return whole;
      return downgrade ? undefined : origin;
  }
}

/** Whether the connection to this URL cannot be read on the way (Secure Contexts 3.1). */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:' || hostname === '[::1]') return true;
  return /^127(?:\.\d+){3}$/.test(hostname) || /(?:^|\.)localhost\.?$/.test(hostname);
}
