/**
 * Resolves a host name to numeric addresses. getaddrinfo(3) runs on a thread of the addon; a descriptor becomes
 * readable when it is done, so that the same coroutine works with every way of waiting. It knows nothing of
 * connections.
 */

import { isIP } from 'node:net';
import { type Coroutine, POLLIN, PollNeeded, waitFor } from '../coroutine.ts';
import { DNSUnavailable, type DugongError, HostnameNotResolvable } from '../errors.ts';
import { closeOwned, closeWhenForgotten } from './descriptor.ts';
import { type LookupFailure, native } from './native.ts';
import { shownValue } from './shown-value.ts';
import { OUT_OF_MEMORY, systemError } from './system-error.ts';

/**
 * The IP version of addresses: 4, 6, or 0 for both, in the resolver's order (RFC 6724). It is the option `family`.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080', { family: 4 });
 * connection.connect();
 * console.log(connection.remoteAddress); // 127.0.0.1
 * connection.disconnect();
 * ```
 */
export type AddressFamily = 0 | 4 | 6;

/**
 * How to resolve a host name: options of `HTTPConnection`, and of what makes connections.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * const lookup = (hostname) => (hostname === 'server.example' ? ['127.0.0.1'] : []);
 * const connection = new HTTPConnection('http://server.example:8080', { lookup });
 * console.log(String(connection.request('GET', '/a').body)); // document a
 * connection.disconnect();
 * ```
 */
export interface ResolveOptions {
  /** The IP version of the addresses to use. Default 0: both. */
  readonly family?: AddressFamily | undefined;
  /** What the addresses are for, which `lookup` gets. Default 0. */
  readonly port?: number | undefined;
  /**
   * Replaces getaddrinfo: returns numeric addresses, or a coroutine that does. `port` is the one that will be connected to: the
   * proxy's, if there is one. An error that it throws is passed on.
   */
  readonly lookup?:
    | ((hostname: string, family: AddressFamily, port: number) => readonly string[] | Coroutine<readonly string[]>)
    | undefined;
  /** Names that are looked up in place of those in {@link dnsTestHostnames}; an empty list switches the check off. */
  readonly dnsTestHostnames?: readonly string[] | undefined;
}

/**
 * Well-known names. If the resolver's answer for a name is ambiguous, they are looked up: if one of them has an
 * address, the resolver works, so the name does not exist ({@link HostnameNotResolvable}, not {@link DNSUnavailable}).
 * The list may be changed in place, for instance in a network of its own; an empty list switches the check off.
 *
 * @example
 * ```js
 * import { dnsTestHostnames } from 'dugong';
 *
 * dnsTestHostnames.unshift('gateway.example'); // asked first from now on
 * console.log(dnsTestHostnames.length); // 4
 * dnsTestHostnames.shift();
 * ```
 */
export const dnsTestHostnames: string[] = ['www.google.com', 'www.iana.org', 'c.root-servers.org'];

/**
 * Answers that only a working resolver gives: the name exists, but has no address of the requested family. EAI_NONAME
 * is not one of them, because systems also return it if they have no resolver to ask.
 */
const DEFINITE: ReadonlySet<string> = new Set(['EAI_NODATA', 'EAI_ADDRFAMILY']);

/**
 * Ambiguous answers, which may be about the name or about the resolver. EAI_FAIL stands for some server errors about
 * one name (musl: REFUSED; glibc: a malformed answer). All other codes, above all EAI_AGAIN, say nothing about the
 * name.
 */
const AMBIGUOUS: ReadonlySet<string> = new Set(['EAI_NONAME', 'EAI_FAIL', ...DEFINITE]);

/**
 * Resolves `hostname` to at least one address; the system's, each once. A numeric address is returned as it is, without a thread.
 * @throws HostnameNotResolvable; DNSUnavailable; SystemError if the machine, not the resolver, failed (EAI_SYSTEM with
 * its errno, EAI_MEMORY); any error of a custom `lookup`
 */
export function* coResolve(hostname: string, options: ResolveOptions = {}): Coroutine<readonly string[]> {
  const { family = 0, port = 0, lookup } = options;
  const numeric = isIP(hostname);
  if (numeric !== 0) {
    if (family === 0 || family === numeric) return [hostname];
    throw new HostnameNotResolvable(hostname, { cause: new TypeError(`it is no address of family IPv${family}`) });
  }
  if (lookup !== undefined) return yield* coTaken(hostname, family, lookup(hostname, family, port));
  const result = yield* coLookUp(hostname, family);
  // glibc takes "::1 localhost" in /etc/hosts for an IPv4 address as well and returns 127.0.0.1 twice.
  if (Array.isArray(result)) return [...new Set(result)];
  throw yield* coVerdict(hostname, result as LookupFailure, options);
}

/** The error for a failed lookup. If the failure is ambiguous, other names show whether the resolver works. */
function* coVerdict(
  hostname: string,
  failure: LookupFailure,
  { family = 0, dnsTestHostnames: others = dnsTestHostnames }: ResolveOptions,
): Coroutine<DugongError> {
  const error = errorBehind(failure);
  if (error !== 0) return systemError(error, 'getaddrinfo');
  const cause = lookupError(failure);
  const { code } = failure;
  if (isDefinite(code, family) || (AMBIGUOUS.has(code) && (yield* coResolverWorks(others)))) {
    return new HostnameNotResolvable(hostname, { cause });
  }
  return new DNSUnavailable(hostname, { cause });
}

/** The error number of the system behind a failure of getaddrinfo(3); 0 if there is none. */
function errorBehind({ code, errno }: LookupFailure): number {
  return code === 'EAI_MEMORY' ? OUT_OF_MEMORY : errno;
}

/**
 * Whether the answer is definite. For both families the resolver asks two questions, and glibc returns the one answer,
 * EAI_NODATA, even if the other question was refused or not answered.
 */
function isDefinite(code: string, family: AddressFamily): boolean {
  return family !== 0 && DEFINITE.has(code);
}

/** The addresses that `lookup` has given, checked. */
function* coTaken(
  hostname: string,
  family: AddressFamily,
  given: readonly string[] | Coroutine<readonly string[]>,
): Coroutine<readonly string[]> {
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
    // isIP() accepts ['127.0.0.1'] as an address, too.
    const kind = typeof address === 'string' ? isIP(address) : 0;
    if (kind !== 0 && (family === 0 || family === kind)) continue;
    const wanted = family === 0 ? 'numeric addresses' : `numeric addresses of IPv${family}`;
    throw new TypeError(`lookup() must return ${wanted}, not ${shownValue(address)}`);
  }
}

/** Calls getaddrinfo(3) once. */
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

/** Whether one of `hostnames` has an address, which shows that the resolver works. */
function* coResolverWorks(hostnames: readonly string[]): Coroutine<boolean> {
  for (const hostname of hostnames) {
    if (Array.isArray(yield* coLookUp(hostname, 0))) return true;
  }
  return false;
}

/** An error of getaddrinfo(3) in the shape of Node's. */
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
