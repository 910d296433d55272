/**
 * The addon's interface (`Native` in src/io/native.ts) over a world: the object stays the same for the whole process, since the
 * library keeps it, and its world is swapped. Each result is that of native/ for the same state; where it is not obvious, the file
 * is named.
 */

import { INTERFACE_VERSION } from '../../../src/io/load-addon.ts';
import type {
  LookupFailure,
  Native,
  TLSContextHandle,
  TLSContextParameters,
  TLSDetails,
  TLSRefusal,
  TLSTrustHandle,
} from '../../../src/io/native.ts';
import * as codes from '../tls/codes.ts';
import { decodedSession, details, encodedSession, NO_SESSION, SimulatedContext } from '../tls/details.ts';
import { TLSLayer } from '../tls/layer.ts';
import { assertSkip, assertTime, empty, MOST_VECTORS, range } from './arguments.ts';
import { DIRECTIONS } from './descriptors.ts';
import { EBADF, EINPROGRESS, EINVAL, ENOBUFS } from './errno.ts';
import { LookupDescription, MOST_THREADS } from './lookups.ts';
import { Machine } from './machine.ts';
import { BellDescription, PollerDescription } from './pollers.ts';
import { assertAddress, SocketDescription } from './sockets.ts';

export class Kernel extends Machine implements Native {
  readonly interfaceVersion: number = INTERFACE_VERSION;
  readonly IN_PROGRESS: number = EINPROGRESS;
  readonly maxLookupThreads: number = MOST_THREADS;
  readonly TLS_WANT_READ: number = codes.TLS_WANT_READ;
  readonly TLS_WANT_WRITE: number = codes.TLS_WANT_WRITE;
  readonly TLS_FAILED: number = codes.TLS_FAILED;
  readonly TLS_TRUNCATED: number = codes.TLS_TRUNCATED;
  readonly TLS_AGAIN: number = codes.TLS_AGAIN;
  readonly TLS_BUSY: number = codes.TLS_BUSY;
  readonly TLS_MOST_RENEGOTIATIONS: number = codes.TLS_MOST_RENEGOTIATIONS;
  readonly TLS_MOST_WITHOUT_CONTENT: number = codes.TLS_MOST_WITHOUT_CONTENT;

  // --- sockets ---------------------------------------------------------------------------------------------------------

  socket(family: number): number {
    this.called('socket');
    if (family !== 4 && family !== 6 && family !== 0) throw new RangeError('socket: family must be 4, 6 or 0');
    if (this.random.chance(this.faults.noBuffers)) return this.fault('socket', ENOBUFS);
    return this.open('socket', () => new SocketDescription(this.world, this.network, 'client'));
  }

  connect(fd: number, address: string, port: number): number {
    this.called('connect');
    if (port < 0 || port > 65535) throw new RangeError('connect: port must be from 0 to 65535');
    assertAddress('connect', address);
    return this.on('connect', fd, (socket) => socket.connect(address, port));
  }

  connectUnix(fd: number, path: string): number {
    this.called('connectUnix');
    if (path === '' || path.length > 107)
      throw new RangeError('connectUnix: path must have from 1 to 107 bytes (103 on macOS)');
    return this.on('connectUnix', fd, (socket) => socket.connectUnix(path));
  }

  bind(fd: number, address: string, _port: number): number {
    this.called('bind');
    assertAddress('bind', address);
    return this.on('bind', fd, (socket) => socket.bind(address));
  }

  keepAlive(fd: number, idleSeconds: number): number {
    this.called('keepAlive');
    if (idleSeconds < 1) throw new RangeError('keepAlive: idleSeconds must be at least 1');
    return this.on('keepAlive', fd, () => (idleSeconds > 32_767 ? EINVAL : 0));
  }

  socketError(fd: number): number {
    this.called('socketError');
    return this.on('socketError', fd, ({ endpoint }) => endpoint.takeError());
  }

  recv(fd: number, buffer: Uint8Array, offset: number, length: number): number {
    this.called('recv');
    const target = range('recv', buffer, offset, length);
    if (length === 0) throw empty('recv');
    return this.on('recv', fd, ({ endpoint }) => endpoint.recv(target));
  }

  send(fd: number, buffer: Uint8Array, offset: number, length: number): number {
    this.called('send');
    const source = range('send', buffer, offset, length);
    return this.on('send', fd, ({ endpoint }) => this.departed(endpoint, [source], 0, endpoint.send([source], 0)));
  }

