/**
 * From a host name to numeric addresses, without blocking anybody: getaddrinfo(3) runs on a thread of the addon, and its
 * completion is a descriptor becoming readable, so that the same coroutine works under every way of waiting.
 */

import { isIP } from 'node:net';
import { constants } from 'node:os';
import { type Coroutine, POLLIN, PollNeeded, waitFor } from '../coroutine.ts';
import { DNSUnavailable, type DugongError, HostnameNotResolvable } from '../errors.ts';
import { closeOwned, closeWhenForgotten } from './descriptor.ts';
import { type LookupFailure, native } from './native.ts';
import { shownValue } from './shown-value.ts';
import { systemError } from './system-error.ts';

/** 0: any, in the resolver's order (RFC 6724). */
export type AddressFamily = 0 | 4 | 6;

/** How a host name becomes addresses. */
export interface ResolveOptions {
  readonly family?: AddressFamily | undefined;
  /** Takes the place of getaddrinfo: numeric addresses, or a coroutine that returns them. What it throws is passed on. */
  readonly lookup?:
    | ((hostname: string, family: AddressFamily) => readonly string[] | Coroutine<readonly string[]>)
    | undefined;
  /** Names to try when it is not clear whether a name does not exist or the resolver cannot tell; see {@link dnsTestHostnames}. */
  readonly dnsTestHostnames?: readonly string[] | undefined;
}

/**
 * Well-known names that are looked up when the resolver's answer for a name was ambiguous: if one of them has an address, the
 * resolver works, and the name does not exist. The list may be changed in place; an empty one switches the check off.
 */
export const dnsTestHostnames: string[] = ['www.google.com', 'www.iana.org', 'c.root-servers.org'];

/**
 * Answers that only a working resolver gives: the name exists, but has no address of the family that was asked for. EAI_NONAME
 * is not among them: systems also give it when they have no resolver to ask.
 */
const DEFINITE: ReadonlySet<string> = new Set(['EAI_NODATA', 'EAI_ADDRFAMILY']);

/**
 * Answers that may be about the name or about the resolver: EAI_FAIL is what some servers' errors become that concern one name
 * (musl: REFUSED; glibc: a malformed answer). All other codes say nothing of the name, EAI_AGAIN above all.
 */
const AMBIGUOUS: ReadonlySet<string> = new Set(['EAI_NONAME', 'EAI_FAIL', ...DEFINITE]);

/**
 * The addresses of `hostname`, at least one, each once; a numeric address is its own answer, without a thread.
 * @throws HostnameNotResolvable; DNSUnavailable; SystemError if the machine, not the resolver, failed (EAI_SYSTEM with its errno,
 * EAI_MEMORY); what a custom `lookup` throws
 */
export function* coResolve(hostname: string, options: ResolveOptions = {}): Coroutine<readonly string[]> {
  const { family = 0, lookup } = options;
  const numeric = isIP(hostname);
  if (numeric !== 0) {
    if (family === 0 || family === numeric) return [hostname];
    throw new HostnameNotResolvable(hostname, { cause: new TypeError(`it is no address of family IPv${family}`) });
  }
  if (lookup !== undefined) return yield* coLookUpWith(lookup, hostname, family);
  const result = yield* coLookUp(hostname, family);
  // glibc takes "::1 localhost" in /etc/hosts for an IPv4 address as well, and gives 127.0.0.1 a second time.
  if (Array.isArray(result)) return [...new Set(result)];
  throw yield* coVerdict(hostname, result as LookupFailure, options);
}

/** What a failure says of `hostname`; if it may be read in two ways, the resolver is tried with other names. */
function* coVerdict(
  hostname: string,
  failure: LookupFailure,
  { family = 0, dnsTestHostnames: others = dnsTestHostnames }: ResolveOptions,
): Coroutine<DugongError> {
  const errno = errnoOf(failure);
  if (errno !== 0) return systemError(-errno, 'getaddrinfo');
  const cause = lookupError(failure);
  const { code } = failure;
  if (isDefinite(code, family) || (AMBIGUOUS.has(code) && (yield* coResolverWorks(others)))) {
    return new HostnameNotResolvable(hostname, { cause });
  }
  return new DNSUnavailable(hostname, { cause });
}

/** What the system said to getaddrinfo(3); 0 if it was not asked, or has not said. */
function errnoOf({ code, errno }: LookupFailure): number {
  return code === 'EAI_MEMORY' ? constants.errno.ENOMEM : errno;
}

/**
 * For both families there are two questions, and glibc says what the one answer was, EAI_NODATA, even if the other question was
 * refused or not answered at all.
 */
function isDefinite(code: string, family: AddressFamily): boolean {
  return family !== 0 && DEFINITE.has(code);
}

function* coLookUpWith(
  lookup: NonNullable<ResolveOptions['lookup']>,
  hostname: string,
  family: AddressFamily,
): Coroutine<readonly string[]> {
  const given = lookup(hostname, family);
  const addresses = isCoroutine(given) ? yield* given : given;
  assertAddresses(addresses, family);
  if (addresses.length === 0) throw new HostnameNotResolvable(hostname);
  return addresses;
}

function isCoroutine<T>(given: T | Coroutine<T>): given is Coroutine<T> {
  return typeof (given as Partial<Coroutine<T>> | undefined)?.next === 'function';
}

function assertAddresses(given: readonly string[], family: AddressFamily): void {
  if (!Array.isArray(given)) {
    const advice = given instanceof Promise ? ' (in a coroutine, coAwait waits for a promise)' : '';
    throw new TypeError(`lookup() must return an array of addresses or a coroutine, not ${shownValue(given)}${advice}`);
  }
  for (const address of given) {
    // isIP() takes ['127.0.0.1'] for an address, too.
    const kind = typeof address === 'string' ? isIP(address) : 0;
    if (kind !== 0 && (family === 0 || family === kind)) continue;
    const wanted = family === 0 ? 'numeric addresses' : `numeric addresses of IPv${family}`;
    throw new TypeError(`lookup() must return ${wanted}, not ${shownValue(address)}`);
  }
}

/** One getaddrinfo(3). */
function* coLookUp(hostname: string, family: AddressFamily): Coroutine<string[] | LookupFailure> {
  const fd = native.lookup(hostname, family);
  if (fd < 0) throw systemError(fd, 'getaddrinfo');
  const owner = {};
  closeWhenForgotten(owner, fd);
  try {
    const need = new PollNeeded(fd, POLLIN);
    for (;;) {
      const result = native.lookupResult(fd);
      if (result !== undefined) return result;
      yield* waitFor(need);
    }
  } finally {
    closeOwned(owner, fd);
  }
}

/** Whether one of `hostnames` can be resolved, which says that others could be, too. */
function* coResolverWorks(hostnames: readonly string[]): Coroutine<boolean> {
  for (const hostname of hostnames) {
    if (Array.isArray(yield* coLookUp(hostname, 0))) return true;
  }
  return false;
}

/** In the shape that Node gives it. */
class LookupError extends Error {
  readonly code: string;
  readonly syscall = 'getaddrinfo';

  constructor(code: string, message: string) {
    super(`getaddrinfo ${code}: ${message}`);
    this.code = code;
  }
}

function lookupError({ code, message }: LookupFailure): Error {
  return new LookupError(code, message);
}
