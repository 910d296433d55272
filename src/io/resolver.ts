/**
 * From a host name to numeric addresses, without blocking anybody: getaddrinfo(3) runs on a thread of the addon, and its
 * completion is a descriptor becoming readable, so that the same coroutine works under every way of waiting.
 */

import { isIP } from 'node:net';
import { type Coroutine, POLLIN, PollNeeded, waitFor } from '../coroutine.ts';
import { DNSUnavailable, HostnameNotResolvable } from '../errors.ts';
import { closeDescriptor } from './descriptor.ts';
import { type LookupFailure, native } from './native.ts';
import { systemError } from './system-error.ts';

/** What getaddrinfo says when the name is known not to have an address; all else is "could not find out". */
const DEFINITE: ReadonlySet<string> = new Set(['EAI_NONAME', 'EAI_NODATA', 'EAI_ADDRFAMILY']);

/**
 * The addresses of `hostname` in the resolver's order (RFC 6724); a numeric address is its own answer, without a thread.
 * @throws HostnameNotResolvable, DNSUnavailable
 */
export function* coResolve(hostname: string): Coroutine<string[]> {
  if (isIP(hostname) !== 0) return [hostname];
  const fd = native.lookup(hostname, 0);
  if (fd < 0) throw systemError(fd, 'getaddrinfo');
  try {
    const need = new PollNeeded(fd, POLLIN);
    for (;;) {
      const result = native.lookupResult(fd);
      if (Array.isArray(result)) return result;
      if (result !== undefined) throw resolveError(hostname, result);
      yield* waitFor(need);
    }
  } finally {
    closeDescriptor(fd);
  }
}

function resolveError(hostname: string, failure: LookupFailure): Error {
  const { code, message, errno } = failure;
  const cause = Object.assign(new Error(`getaddrinfo ${code}: ${message}`), { code, errno, syscall: 'getaddrinfo' });
  return DEFINITE.has(code) ? new HostnameNotResolvable(hostname, { cause }) : new DNSUnavailable(hostname, { cause });
}
