/**
 * Connects the addon's non-blocking sockets, to one of several addresses or to a Unix socket, and wraps them in a
 * Transport. It relies on connection-attempts.ts for the order of addresses and knows no protocol on top.
 */

import { now } from '../clock.ts';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, SharedNeed, waitFor } from '../coroutine.ts';
import { SystemError } from '../errors.ts';
import { ConnectionAttempts, type ConnectOptions } from './connection-attempts.ts';
import { closeOwned, closeWhenForgotten } from './descriptor.ts';
import { native } from './native.ts';
import { systemError, WOULD_BLOCK } from './system-error.ts';
import type { Transport } from './transport.ts';

/**
 * Connects to `port` of one of `addresses`, tried by Happy Eyeballs (RFC 8305).
 * @throws SystemError (ECONNREFUSED, ETIMEDOUT, ...) of the address that failed last, with all failures as its cause;
 * TypeError if there is no address of the family of `localAddress`
 */
export function* coConnect(
  addresses: readonly string[],
  port: number,
  options: ConnectOptions = {},
): Coroutine<Transport> {
  const attempts = new ConnectionAttempts(addresses, port, options);
  try {
    const connected = yield* attempts.coRun();
    if (connected === undefined) throw summary(attempts.failures, options);
    return new SocketTransport(connected.fd, connected.address);
  } finally {
    attempts.close();
  }
}

/**
 * Milliseconds between attempts to connect to a Unix socket whose backlog is full: no descriptor signals the change.
 */
const RETRY_EVERY = 10;

/** Connects to the Unix socket at `path`. @throws SystemError (ENOENT, ECONNREFUSED, EACCES, ...) */
export function* coConnectUnix(path: string): Coroutine<Transport> {
  const fd = native.socket(0);
  if (fd < 0) throw systemError(fd, 'socket');
  const transport = new SocketTransport(fd, undefined);
  let result = WOULD_BLOCK;
  try {
    result = native.connectUnix(fd, path);
    while (result === WOULD_BLOCK) {
      yield* waitFor(new PollNeeded(-1, 0, { deadline: now() + RETRY_EVERY }));
      result = native.connectUnix(fd, path);
    }
    if (result === native.IN_PROGRESS) {
      // A signal interrupted the call; the attempt goes on.
      yield* waitFor(transport.sendNeeds);
      result = native.socketError(fd);
    }
    if (result < 0) throw systemError(result, 'connect', { address: path });
    return transport;
  } finally {
    if (result < 0) transport.close();
  }
}

function summary(failures: readonly SystemError[], options: ConnectOptions): Error {
  const last = failures.at(-1);
  if (last === undefined) {
    const from = options.localAddress === undefined ? '' : ` of the family of localAddress ${options.localAddress}`;
    return new TypeError(`there is no address${from} to connect to`);
  }
  if (failures.length === 1) return last;
  const { code, errno, syscall, address, port } = last;
  const cause = new AggregateError(failures, 'every address failed');
  return new SystemError(code, { errno, syscall, address, port, cause });
}

class SocketTransport implements Transport {
  readonly fd: number;
  readonly remoteAddress: string | undefined;
  readonly receiveNeeds: PollNeeded;
  readonly sendNeeds: PollNeeded;
  readonly pause: undefined;
  closed = false;

  constructor(fd: number, remoteAddress: string | undefined) {
    this.fd = fd;
    this.remoteAddress = remoteAddress;
    this.receiveNeeds = new PollNeeded(fd, POLLIN);
    // A sender and a reader that sends the rest may wait for POLLOUT in turn; the session keeps their order.
    this.sendNeeds = new SharedNeed(fd, POLLOUT);
    closeWhenForgotten(this, fd);
  }

  receive(buffer: Uint8Array, offset: number, length: number): number {
    return native.recv(this.fd, buffer, offset, length);
  }

  send(buffers: readonly Uint8Array[]): number {
    const [first] = buffers;
    if (buffers.length > 1 || first === undefined) return native.sendv(this.fd, buffers, 0);
    return native.send(this.fd, first, 0, first.length);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeOwned(this, this.fd);
  }
}
