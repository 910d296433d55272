/**
 * TLS over a transport: the handshake as a coroutine, and the transport on top of it. OpenSSL works on the descriptor
 * itself (native/tls-connection.h); this file converts its results into those of a Transport. It knows no HTTP.
 *
 * The transport below may be TLS, too, to a proxy (TLS inside TLS). The layers of a descriptor are numbered upwards.
 * Receiving and sending use the topmost one.
 *
 * A call into the addon does a bounded amount of work, whatever the peer sends. If work is left, the need is ready at
 * once, so that deadlines, signals and other coroutines get a turn.
 *
 * Invariants: no byte of the caller's is sent before the handshake is done and the server verified; the needs are what
 * SSL_read or SSL_write wants, in whichever direction; only the lower transport closes the descriptor.
 */

import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { now } from '../clock.ts';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, SharedNeed, waitFor } from '../coroutine.ts';
import { ConnectionClosed, type DugongError, StateError } from '../errors.ts';
import { native, type TLSCipher, type TLSDetails } from './native.ts';
import {
  CONNECTION_RESET,
  isConnectionLost,
  OUT_OF_MEMORY,
  PROTOCOL_ERROR,
  systemError,
  WOULD_BLOCK,
} from './system-error.ts';
import { certificateOf, parseCertificate } from './tls-certificate.ts';
import { settingsOf, type TLSContext, type TLSSettings } from './tls-context.ts';
import {
  handshakeFailure,
  identityError,
  identityRefusal,
  nameOf,
  type Party,
  tlsError,
  verificationCode,
} from './tls-failure.ts';
import { type Identity, identityOf } from './tls-identity.ts';
import type { Transport } from './transport.ts';

const { TLS_WANT_READ, TLS_WANT_WRITE, TLS_AGAIN, TLS_BUSY, TLS_FAILED, TLS_TRUNCATED } = native;

/** The peer of a handshake. Port and role separate the sessions that are kept for resumption. */
export interface TLSPeer {
  readonly hostname: string;
  readonly port?: number;
  /** Default: server. */
  readonly role?: Party['role'];
}

/**
 * Performs the handshake over `transport` and verifies the server. The result owns the transport. If the handshake
 * fails or is given up, the transport is closed.
 * @throws TLSError, ConnectionClosed (phase handshake or proxy-handshake), SystemError; TypeError if no certificate can
 * be verified for this host name
 */
export function* coHandshake(transport: Transport, context: TLSContext, given: TLSPeer): Coroutine<TLSTransport> {
  const peer: Required<TLSPeer> = { port: 0, role: 'server', ...given };
  let result: TLSTransport | undefined;
  try {
    const settings = settingsOf(context);
    const identity = expectedIdentity(settings, peer.hostname);
    const party = { hostname: identity.hostname, port: peer.port, role: peer.role };
    const tls = new TLSTransport(transport, party);
    start(transport.fd, settings, { ...peer, identity });
    yield* coShakeHands(tls);
    checkIdentity(tls, settings);
    result = tls;
    return tls;
  } finally {
    if (result === undefined) transport.close();
  }
}

interface IdentifiedPeer extends Required<TLSPeer> {
  readonly identity: Identity;
}

/**
 * The identity that the certificate of a server reached as `hostname` must have.
 * @throws TypeError if it is no host name, e.g. empty
 */
function expectedIdentity({ servername }: TLSSettings, hostname: string): Identity {
  const identity = identityOf(servername || hostname);
  return servername === '' ? { ...identity, servername: '' } : identity;
}

function start(fd: number, settings: TLSSettings, { hostname, port, role, identity }: IdentifiedPeer): void {
  const { servername, host, address } = identity;
  // The caller's own check replaces the built-in one.
  const ours = settings.checkServerIdentity === undefined;
  const key = [role, hostname, port, servername].join(' ');
  const status = native.tlsStart(
    fd,
    settings.handle,
    servername,
    ours ? host : '',
    ours ? address : '',
    key,
    settings.session,
  );
  if (status < 0) throw systemError(status, 'tlsStart');
}

function* coShakeHands(transport: TLSTransport): Coroutine<void> {
  const { fd } = transport;
  const needs = new Needs(new PollNeeded(fd, POLLOUT));
  if (transport.closed) throw new StateError('the transport is closed');
  for (;;) {
    const result = native.tlsHandshake(fd);
    if (result === 0) return;
    const need = needs.of(result);
    if (need === undefined) throw handshakeError(transport, result);
    yield* waitFor(need);
  }
}

