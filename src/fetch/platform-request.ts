/**
 * The platform's own Request, made so that nothing on Object.prototype is taken for a member of its init: it would find one that
 * is missing there. It checks and normalises what callers give; it sends nothing here.
 */

import { bare } from '../options.ts';

/** What a Request is made of here; the other members of the standard mean nothing to this client. */
export type Members = Omit<Required<RequestInit>, 'body' | 'dispatcher' | 'duplex' | 'signal' | 'window'>;

export type Body = NonNullable<RequestInit['body']> | null;

/** Members that are checked, and mean nothing more. */
export type Unread = Pick<RequestInit, 'duplex' | 'window'> & { readonly priority?: string };

/** What the standard takes for a member that is not given. */
export const DEFAULTS: Members = bare({
  method: 'GET',
  headers: [],
  referrer: 'about:client',
  referrerPolicy: '',
  mode: 'cors',
  credentials: 'same-origin',
  cache: 'default',
  redirect: 'follow',
  integrity: '',
  keepalive: false,
});

export const NAMES_OF_MEMBERS = Object.keys(DEFAULTS) as readonly (keyof Members)[];

/**
 * Of `members`, an object that inherits nothing; missing ones are as in `otherwise`. Its signal is none.
 * @throws the platform's TypeError
 */
export function platformRequest(
  input: Request | URL | string,
  members: Partial<Members> & Unread,
  { otherwise, body }: { readonly otherwise: Members; readonly body: Body },
): Request {
  const { duplex = 'half', priority, window = null } = members;
  const entries = NAMES_OF_MEMBERS.map((name) => [name, members[name] === undefined ? otherwise[name] : members[name]]);
  const others = { body, duplex, priority, window, signal: null, dispatcher: null };
  return new Request(input, bare({ ...Object.fromEntries(entries), ...others }) as RequestInit);
}

/**
 * `request` once more, if its body was given as a whole, as a string, bytes, a Blob or FormData, and not as a stream: that has no
 * "source" in the words of the standard, which permits it with a mode of CORS only (Fetch, "Request(input, init)", step 38). The
 * body of `request` is used up then, and left alone if it is a stream.
 */
export function wholeRequest(request: Request): Request | undefined {
  try {
    const members = bare({ method: 'POST', mode: 'no-cors' } as const);
    return platformRequest(request, members, { otherwise: DEFAULTS, body: null });
  } catch {
    return undefined;
  }
}