  sendv(fd: number, buffers: readonly Uint8Array[], skip: number): number {
    this.called('sendv');
    assertSkip('sendv', buffers, skip);
    return this.on('sendv', fd, ({ endpoint }) =>
      this.departed(endpoint, buffers, skip, endpoint.send(buffers.slice(0, MOST_VECTORS), skip)),
    );
  }

  shutdown(fd: number, how: number): number {
    this.called('shutdown');
    if (how < 0 || how > 2) throw new RangeError('shutdown: how must be 0, 1 or 2');
    return this.on('shutdown', fd, ({ endpoint }) => (how === 0 ? 0 : endpoint.finish()));
  }

  close(fd: number): number {
    this.called('close');
    // Environment::close: the watcher ends first.
    if (this.descriptors.get(fd) === undefined) {
      if (this.descriptors.wasClosed(fd)) this.world.violation(`${this.descriptors.nameOf(fd)} is closed twice`);
      return EBADF;
    }
    this.watchers.forget(fd);
    this.descriptors.close(fd);
    return this.result('close', fd, 0);
  }

  owns(fd: number): number {
    return this.descriptors.get(fd) === undefined ? 0 : 1;
  }

  // --- waiting, blocked ------------------------------------------------------------------------------------------------

  pollOne(fd: number, mask: number, timeoutMs: number, signals?: number): number {
    this.called('pollOne');
    assertTime('pollOne', timeoutMs);
    this.assertOpen('pollOne', fd);
    const result = this.waits.wait(() => this.descriptors.poll(fd, mask), timeoutMs, signals);
    return this.result('pollOne', fd, result);
  }

  poll(entries: Int32Array, timeoutMs: number, signals?: number): number {
    this.called('poll');
    if (entries.length % 3 !== 0) throw new RangeError('poll: entries must hold triples of fd, events, revents');
    assertTime('poll', timeoutMs);
    const look = (): number => {
      let ready = 0;
      for (let index = 0; index < entries.length; index += 3) {
        const events = this.descriptors.poll(entries[index] as number, entries[index + 1] as number);
        entries[index + 2] = events;
        if (events !== 0) ready++;
      }
      return ready;
    };
    return this.result('poll', -1, this.waits.wait(look, timeoutMs, signals));
  }

  caughtSignals(): number[] {
    return this.signals.reported;
  }

  openPoller(): number {
    this.called('openPoller');
    return this.open('openPoller', () => new PollerDescription(this.descriptors));
  }

  openBell(): number {
    this.called('openBell');
    return this.open('openBell', () => new BellDescription());
  }

  changePoller(poller: number, fd: number, mask: number, oldMask: number): number {
    this.called('changePoller');
    const description = this.descriptors.get(poller);
    if (description === undefined) return this.result('changePoller', poller, EBADF);
    if (!(description instanceof PollerDescription)) return EINVAL;
    if (mask !== 0) this.assertOpen('changePoller', fd);
    return this.result('changePoller', fd, description.change(fd, mask, oldMask));
  }

  waitPoller(poller: number, events: Int32Array, timeoutMs: number, signals?: number): number {
    this.called('waitPoller');
    if (events.length < 2 || events.length % 2 !== 0)
      throw new RangeError('waitPoller: events must hold pairs of fd, events');
    assertTime('waitPoller', timeoutMs);
    const description = this.descriptors.get(poller);
    if (description === undefined) {
      this.assertOpen('waitPoller', poller);
      return EBADF;
    }
    if (!(description instanceof PollerDescription)) return EINVAL;
    // WaitPoller: only a wait sees the signals, also if much is ready.
    const waits = timeoutMs !== 0 || signals !== undefined;
    const count = waits ? this.waits.wait(() => description.poll(), timeoutMs, signals) : 1;
    return this.result('waitPoller', poller, count > 0 ? description.ready(events, this.random) : count);
  }

  // --- the event loop --------------------------------------------------------------------------------------------------

  onReady(callback: (fd: number, events: number) => void): void {
    this.watchers.ready = callback;
  }

  watch(fd: number, mask: number): number {
    this.called('watch');
    if ((mask & ~DIRECTIONS) !== 0) throw new RangeError('watch: mask must be a combination of POLLIN and POLLOUT');
    if (mask !== 0) this.assertOpen('watch', fd);
    return this.result('watch', fd, this.watchers.watch(fd, mask));
  }

  release(fd: number, mask: number): number {
    this.watchers.release(fd, mask);
    return 0;
  }

  now(): number {
    return this.world.now;
  }

  setAlarm(milliseconds: number): number {
    this.called('setAlarm');
    if (milliseconds !== (milliseconds | 0)) throw new RangeError('setAlarm: milliseconds must be a 32-bit integer');
    if (milliseconds < 1) throw new RangeError('setAlarm: milliseconds must be at least 1');
    this.watchers.setAlarm(milliseconds, this.world.now);
    return this.result('setAlarm', -1, 0);
  }