/** The need for each result of a call that could not complete. */
class Needs {
  readonly reading: PollNeeded;
  readonly writing: PollNeeded;
  readonly #again: PollNeeded;

  constructor(writing: PollNeeded) {
    const { fd } = writing;
    this.reading = new PollNeeded(fd, POLLIN);
    this.writing = writing;
    // Ready at once, because the deadline is in the past.
    this.#again = new PollNeeded(fd, POLLIN, { deadline: 0 });
  }

  of(result: number): PollNeeded | undefined {
    if (result === TLS_WANT_READ) return this.reading;
    if (result === TLS_WANT_WRITE) return this.writing;
    return result === TLS_AGAIN ? this.#again : undefined;
  }
}

function handshakeError(transport: TLSTransport, result: number): DugongError {
  const { fd, party: own } = transport;
  const { party, layer } = whoseFailure(transport, result);
  const failure = party === own ? handshakeFailure : tlsError;
  if (result === TLS_FAILED) return failure(party, native.tlsDetails(fd, layer));
  const phase = own.role === 'proxy' ? 'proxy-handshake' : 'handshake';
  const inside = party === own ? '' : ` with ${nameOf(own)}`;
  const message = `${nameOf(party)} ended the connection during the TLS handshake${inside}`;
  if (result === TLS_TRUNCATED) return new ConnectionClosed(message, { phase });
  const cause = systemError(result, result === OUT_OF_MEMORY ? 'SSL_do_handshake' : 'recv');
  return isConnectionLost(result) ? new ConnectionClosed(message, { phase, cause }) : cause;
}

/** The layer that caused `result`, and its peer. An errno belongs to the topmost layer. */
function whoseFailure({ fd, party, parties }: TLSTransport, result: number): { party: Party; layer: number } {
  const told = result === TLS_FAILED || result === TLS_TRUNCATED;
  const layer = told ? native.tlsFailedLayer(fd) : parties.length - 1;
  return { party: parties.at(layer) ?? party, layer };
}

/**
 * Calls the caller's check. As in node:tls, it is called only if the certificate is valid otherwise, and for resumed
 * sessions, too.
 */
function checkIdentity(transport: TLSTransport, settings: TLSSettings): void {
  const { checkServerIdentity, rejectUnauthorized } = settings;
  if (checkServerIdentity === undefined || transport.authorizationError !== undefined) return;
  const certificate = transport.getPeerCertificate(true) as DetailedPeerCertificate;
  const refusal = identityRefusal(checkServerIdentity(transport.party.hostname, certificate));
  if (refusal === undefined) return;
  if (rejectUnauthorized) {
    transport.close();
    throw identityError(transport.party, refusal, certificate);
  }
  transport.refusedByUser(refusal);
}

/**
 * Milliseconds. Measured on loopback at 1,600 MB/s: a pause of 0.1 ms saves a quarter of the CPU time, 0.5 ms a third.
 * The stream gets faster, because the sender is interrupted less often. (Without TLS the sender would have to wait.)
 */
const PAUSE = 0.5;

/**
 * Milliseconds between attempts of a sender during a renegotiation while a reader is active: no descriptor signals its
 * end.
 */
const LOOK_EVERY = 10;

function lookAgain(): PollNeeded {
  return new PollNeeded(-1, 0, { deadline: now() + LOOK_EVERY });
}

/** The topmost layer of TLS on a descriptor, as a {@link Transport}. */
export class TLSTransport implements Transport {
  readonly fd: number;
  sendAwaitsInput = false;
  readonly pause: number = PAUSE;
  /** The peer of this layer, and the peers of all layers from the descriptor upwards. */
  readonly party: Party;
  readonly parties: readonly Party[];
  readonly #lower: Transport;
  readonly #needs: Needs;
  #receiveNeeds: PollNeeded;
  #sendNeeds: PollNeeded;
  #failure: DugongError | undefined;
  #details: TLSDetails | undefined;
  #userRefusal: string | undefined;

  /** Makes the transport only; {@link coHandshake} performs the handshake. */
  constructor(lower: Transport, party: Party) {
    this.fd = lower.fd;
    this.party = party;
    this.parties = lower instanceof TLSTransport ? [...lower.parties, party] : [party];
    this.#lower = lower;
    // As in a TCP transport: a sender and a reader that sends the rest may wait for POLLOUT in turn.
    this.#needs = new Needs(new SharedNeed(this.fd, POLLOUT));
    this.#receiveNeeds = this.#needs.reading;
    this.#sendNeeds = this.#needs.writing;
  }

