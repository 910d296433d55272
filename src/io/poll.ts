/**
 * poll(2), and the interface of select(2) on top of it without its limit of 1024 descriptors, for loops that the caller
 * writes. Both block the thread. They rely on the addon, and know of coroutines only the shape of PollNeeded.
 */

import { now } from '../clock.ts';
import { POLLIN, POLLOUT } from '../coroutine.ts';
import { member } from '../options.ts';
import { native } from './native.ts';
import { heeded, INTERRUPTED, interruption } from './signals.ts';
import { BAD_DESCRIPTOR, systemError } from './system-error.ts';

/** Urgent data (poll.h). */
const POLLPRI = 2;
const POLLERR = 8;
const POLLHUP = 16;
const POLLNVAL = 32;

/**
 * One wait of {@link poll}: a descriptor, and what to wait for. A {@link PollNeeded} has this shape, so what a
 * coroutine yields can be given as it is; properties of the caller's own may be beside these.
 *
 * @example
 * ```js
 * import { POLLOUT, poll } from 'dugong';
 *
 * const requests = [{ fd: process.stdout.fd, mask: POLLOUT, name: 'standard output' }];
 * for (const { request } of poll(requests, 1000)) console.log(request.name); // standard output
 * ```
 */
export interface PollRequest {
  /** The descriptor; a negative one is never ready. */
  readonly fd: number;
  /** POLLIN (1), POLLOUT (4) or both. */
  readonly mask: number;
  /** The latest time at which the whole `poll` returns, on the scale of `performance.now()`. */
  readonly deadline?: number | undefined;
}

/**
 * A request of {@link poll} whose descriptor is ready, and for what.
 *
 * @example
 * ```js
 * import { POLLOUT, poll } from 'dugong';
 *
 * const requests = [{ fd: process.stdout.fd, mask: POLLOUT }];
 * const [result] = poll(requests, 1000);
 * console.log(result?.request === requests[0], result?.events === POLLOUT); // true true
 * ```
 */
export interface PollResult<R extends PollRequest = PollRequest> {
  /** The caller's own object, the same as in `requests`. */
  readonly request: R;
  /** revents of poll(2): bits of `mask`, and POLLERR (8), POLLHUP (16), POLLNVAL (32) even if not asked for. */
  readonly events: number;
}

/**
 * Blocks this thread until a descriptor of `requests` is ready, a request's `deadline` has come, or `timeoutMs`
 * milliseconds have passed (undefined: no limit, 0: do not wait). Returns the ready requests, in their order; none
 * after a time-out. Follows poll(2), except that a signal without a listener does not shorten the wait. For thousands
 * of descriptors, a {@link Poller} costs less.
 * @throws Interrupted - a signal arrived that the process listens for: call again to go on
 * @throws SystemError - EINVAL: more descriptors than RLIMIT_NOFILE
 * @throws TypeError - an fd or a mask is no whole number
 * @example
 * ```js
 * import { HTTPConnection, poll } from 'dugong';
 *
 * const connection = new HTTPConnection('http://localhost:8080');
 * const coroutine = connection.coRequest('GET', '/a');
 * let step = coroutine.next();
 * while (!step.done) {
 *   poll([step.value]); // with the needs of other coroutines, if there are any
 *   step = coroutine.next();
 * }
 * console.log(String(step.value.body)); // document a
 * connection.disconnect();
 * ```
 */
export function poll<R extends PollRequest>(requests: Iterable<R>, timeoutMs?: number): PollResult<R>[] {
  const all = [...requests];
  const entries = new Int32Array(all.length * 3);
  let limit = timeoutMs ?? Number.POSITIVE_INFINITY;
  all.forEach((request, index) => {
    entries[index * 3] = checkedInteger('fd', request.fd);
    entries[index * 3 + 1] = checkedInteger('mask', request.mask);
    const deadline = member(request, 'deadline');
    if (deadline !== undefined) limit = Math.min(limit, Math.max(0, deadline - now()));
  });
  const ready = native.poll(entries, limit === Number.POSITIVE_INFINITY ? -1 : limit, heeded('interrupt'));
  if (ready === INTERRUPTED) throw interruption();
  if (ready < 0) throw systemError(ready, 'poll');
  return all
    .map((request, index) => ({ request, events: entries[index * 3 + 2] as number }))
    .filter(({ events }) => events !== 0);
}

/**
 * The array would turn other values into other integers, such as 0, which is a descriptor of the program. @throws
 * TypeError
 */
function checkedInteger(name: string, value: number): number {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
  throw new TypeError(`the ${name} to poll must be a whole number, got ${String(value)}`);
}

/**
 * A descriptor, or an object whose property `fd` is one: what {@link select} waits for, as a {@link PollNeeded} or
 * `process.stdout`.
 *
 * @example
 * ```js
 * import { select } from 'dugong';
 *
 * const [, writable] = select([], [process.stdout], [], 1000);
 * console.log(writable[0] === process.stdout); // true
 * ```
 */
export type Selectable = number | { readonly fd: number };

/**
 * Python's `select.select`: blocks this thread until one of `readers` can be read, one of `writers` can be written, or
 * one of `exceptional` has urgent data, or until `timeoutMs` milliseconds have passed (undefined: no limit, 0: do not
 * wait). Returns three lists with the ready ones, the caller's own objects; three empty ones after a time-out. An error
 * or hang-up makes a reader or writer ready. Unlike select(2), it has no limit of 1024 descriptors.
 * @throws SystemError - EBADF: one of them is no open descriptor
 * @throws Interrupted - a signal arrived that the process listens for: call again to go on
 * @throws TypeError - one of them is no descriptor
 * @example
 * ```js
 * import { select } from 'dugong';
 *
 * console.log(select([], [process.stdout.fd], [], 1000)); // [ [], [ 1 ], [] ]
 * ```
 */
// Parameters: the signature of Python's select.select.
export function select<R extends Selectable, W extends Selectable, X extends Selectable = never>(
  readers: Iterable<R>,
  writers: Iterable<W>,
  exceptional: Iterable<X> = [],
  timeoutMs?: number,
): [R[], W[], X[]] {
  const groups = [
    { mask: POLLIN, members: [...readers] },
    { mask: POLLOUT, members: [...writers] },
    { mask: POLLPRI, members: [...exceptional] },
  ];
  const requests = groups.flatMap(({ mask, members }) =>
    members.map((member) => ({ fd: descriptorOf(member), mask, member })),
  );
  const selected: [R[], W[], X[]] = [[], [], []];
  for (const { request, events } of poll(requests, timeoutMs)) {
    if (events & POLLNVAL) throw systemError(BAD_DESCRIPTOR, 'select');
    const group = request.mask === POLLIN ? 0 : request.mask === POLLOUT ? 1 : 2;
    if (group < 2 || events & ~(POLLERR | POLLHUP)) (selected[group] as Selectable[]).push(request.member);
  }
  return selected;
}

function descriptorOf(selectable: Selectable): number {
  const fd = typeof selectable === 'object' && selectable !== null ? member(selectable, 'fd') : selectable;
  if (typeof fd !== 'number' || !Number.isInteger(fd) || fd < 0 || fd >= 2 ** 31)
    throw new TypeError(`${String(fd)} is no file descriptor`);
  return fd;
}