  holdAlarm(holding: 0 | 1): number {
    this.watchers.alarmHeld = holding !== 0;
    return 0;
  }

  // --- lookups ---------------------------------------------------------------------------------------------------------

  lookup(hostname: string, family: number): number {
    this.called('lookup');
    if (family !== 0 && family !== 4 && family !== 6) throw new RangeError('lookup: family must be 0, 4 or 6');
    const lookup = this.lookups.prepare(hostname, family);
    const fd = this.open('lookup', () => lookup);
    if (fd >= 0) this.lookups.start(lookup);
    return fd;
  }

  lookupResult(fd: number): string[] | LookupFailure | undefined {
    this.called('lookupResult');
    const lookup = this.descriptors.get(fd);
    if (!(lookup instanceof LookupDescription)) throw new TypeError('lookupResult: fd is not a lookup');
    const { answer } = lookup;
    return Array.isArray(answer) ? [...answer] : (answer as LookupFailure | undefined);
  }

  pendingLookups(): number {
    return this.lookups.pending;
  }

  // --- TLS -------------------------------------------------------------------------------------------------------------

  tlsUnavailable(): string | undefined {
    return undefined;
  }

  tlsTrust(_texts: readonly string[]): TLSTrustHandle | TLSRefusal {
    return { handle: 'trust' };
  }

  tlsContext(parameters: TLSContextParameters): TLSContextHandle | TLSRefusal {
    const { session } = parameters;
    if (session.length > 0 && decodedSession(session) === undefined) return NO_SESSION;
    return new SimulatedContext(parameters);
  }

  tlsStart(
    fd: number,
    context: TLSContextHandle,
    servername: string,
    host: string,
    address: string,
    ...[key = '', given]: [sessionKey: string, session: Uint8Array | undefined]
  ): number {
    this.called('tlsStart');
    if (!(context instanceof SimulatedContext)) throw new TypeError('tlsStart: context must come from tlsContext');
    const offered = given === undefined ? '' : decodedSession(given);
    if (offered === undefined) throw new RangeError('tlsStart: session is no TLS session');
    return this.on('tlsStart', fd, (socket) => {
      const sessions = context.sessionsIn(this.world);
      const { verify, protocols } = context;
      const taken = sessions.take(key);
      const party = { servername, host, address, verify, protocols, session: offered || taken };
      const keep = (session: string): void => sessions.add(key, session);
      socket.tls = new TLSLayer(socket.tls ?? socket.endpoint, { ...party, keep });
      return 0;
    });
  }

  tlsHandshake(fd: number): number {
    return this.#secured('tlsHandshake', fd, (tls) => tls.handshake());
  }

  tlsRecv(fd: number, buffer: Uint8Array, offset: number, length: number): number {
    const target = range('tlsRecv', buffer, offset, length);
    if (length === 0) throw empty('tlsRecv');
    return this.#secured('tlsRecv', fd, (tls) => tls.read(target));
  }

  tlsSend(fd: number, buffers: readonly Uint8Array[], skip: number): number {
    assertSkip('tlsSend', buffers, skip);
    return this.#secured('tlsSend', fd, (tls) => this.departed(tls, buffers, skip, tls.sendAll(buffers, skip)));
  }

  tlsShutdown(fd: number): number {
    return this.#secured('tlsShutdown', fd, (tls) => {
      tls.shutdown();
      return 0;
    });
  }

  tlsFailedLayer(fd: number): number {
    return this.#secured('tlsFailedLayer', fd, (tls) => tls.failedLayer());
  }

  tlsDetails(fd: number, layer: number): TLSDetails {
    const tls = this.#tls(fd)?.find(layer);
    return (tls === undefined ? undefined : details(tls.outcome)) as TLSDetails;
  }

  tlsSession(fd: number, layer: number): Buffer | undefined {
    return encodedSession(this.#tls(fd)?.find(layer)?.outcome.session ?? '');
  }

  counts(): { owned: number; watched: number } {
    return { owned: this.descriptors.owned, watched: this.watchers.count };
  }

  #secured(call: string, fd: number, operate: (tls: TLSLayer) => number): number {
    this.called(call);
    const tls = this.#tls(fd);
    tls?.beginTurn();
    return this.result(call, fd, tls === undefined ? EBADF : operate(tls));
  }

  #tls(fd: number): TLSLayer | undefined {
    const description = this.descriptors.get(fd);
    return description instanceof SocketDescription ? description.tls : undefined;
  }
}
