/**
 * TLS over a transport: the handshake as a coroutine, and the transport on top of it. OpenSSL works on the descriptor itself
 * (see native/tls-connection.h); here its results become those of a Transport. It knows no HTTP.
 *
 * Invariants: no byte of the user's is sent before the handshake is done and the server accepted; what SSL_read or SSL_write
 * wants is what is waited for, whichever direction that is; the lower transport alone closes the descriptor.
 */

import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { type Coroutine, POLLIN, POLLOUT, PollNeeded, waitFor } from '../coroutine.ts';
import { ConnectionClosed, type DugongError, StateError } from '../errors.ts';
import { native, type TLSCipher, type TLSDetails } from './native.ts';
import { CONNECTION_RESET, isConnectionLost, PROTOCOL_ERROR, systemError, WOULD_BLOCK } from './system-error.ts';
import { certificateOf, parseCertificate } from './tls-certificate.ts';
import type { TLSContext } from './tls-context.ts';
import { identityError, identityRefusal, tlsError, verificationCode } from './tls-failure.ts';
import type { Identity } from './tls-identity.ts';
import type { Transport } from './transport.ts';

const { TLS_WANT_READ, TLS_WANT_WRITE, TLS_FAILED, TLS_TRUNCATED } = native;

/** Whom to speak with. The port tells apart the sessions of servers on one host. */
export interface TLSPeer {
  readonly hostname: string;
  readonly port?: number;
}

/**
 * Performs the handshake over `transport`, and verifies the server. The transport belongs to the result from then on; it is
 * closed if the handshake fails or is given up.
 * @throws TLSError, ConnectionClosed (phase handshake), SystemError; TypeError if the certificate of such a host name cannot
 * be verified
 */
export function* coHandshake(transport: Transport, context: TLSContext, peer: TLSPeer): Coroutine<TLSTransport> {
  let result: TLSTransport | undefined;
  try {
    const identity = context.identityOf(peer.hostname);
    start(transport.fd, context, peer, identity);
    yield* coShakeHands(transport, identity);
    const tls = new TLSTransport(transport, identity);
    checkIdentity(tls, context, identity);
    result = tls;
    return tls;
  } finally {
    if (result === undefined) transport.close();
  }
}

function start(fd: number, context: TLSContext, { hostname, port }: TLSPeer, identity: Identity): void {
  const { servername, host, address } = identity;
  // The user's own check takes the place of ours.
  const ours = context.checkServerIdentity === undefined;
  const key = [hostname, port ?? '', servername].join(' ');
  const status = native.tlsStart(
    fd,
    context.handle,
    servername,
    ours ? host : '',
    ours ? address : '',
    key,
    context.session,
  );
  if (status < 0) throw systemError(status, 'tlsStart');
}

function* coShakeHands({ fd, closed }: Transport, { hostname }: Identity): Coroutine<void> {
  const reading = new PollNeeded(fd, POLLIN);
  const writing = new PollNeeded(fd, POLLOUT);
  if (closed) throw new StateError('the transport is closed');
  for (;;) {
    const result = native.tlsHandshake(fd);
    if (result === 0) return;
    if (result === TLS_WANT_READ) yield* waitFor(reading);
    else if (result === TLS_WANT_WRITE) yield* waitFor(writing);
    else throw handshakeError(fd, result, hostname);
  }
}

function handshakeError(fd: number, result: number, hostname: string): DugongError {
  if (result === TLS_FAILED) return tlsError(hostname, native.tlsDetails(fd));
  const message = `${hostname} ended the connection during the TLS handshake`;
  if (result === TLS_TRUNCATED) return new ConnectionClosed(message, { phase: 'handshake' });
  const cause = systemError(result, 'recv');
  return isConnectionLost(result) ? new ConnectionClosed(message, { phase: 'handshake', cause }) : cause;
}

/** As node:tls does it: only of a certificate that is in order otherwise, and in resumed sessions too. */
function checkIdentity(transport: TLSTransport, context: TLSContext, identity: Identity): void {
  const { checkServerIdentity } = context;
  if (checkServerIdentity === undefined || transport.authorizationError !== undefined) return;
  const certificate = transport.getPeerCertificate(true) as DetailedPeerCertificate;
  const refusal = identityRefusal(checkServerIdentity(identity.hostname, certificate));
  if (refusal === undefined) return;
  if (context.rejectUnauthorized) {
    transport.close();
    throw identityError(identity.hostname, refusal, certificate);
  }
  transport.refusedByUser(refusal);
}

