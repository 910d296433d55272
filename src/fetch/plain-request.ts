/**
 * Checks the usual fetch without the platform's Request, whose constructor takes half as long as the rest of a fetch.
 * Input that is not certainly valid is left to the platform, so that one place decides about errors and their messages.
 */

/** The checked members of a request. */
export interface CheckedMembers
  extends Pick<Request, 'cache' | 'integrity' | 'method' | 'mode' | 'redirect' | 'referrer' | 'referrerPolicy'> {
  /** Undefined if the caller gave none. */
  readonly headers: Headers | undefined;
}

const METHODS: ReadonlySet<unknown> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);
const BODILESS: ReadonlySet<unknown> = new Set(['GET', 'HEAD']);
const REDIRECTS: ReadonlySet<unknown> = new Set(['error', 'follow', 'manual']);

/** Members that the usual fetch does not have. */
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

/**
 * Checks `given`, an object that inherits nothing. Undefined if it is not a plain request. @throws the platform's
 * TypeError about fields
 */
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
