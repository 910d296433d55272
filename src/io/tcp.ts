/**
 * TCP over the addon's non-blocking sockets: connecting to one of several addresses, and the Transport on top of it.
 */

import { isIPv6 } from 'node:net';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, waitFor } from '../coroutine.ts';
import { type DugongError, SystemError } from '../errors.ts';
import { closeDescriptor } from './descriptor.ts';
import { native } from './native.ts';
import { IN_PROGRESS, systemError } from './system-error.ts';
import type { Transport } from './transport.ts';

/**
 * A transport to `port` of the first of `addresses` that takes the connection, tried in order.
 * @throws SystemError (ECONNREFUSED, ETIMEDOUT, ...) of the last address, with the other failures as its cause
 */
export function* coConnect(addresses: readonly string[], port: number): Coroutine<Transport> {
  const failures: SystemError[] = [];
  for (const address of addresses) {
    const result = yield* coConnectTo(address, port);
    if (!(result instanceof SystemError)) return result;
    failures.push(result);
  }
  throw summary(failures);
}

/** One attempt. The socket is closed on every way out but success. */
function* coConnectTo(address: string, port: number): Coroutine<Transport | SystemError> {
  const fd = native.socket(isIPv6(address) ? 6 : 4);
  if (fd < 0) return systemError(fd, 'socket');
  let transport: Transport | undefined;
  try {
    let result = native.connect(fd, address, port);
    const need = new PollNeeded(fd, POLLOUT);
    while (result === IN_PROGRESS) {
      yield* waitFor(need);
      // Waking early is legal: only a socket that poll(2) calls writable has a result.
      if (native.pollOne(fd, POLLOUT, 0) !== 0) result = native.socketError(fd);
    }
    if (result < 0) return systemError(result, 'connect', address, port);
    transport = new TCPTransport(fd);
    return transport;
  } finally {
    if (transport === undefined) closeDescriptor(fd);
  }
}

function summary(failures: readonly SystemError[]): DugongError {
  const last = failures.at(-1);
  if (last === undefined) throw new TypeError('there is no address to connect to');
  if (failures.length === 1) return last;
  const { code, errno, syscall, address, port } = last;
  const cause = new AggregateError(failures, 'every address failed');
  return new SystemError(code, { errno, syscall, address, port, cause });
}

/** Descriptors of transports that were forgotten without being closed: nobody can use them, nobody else would free them. */
const forgotten: FinalizationRegistry<number> = new FinalizationRegistry(closeDescriptor);

class TCPTransport implements Transport {
  readonly fd: number;
  readonly receiveNeeds: PollNeeded;
  readonly sendNeeds: PollNeeded;
  closed = false;

  constructor(fd: number) {
    this.fd = fd;
    this.receiveNeeds = new PollNeeded(fd, POLLIN);
    // Who sends takes turns with who sends the rest while receiving; the session sees to the order.
    this.sendNeeds = new PollNeeded(fd, POLLOUT, { shared: POLLOUT });
    forgotten.register(this, fd, this);
  }

  receive(buffer: Uint8Array, offset: number, length: number): number {
    return native.recv(this.fd, buffer, offset, length);
  }

  send(buffers: readonly Uint8Array[], skip: number): number {
    const [first] = buffers;
    if (buffers.length > 1 || first === undefined) return native.sendv(this.fd, buffers, skip);
    return native.send(this.fd, first, skip, first.length - skip);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    forgotten.unregister(this);
    closeDescriptor(this.fd);
  }
}
