/**
 * The typed face of the native addon, and the only module that loads it.
 *
 * The addon knows file descriptors, poll(2), the environment's event loop and getaddrinfo; it knows no HTTP. Every call
 * returns a number: a count >= 0, or a negated errno (`-os.constants.errno.EAGAIN`). Would-block is a normal result, never
 * an exception; exceptions are for wrong arguments alone (wrong types, ranges outside their buffer).
 *
 * Descriptors made by the addon are *owned* by the environment that made them: only they can be used with the socket calls
 * (anything else is -EBADF), they are closed when the environment (the main thread or a worker) ends, and closing one
 * first ends its watcher, so that a reused number is never polled by mistake.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Why a name could not be resolved: getaddrinfo's own code, e.g. `EAI_NONAME`, with its message. */
export interface LookupFailure {
  readonly code: string;
  readonly message: string;
  /** errno behind an `EAI_SYSTEM`, else 0. */
  readonly errno: number;
}

export interface Native {
  /** A non-blocking, close-on-exec stream socket: TCP with TCP_NODELAY (`family` 4 or 6) or Unix (0). Returns the fd. */
  socket(family: number): number;
  /** connect(2) to a numeric address (an IPv6 one may carry a %zone). Returns 0 or -EINPROGRESS while it goes on. */
  connect(fd: number, address: string, port: number): number;
  /** connect(2) to a Unix socket's path. */
  connectUnix(fd: number, path: string): number;
  /** bind(2) to a numeric address; port 0 leaves the choice to the kernel. */
  bind(fd: number, address: string, port: number): number;
  /** Probes an idle TCP connection after so many seconds (SO_KEEPALIVE, TCP_KEEPIDLE). */
  keepAlive(fd: number, idleSeconds: number): number;
  /** The pending error of the socket (SO_ERROR) as a negated errno, 0 if there is none. */
  socketError(fd: number): number;
  /** recv(2) into `buffer[offset, offset + length)`. Returns the count, 0 at the peer's end of stream. */
  recv(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /** send(2) from `buffer[offset, offset + length)`, never raising SIGPIPE. Returns the count, which may be short. */
  send(fd: number, buffer: Uint8Array, offset: number, length: number): number;
  /** Several buffers in one syscall (sendmsg(2)), leaving out the first `skip` bytes of the first. May be short. */
  sendv(fd: number, buffers: readonly Uint8Array[], skip: number): number;
  /** shutdown(2); `how` is 0 (SHUT_RD), 1 (SHUT_WR) or 2 (SHUT_RDWR). */
  shutdown(fd: number, how: number): number;
  /** Ends the watcher of an owned fd and closes it. -EBADF if it is not owned (closed already, or someone else's). */
  close(fd: number): number;

  /** poll(2) on any one fd. Returns revents (0 after `timeoutMs` ms; a negative timeout waits for ever). EINTR is retried. */
  pollOne(fd: number, mask: number, timeoutMs: number): number;
  /**
   * poll(2) on many fds: `entries` holds triples `fd, events, revents`; revents is written. A negative fd is ignored.
   * Returns how many entries are ready. EINTR is retried with the time that is left.
   */
  poll(entries: Int32Array, timeoutMs: number): number;

  /** A new epoll(7) or kqueue(2) descriptor, owned. It is readable while something in it is ready. */
  openPoller(): number;
  /** Sets what the poller waits for on `fd`, 0 for no longer; `oldMask` is what it was before, 0 if it is new. */
  changePoller(poller: number, fd: number, mask: number, oldMask: number): number;
  /** Waits as {@link Native.poll}. Fills `events` with pairs `fd, events`, as many as fit; returns how many. */
  waitPoller(poller: number, events: Int32Array, timeoutMs: number): number;

  /** Installs the one function of this environment that hears of readiness; see {@link Native.watch}. */
  onReady(callback: (fd: number, events: number) => void): void;
  /**
   * Says which of POLLIN | POLLOUT the event loop of this environment is to wait for on `fd` (any fd). One-shot by
   * direction: a direction that was reported is no longer waited for, until it is asked for again. 0 withdraws. The loop is
   * kept alive exactly while something is waited for. An error or hang-up is reported as every direction waited for.
   * Returns 0 or a negated errno (EPERM: a regular file; EEXIST: watched by somebody else in this loop).
   */
  watch(fd: number, mask: number): number;

  /**
   * Starts getaddrinfo(3) on a thread (at most {@link Native.maxLookupThreads} run at a time, others queue).
   * `family` is 0 (any), 4 or 6. Returns an owned fd that becomes readable when the result is there. Closing that fd at
   * any time abandons the lookup.
   */
  lookup(hostname: string, family: number): number;
  /** The result of a lookup: numeric addresses in getaddrinfo's order, a failure, or undefined while it runs. */
  lookupResult(fd: number): string[] | LookupFailure | undefined;
  readonly maxLookupThreads: number;
  /** How many fds the addon owns in this environment (sockets and lookups), and how many fds it watches: for tests. */
  counts(): { owned: number; watched: number };
}

function load(): Native {
  if (process.platform === 'win32') {
    throw new Error('dugong runs on Linux and macOS; Windows is not supported. Under Windows, use it inside WSL 2.');
  }
  const require = createRequire(import.meta.url);
  const override = process.env.DUGONG_ADDON;
  if (override) return require(override) as Native;
  const root = new URL('../../', import.meta.url);
  const candidates = ['build/Release/dugong.node', `prebuilds/${process.platform}-${process.arch}/dugong.node`].map(
    (path) => fileURLToPath(new URL(path, root)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(
      `dugong's native addon is missing for ${process.platform}-${process.arch}. Looked for ${candidates.join(' and ')}. ` +
        `Build it with "npm run build:addon" in ${fileURLToPath(root)} (needs python3, make and a C++ compiler), or name a ` +
        'built one in the environment variable DUGONG_ADDON.',
    );
  }
  return require(found) as Native;
}

export const native: Native = load();
