/**
 * Makes the platform's Request from a complete init, because the constructor would look up missing members on
 * Object.prototype. The Request checks and normalises the caller's input; it sends nothing.
 */

import { bare } from '../options.ts';

/** The members of a Request that this client uses; it ignores the others of the standard. */
export type Members = Omit<Required<RequestInit>, 'body' | 'dispatcher' | 'duplex' | 'signal' | 'window'>;

/** A body that the platform accepts. */
export type Body = NonNullable<RequestInit['body']> | null;

/** Members that are checked and then ignored. */
export type Unread = Pick<RequestInit, 'duplex' | 'window'> & { readonly priority?: string };

/** The standard's defaults. */
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
 * Makes a Request of `members`, an object that inherits nothing; `otherwise` fills missing members. The Request has no
 * signal.
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
 * Returns a copy of `request` if its body was given as a whole (a string, bytes, a Blob or FormData), and undefined if
 * it was given as a stream. A stream has no "source" in the words of the standard, which then demands a mode of CORS
 * (Fetch, "Request(input, init)", step 38). The copy uses up the body of `request`; a stream is left alone.
 */
export function wholeRequest(request: Request): Request | undefined {
  try {
    const members = bare({ method: 'POST', mode: 'no-cors' } as const);
    return platformRequest(request, members, { otherwise: DEFAULTS, body: null });
  } catch {
    return undefined;
  }
}