  get remoteAddress(): string | undefined {
    return this.#lower.remoteAddress;
  }

  get closed(): boolean {
    return this.#lower.closed;
  }

  get receiveNeeds(): PollNeeded {
    return this.#receiveNeeds;
  }

  get sendNeeds(): PollNeeded {
    return this.#sendNeeds;
  }

  /** Details of the latest failure: a stream cut short, a broken record. */
  get failure(): DugongError | undefined {
    return this.#failure;
  }

  receive(buffer: Uint8Array, offset: number, length: number): number {
    const result = native.tlsRecv(this.fd, buffer, offset, length);
    if (result >= 0) return result;
    const need = this.#needs.of(result);
    if (need === undefined) return this.#failed(result);
    this.#receiveNeeds = need;
    return WOULD_BLOCK;
  }

  send(buffers: readonly Uint8Array[]): number {
    const result = native.tlsSend(this.fd, buffers, 0);
    this.sendAwaitsInput = result === TLS_BUSY;
    if (result >= 0) return result;
    const need = this.sendAwaitsInput ? lookAgain() : this.#needs.of(result);
    if (need === undefined) return this.#failed(result);
    this.#sendNeeds = need;
    return WOULD_BLOCK;
  }

  #failed(result: number): number {
    const { party, layer } = whoseFailure(this, result);
    if (result === TLS_TRUNCATED) {
      const message = `${nameOf(party)} ended the connection without a TLS close_notify: something may be missing`;
      this.#failure = new ConnectionClosed(message, { phase: 'receive' });
      return CONNECTION_RESET;
    }
    if (result !== TLS_FAILED) return result;
    this.#failure = tlsError(party, native.tlsDetails(this.fd, layer));
    return PROTOCOL_ERROR;
  }

  /** Sends close_notify (RFC 9112 9.8) in every layer unless that would block, and closes the descriptor. */
  close(): void {
    if (this.closed) return;
    native.tlsShutdown(this.fd);
    this.#lower.close();
  }

  /**
   * The server's certificate as node:tls returns it. With `detailed`, each certificate has its issuer's in
   * `issuerCertificate`. After `close()`, what was known before; undefined if nothing was.
   */
  // Parameters: the signature of node:tls.
  getPeerCertificate(detailed: true): DetailedPeerCertificate | undefined;
  getPeerCertificate(detailed?: boolean): PeerCertificate | undefined;
  getPeerCertificate(detailed?: boolean): PeerCertificate | undefined {
    const chain = this.#known?.certificates ?? [];
    if (detailed === true) return certificateOf(chain);
    const leaf = chain.at(0);
    return leaf && parseCertificate(leaf);
  }

  /** The negotiated cipher; undefined if it is not known. */
  getCipher(): TLSCipher | undefined {
    return this.#known?.cipher;
  }

  /** The negotiated version: 'TLSv1.2', 'TLSv1.3'. */
  getProtocol(): string | undefined {
    return this.#known?.protocol;
  }

  /** The protocol that ALPN selected; undefined if none. */
  get alpnProtocol(): string | undefined {
    return this.#known?.alpn || undefined;
  }

  /** Whether the handshake resumed a session. */
  isSessionReused(): boolean {
    return this.#known?.resumed ?? false;
  }

  /** The session, for another connection to resume. With TLS 1.3 there is none before the server has sent a ticket. */
  getSession(): Buffer | undefined {
    return this.closed ? undefined : native.tlsSession(this.fd, this.#layer);
  }

  /** Why verification would have refused the server, if `rejectUnauthorized: false` had not accepted it. */
  get authorizationError(): string | undefined {
    const details = this.#known;
    return this.#userRefusal ?? (details && verificationCode(details));
  }

  /** Records the refusal of the caller's check, if `rejectUnauthorized: false` accepts the server anyway. */
  refusedByUser(refusal: Error): void {
    const { code } = refusal as { code?: string };
    this.#userRefusal = code ?? refusal.message;
  }

  get #known(): TLSDetails | undefined {
    if (!this.closed) this.#details ??= native.tlsDetails(this.fd, this.#layer);
    return this.#details;
  }

  get #layer(): number {
    return this.parties.length - 1;
  }
}