export class TLSTransport implements Transport {
  readonly fd: number;
  readonly #lower: Transport;
  readonly #hostname: string;
  readonly #reading: PollNeeded;
  readonly #writing: PollNeeded;
  #receiveNeeds: PollNeeded;
  #sendNeeds: PollNeeded;
  #failure: DugongError | undefined;
  #details: TLSDetails | undefined;
  #userRefusal: string | undefined;

  constructor(lower: Transport, { hostname }: Identity) {
    this.fd = lower.fd;
    this.#lower = lower;
    this.#hostname = hostname;
    this.#reading = new PollNeeded(this.fd, POLLIN);
    // As in a TCP transport: who sends takes turns with who sends the rest while receiving.
    this.#writing = new PollNeeded(this.fd, POLLOUT, { shared: POLLOUT });
    this.#receiveNeeds = this.#reading;
    this.#sendNeeds = this.#writing;
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

  /** More than the number says about the last failure: a stream cut short, a broken record. */
  get failure(): DugongError | undefined {
    return this.#failure;
  }

  receive(buffer: Uint8Array, offset: number, length: number): number {
    const result = native.tlsRecv(this.fd, buffer, offset, length);
    if (result >= 0) return result;
    if (result === TLS_WANT_READ || result === TLS_WANT_WRITE) {
      this.#receiveNeeds = result === TLS_WANT_READ ? this.#reading : this.#writing;
      return WOULD_BLOCK;
    }
    return this.#failed(result);
  }

  send(buffers: readonly Uint8Array[], skip: number): number {
    const result = native.tlsSend(this.fd, buffers, skip);
    if (result >= 0) return result;
    if (result === TLS_WANT_READ || result === TLS_WANT_WRITE) {
      this.#sendNeeds = result === TLS_WANT_READ ? this.#reading : this.#writing;
      return WOULD_BLOCK;
    }
    return this.#failed(result);
  }

  #failed(result: number): number {
    if (result === TLS_TRUNCATED) {
      const message = `${this.#hostname} ended the connection without a TLS close_notify: something may be missing`;
      this.#failure = new ConnectionClosed(message, { phase: 'receive' });
      return CONNECTION_RESET;
    }
    if (result !== TLS_FAILED) return result;
    this.#failure = tlsError(this.#hostname, native.tlsDetails(this.fd));
    return PROTOCOL_ERROR;
  }

  /** Sends close_notify (RFC 9112, 9.8) unless that would block, and closes the descriptor. */
  close(): void {
    if (this.closed) return;
    native.tlsShutdown(this.fd);
    this.#lower.close();
  }

  /**
   * The server's certificate in the shape that node:tls gives it; with `detailed` each has its issuer's in
   * `issuerCertificate`. Undefined after the end of the connection.
   */
  getPeerCertificate(detailed: true): DetailedPeerCertificate | undefined;
  getPeerCertificate(detailed?: boolean): PeerCertificate | undefined;
  getPeerCertificate(detailed?: boolean): PeerCertificate | undefined {
    const chain = this.#known?.certificates ?? [];
    if (detailed === true) return certificateOf(chain);
    return chain[0] && parseCertificate(chain[0]);
  }

  getCipher(): TLSCipher | undefined {
    return this.#known?.cipher;
  }

  /** 'TLSv1.2', 'TLSv1.3'. */
  getProtocol(): string | undefined {
    return this.#known?.protocol;
  }

  /** What ALPN has agreed on, or undefined. */
  get alpnProtocol(): string | undefined {
    return this.#known?.alpn || undefined;
  }

  isSessionReused(): boolean {
    return this.#known?.resumed ?? false;
  }

  /** The session, to be resumed by another connection; with TLS 1.3 there is none before the server has sent a ticket. */
  getSession(): Buffer | undefined {
    return this.closed ? undefined : native.tlsSession(this.fd);
  }

  /** Why the server would have been refused, were it not for `rejectUnauthorized: false`. */
  get authorizationError(): string | undefined {
    const details = this.#known;
    return this.#userRefusal ?? (details && verificationCode(details));
  }

  refusedByUser(refusal: Error): void {
    const { code } = refusal as { code?: string };
    this.#userRefusal = code ?? refusal.message;
  }

  get #known(): TLSDetails | undefined {
    if (!this.closed) this.#details ??= native.tlsDetails(this.fd);
    return this.#details;
  }
}
