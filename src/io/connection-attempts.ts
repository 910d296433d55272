/**
 * Overlapping attempts to connect to the addresses of one host (Happy Eyeballs, RFC 8305). The next attempt starts when
 * the one before has failed or takes too long. The first that succeeds wins; the others are closed. It knows
 * descriptors, not the protocol on top.
 */

import { isIPv6 } from 'node:net';
import { now } from '../clock.ts';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, waitFor } from '../coroutine.ts';
import type { SystemError } from '../errors.ts';
import { closeDescriptor } from './descriptor.ts';
import { native } from './native.ts';
import { Poller } from './poller.ts';
import { systemError } from './system-error.ts';

/** How to connect to one of several addresses. */
export interface ConnectOptions {
  /** Milliseconds after which the next address is tried while the present attempt goes on. Default 250 (RFC 8305 5). */
  readonly attemptDelay?: number | undefined;
  /** The numeric local address; only addresses of its family are tried. */
  readonly localAddress?: string | undefined;
  /** Seconds of silence after which the kernel probes the peer (SO_KEEPALIVE). Default: never. */
  readonly keepAlive?: number | undefined;
  /** Called when an address is about to be tried. */
  readonly onAttempt?: ((address: string) => void) | undefined;
  /** Called at once for each address that fails. */
  readonly onFailure?: ((failure: SystemError) => void) | undefined;
}

/** A connected socket. */
export interface Connected {
  readonly fd: number;
  /** The numeric address of the peer. */
  readonly address: string;
}

const ATTEMPT_DELAY = 250;

/** Closes the sockets of attempts whose object becomes garbage before `close()`. */
const forgotten = new FinalizationRegistry<ReadonlyMap<number, string>>(closeAll);

/** The attempts for one host. `coRun` may be called once; `close` ends the attempts that still go on. */
export class ConnectionAttempts {
  /** The failure of each tried address, in the order of failing. */
  readonly failures: SystemError[] = [];
  readonly #port: number;
  readonly #options: ConnectOptions;
  /** Addresses that have not been tried. */
  readonly #waiting: string[];
  /** Connecting sockets and their addresses. */
  readonly #connecting = new Map<number, string>();
  #nextAt = 0;
  #winner: Connected | undefined;
  /**
   * Bundles the connecting sockets into one descriptor to wait for. It is made when the coroutine first waits for a
   * second attempt.
   */
  #poller: Poller | undefined;

  constructor(addresses: readonly string[], port: number, options: ConnectOptions) {
    const { localAddress } = options;
    const possible = addresses.filter(
      (address) => localAddress === undefined || isIPv6(address) === isIPv6(localAddress),
    );
    this.#waiting = interleaved(possible);
    this.#port = port;
    this.#options = options;
    forgotten.register(this, this.#connecting);
  }

  /** Returns the first connected socket; undefined if every address failed. */
  *coRun(): Coroutine<Connected | undefined> {
    for (;;) {
      this.#startDue();
      if (this.#winner !== undefined) return this.#winner;
      if (this.#connecting.size === 0) return undefined;
      yield* waitFor(this.#need());
      this.#noteResults();
    }
  }

  /** Closes all sockets except the winner. */
  close(): void {
    closeAll(this.#connecting);
    this.#connecting.clear();
    this.#poller?.close();
  }

  /** Starts the next attempt if none is going on or its time has come. */
  #startDue(): void {
    while (this.#winner === undefined && this.#waiting.length > 0) {
      const time = now();
      if (this.#connecting.size > 0 && time < this.#nextAt) return;
      this.#nextAt = time + (this.#options.attemptDelay ?? ATTEMPT_DELAY);
      this.#start(this.#waiting.shift() as string);
    }
  }

  #start(address: string): void {
    this.#options.onAttempt?.(address);
    const fd = native.socket(isIPv6(address) ? 6 : 4);
    if (fd < 0) {
      this.#failed(systemError(fd, 'socket', { address, port: this.#port }));
      return;
    }
    this.#connecting.set(fd, address);
    this.#poller?.add(fd, POLLOUT);
    const { localAddress, keepAlive } = this.#options;
    const kept = keepAlive === undefined ? 0 : native.keepAlive(fd, keepAlive);
    const bound = localAddress === undefined ? 0 : native.bind(fd, localAddress, 0);
    if (kept < 0) this.#lose(fd, systemError(kept, 'setsockopt', { address, port: this.#port }));
    else if (bound < 0) this.#lose(fd, systemError(bound, 'bind', { address: localAddress }));
    else this.#note(fd, address, native.connect(fd, address, this.#port));
  }

  #note(fd: number, address: string, result: number): void {
    if (result === native.IN_PROGRESS) return;
    if (result < 0) {
      this.#lose(fd, systemError(result, 'connect', { address, port: this.#port }));
      return;
    }
    this.#connecting.delete(fd);
    this.#poller?.remove(fd);
    this.#winner = { fd, address };
  }

  #lose(fd: number, failure: SystemError): void {
    this.#connecting.delete(fd);
    this.#poller?.remove(fd);
    closeDescriptor(fd);
    this.#failed(failure);
  }

  #failed(failure: SystemError): void {
    this.failures.push(failure);
    this.#options.onFailure?.(failure);
    // RFC 8305 5: after a failure the next attempt starts at once.
    this.#nextAt = 0;
  }

  /** The coroutine may be resumed early: only a socket that poll(2) reports as writable has a result. */
  #noteResults(): void {
    for (const [fd, address] of this.#connecting) {
      if (this.#winner !== undefined) return;
      if (native.pollOne(fd, POLLOUT, 0) > 0) this.#note(fd, address, native.socketError(fd));
    }
  }

  #need(): PollNeeded {
    const deadline = this.#waiting.length > 0 ? this.#nextAt : undefined;
    if (this.#connecting.size === 1) {
      const [fd] = this.#connecting.keys();
      return new PollNeeded(fd as number, POLLOUT, { deadline });
    }
    if (this.#poller === undefined) {
      this.#poller = new Poller();
      for (const fd of this.#connecting.keys()) this.#poller.add(fd, POLLOUT);
    }
    return new PollNeeded(this.#poller.fd, POLLIN, { deadline });
  }
}

function closeAll(sockets: ReadonlyMap<number, string>): void {
  for (const fd of sockets.keys()) closeDescriptor(fd);
}

/**
 * The resolver's order with alternating families (RFC 8305 4), so that a broken family cannot delay the other for long.
 */
export function interleaved(addresses: readonly string[]): string[] {
  const [first] = addresses;
  const sameFamily = addresses.filter((address) => isIPv6(address) === isIPv6(first as string));
  const otherFamily = addresses.filter((address) => isIPv6(address) !== isIPv6(first as string));
  return sameFamily
    .flatMap((address, index) => [address, ...otherFamily.slice(index, index + 1)])
    .concat(otherFamily.slice(sameFamily.length));
}
