/**
 * The usual fetch, checked without the platform's Request, which takes as long as half of all the rest of a fetch. What is not
 * surely right is left to that, so that there is one opinion, and one set of messages, about what is wrong.
 */

/** What is known of a request when its init has been checked. */
export interface CheckedMembers
  extends Pick<Request, 'cache' | 'integrity' | 'method' | 'mode' | 'redirect' | 'referrer' | 'referrerPolicy'> {
  /** Undefined: none were given. */
  readonly headers: Headers | undefined;
}

const METHODS: ReadonlySet<unknown> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);
const BODILESS: ReadonlySet<unknown> = new Set(['GET', 'HEAD']);
const REDIRECTS: ReadonlySet<unknown> = new Set(['error', 'follow', 'manual']);

/** With one of these, a fetch is not the usual one. */
const UNUSUAL = [
  'cache',
  'credentials',
  'duplex',
  'integrity',
  'keepalive',
  'mode',
  'priority',
  'referrer',
  'referrerPolicy',
  'window',
] as const;
const DEFAULTS = {
  cache: 'default',
  mode: 'cors',
  integrity: '',
  referrer: 'about:client',
  referrerPolicy: '',
} as const;

type Given = Readonly<Partial<Record<(typeof UNUSUAL)[number] | 'body' | 'headers' | 'method' | 'redirect', unknown>>>;

/** Undefined if `given`, an object that inherits nothing, is anything but plain. @throws the platform's TypeError about fields */
export function plainRequest(given: Given): CheckedMembers | undefined {
  const { method = 'GET', redirect = 'follow', headers, body } = given;
  if (UNUSUAL.some((name) => given[name] !== undefined)) return undefined;
  if (!METHODS.has(method) || !REDIRECTS.has(redirect) || headers === null) return undefined;
  if (BODILESS.has(method) && body !== undefined && body !== null) return undefined;
  return {
    method: method as string,
    redirect: redirect as Request['redirect'],
    headers: headers === undefined ? undefined : new Headers(headers as NonNullable<RequestInit['headers']>),
    ...DEFAULTS,
  };
}
