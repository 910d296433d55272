/**
 * The client's TLS on a stream, or inside of TLS that is already there: as native/tls-connection.cc and native/tls-bio.cc behave
 * towards JavaScript, over records that are not encrypted. It has the same states and results; a few messages take OpenSSL's
 * part (records.ts).
 */

import { EAGAIN, EPIPE } from '../kernel/errno.ts';
import { ByteQueue } from '../network/byte-queue.ts';
import { Endpoint } from '../network/endpoint.ts';
import * as codes from './codes.ts';
import type { TLSOutcome, TLSParty } from './party.ts';
import {
  ALERT,
  alert,
  BAD_CERTIFICATE,
  CLOSE_NOTIFY,
  CONTENT,
  dropRecord,
  firstRecord,
  HANDSHAKE,
  isForeign,
  LARGEST,
  message,
  record,
  type TLSRecord,
  wordsOf,
} from './records.ts';

/** native/tls-bio.cc: kReadAhead, kPortion, kTurn; native/tls-connection.cc: kMostSent. */
const READ_AHEAD = Buffer.alloc(131_072);
const PORTION = 512;
const TURN = 262_144;
const MOST_SENT = 2 ** 20;

export class TLSLayer {
  readonly #below: Endpoint | TLSLayer;
  readonly #party: TLSParty;
  #step: 'hello' | 'server' | 'finish' | 'none' = 'hello';
  #flights = 3;
  #established = false;
  #renegotiations = 0;
  /** Records received ahead; content of a record that was taken in part; unsent bytes of records. */
  readonly #ahead = new ByteQueue();
  readonly #content = new ByteQueue();
  readonly #rest = new ByteQueue();
  /** Number of content bytes of the record that is being sent. */
  #leaving = 0;
  #work = 0;
  #withoutContent = 0;
  #keptWaiting = false;
  #failedBelow = false;
  #readResult = 0;
  #writeResult = 0;
  #verification = 0;
  #alpn = '';
  #resumed = false;
  #session = '';
  #library = '';
  #reason = '';

  constructor(below: Endpoint | TLSLayer, party: TLSParty) {
    this.#below = below;
    this.#party = party;
  }

  get outcome(): TLSOutcome {
    return {
      established: this.#established,
      alpn: this.#alpn,
      resumed: this.#resumed,
      refused: this.#party.verify && this.#verification !== 0,
      verification: this.#verification,
      session: this.#session,
      library: this.#library,
      reason: this.#reason,
    };
  }

  beginTurn(): void {
    this.#work = 0;
    if (this.#below instanceof TLSLayer) this.#below.beginTurn();
  }

  find(layer: number): TLSLayer | undefined {
    if (layer === this.#number()) return this;
    return this.#below instanceof TLSLayer ? this.#below.find(layer) : undefined;
  }

  failedLayer(): number {
    return this.#failedBelow && this.#below instanceof TLSLayer ? this.#below.failedLayer() : this.#number();
  }

  #number(): number {
    return this.#below instanceof TLSLayer ? this.#below.#number() + 1 : 0;
  }

  handshake(): number {
    if (this.#established) return 0;
    if (this.#readResult !== 0) return this.#readResult;
    const result = this.#waiting(this.#shakeHands());
    if (result !== 0) {
      // A failure is for both directions, and so is a close_notify in place of an answer.
      if (!codes.wanting(result)) this.#readResult = this.#writeResult = result;
      return result;
    }
    this.#established = true;
    return 0;
  }

  read(target: Uint8Array): number {
    if (this.#readResult !== 0) return this.#readResult;
    let total = 0;
    do {
      const code = this.#content.length > 0 ? 1 : this.#takeContentIn();
      if (code <= 0) return total > 0 ? total : this.#sendersTurn(this.#waiting(code));
      total += this.#content.takeInto(target.subarray(total));
      this.#withoutContent = 0;
    } while (total < target.length && this.#buffered());
    return total;
  }

  /** As tlsSend: all buffers as one stream. */
  sendAll(buffers: readonly Uint8Array[], skip: number): number {
    return this.write(Buffer.concat(buffers).subarray(skip));
  }

  write(data: Uint8Array): number {
    if (this.#writeResult !== 0) return this.#writeResult;
    const most = Math.min(data.length, MOST_SENT);
    let total = 0;
    while (total < most) {
      const result = this.#writeRecord(data.subarray(total, Math.min(most, total + LARGEST)));
      if (result < 0) return total > 0 ? total : result;
      total += result;
    }
    return total;
  }

  /** Sends close_notify in every layer, if that is possible at once. */
  shutdown(): void {
    if (this.#established && this.#writeResult === 0 && this.#leaving === 0) {
      this.#rest.push(alert(CLOSE_NOTIFY));
      this.#flush();
      this.#writeResult = EPIPE;
    }
    if (this.#below instanceof TLSLayer) this.#below.shutdown();
  }

  // --- the handshake ---------------------------------------------------------------------------------------------------

  /** 0 when it is done. Also a later handshake. */
  #shakeHands(): number {
    for (;;) {
      if (this.#step === 'hello') {
        const { servername, protocols, session } = this.#party;
        this.#rest.push(message('hello', servername, protocols, session));
        this.#step = 'server';
      }
      const sent = this.#flushed();
      if (sent !== 0) return sent;
      if (this.#step === 'none') return 0;
      const next = this.#nextRecord();
      if (typeof next === 'number') return next === 0 ? codes.TLS_TRUNCATED : next;
      const result = this.#heed(next);
      if (result !== 0) return result;
    }
  }

  #heed({ type, payload }: TLSRecord): number {
    if (type === ALERT) return this.#alerted(payload);
    if (type !== HANDSHAKE) return this.#giveUp('SSL routines', 'unexpected message');
    const [word, ...rest] = wordsOf(payload);
    if (word === 'server') return this.#judge(rest);
    if (word === 'done') {
      this.#rest.push(message('finished'));
      this.#step = this.#flights > 3 ? 'finish' : 'none';
    } else if (word === 'finished' && this.#step === 'finish') {
      this.#step = 'none';
    }
    return 0;
  }

  /** TLS_BUSY of the layer below is for senders: a call that may receive continues the handshake. */
  #waiting(code: number): number {
    if (code !== codes.TLS_BUSY || !(this.#below instanceof TLSLayer)) return code;
    const below = this.#below.#shakeHands();
    if (below === 0) return codes.TLS_AGAIN;
    if (codes.wanting(below)) return below;
    this.#failedBelow = true;
    return this.#lasting(below);
  }

  #judge([names = '', flights, fault, alpn = '', resumed]: readonly string[]): number {
    const { host, address, verify } = this.#party;
    this.#flights = Number(flights);
    this.#alpn = alpn;
    this.#resumed = resumed === 'resumed';
    // The name is checked when everything else is valid (native/tls-verification.cc).
    this.#verification = Number(fault);
    const others = !names.split(',').includes(host || address) && (host || address) !== '';
    if (this.#verification === 0 && others)
      this.#verification = host === '' ? codes.X509_V_ERR_IP_ADDRESS_MISMATCH : codes.X509_V_ERR_HOSTNAME_MISMATCH;
    if (this.#verification === 0 || !verify) return 0;
    this.#rest.push(alert(BAD_CERTIFICATE));
    this.#flush();
    return this.#giveUp('SSL routines', 'certificate verify failed');
  }

  // --- receiving -------------------------------------------------------------------------------------------------------

  /** 1 if there is content, 0 after close_notify, or another result. */
  #takeContentIn(): number {
    for (;;) {
      if (this.#step !== 'none' || this.#rest.length > this.#leavingRest()) {
        const shaken = this.#shakeHands();
        if (shaken !== 0) return this.#lasting(shaken);
      }
      const next = this.#peekRecord();
      if (typeof next === 'number') return next === 0 ? this.#lasting(codes.TLS_TRUNCATED) : this.#lasting(next);
      if (next.type === ALERT) {
        // The record stays, so that every further call returns 0, too.
        if (next.payload[1] === CLOSE_NOTIFY) return 0;
        return this.#alerted(next.payload);
      }
      dropRecord(this.#ahead, next);
      if (next.type === CONTENT && next.payload.length > 0) {
        this.#content.push(next.payload);
        return 1;
      }
      const failed = next.type === HANDSHAKE ? this.#heedLater(wordsOf(next.payload)) : 0;
      if (failed !== 0) return failed;
    }
  }

  /** A server's messages after the handshake. */
  #heedLater([word, object = '']: readonly string[]): number {
    if (word === 'ticket') {
      this.#session = object;
      this.#party.keep(object);
    }
    if (word === 'update' && object === 'requested') this.#rest.push(message('update'));
    if (word === 'again') {
      if (++this.#renegotiations > codes.TLS_MOST_RENEGOTIATIONS)
        return this.#giveUp('dugong', 'too many renegotiations');
      this.#step = 'hello';
    }
    return 0;
  }

  /** A reader sends nothing of a record of content. */
  #leavingRest(): number {
    return this.#leaving > 0 ? Number.POSITIVE_INFINITY : 0;
  }

  #sendersTurn(code: number): number {
    if (!this.#keptWaiting || !codes.wanting(code) || this.#step !== 'none') return code;
    this.#keptWaiting = false;
    return codes.TLS_AGAIN;
  }

  #lasting(code: number): number {
    if (!codes.wanting(code)) this.#readResult = code;
    return code;
  }

  #nextRecord(): TLSRecord | number {
    const next = this.#peekRecord();
    if (typeof next !== 'number') dropRecord(this.#ahead, next);
    return next;
  }

  /** The next record, which stays; 0 at the end of the stream below; or another result. */
  #peekRecord(): TLSRecord | number {
    for (;;) {
      if (isForeign(this.#ahead)) return this.#giveUp('SSL routines', 'wrong version number');
      const first = firstRecord(this.#ahead);
      if (first !== undefined) return first;
      const result = this.#fill();
      if (result <= 0) return result;
    }
  }

  #fill(): number {
    if (this.#withoutContent > codes.TLS_MOST_WITHOUT_CONTENT)
      return this.#giveUp('dugong', 'too much without content');
    if (this.#work >= TURN) return codes.TLS_AGAIN;
    const { count, bytes } = this.#receive();
    if (count > 0) {
      this.#ahead.push(bytes.subarray(0, count));
      this.#work += PORTION + count;
      this.#withoutContent += count;
    }
    if (count === EAGAIN) return codes.TLS_WANT_READ;
    if (count < 0 && !codes.wanting(count)) this.#failedBelow = count <= codes.TLS_WANT_READ;
    return count;
  }

  #receive(): { count: number; bytes: Buffer } {
    if (this.#below instanceof Endpoint) return { count: this.#below.recv(READ_AHEAD), bytes: READ_AHEAD };
    const bytes = Buffer.allocUnsafe(LARGEST);
    return { count: this.#below.read(bytes), bytes };
  }

  #buffered(): boolean {
    if (this.#ahead.length > 0 || this.#content.length > 0) return true;
    return this.#below instanceof TLSLayer && this.#below.#buffered();
  }

  #alerted(payload: Buffer): number {
    const [, description = 0] = payload;
    if (description === CLOSE_NOTIFY) return codes.TLS_TRUNCATED;
    return this.#giveUp('SSL routines', codes.alertReason(description));
  }

  #giveUp(library: string, reason: string): number {
    this.#failedBelow = false;
    this.#library = library;
    this.#reason = reason;
    this.#readResult = this.#writeResult = codes.TLS_FAILED;
    return codes.TLS_FAILED;
  }

  // --- sending ---------------------------------------------------------------------------------------------------------

  /** A record's content counts when all of it has left. */
  #writeRecord(data: Uint8Array): number {
    if (this.#leaving === 0) {
      if (this.#step !== 'none') {
        this.#keptWaiting = true;
        return codes.TLS_BUSY;
      }
      const before = this.#flushed();
      if (before !== 0) return codes.wanting(before) ? before : this.#unsent(before);
      this.#rest.push(record(CONTENT, data));
      this.#leaving = data.length;
    }
    if (this.#leaving > data.length) return this.#giveUp('dugong', 'fewer bytes than before');
    const result = this.#flushed();
    if (result !== 0) return codes.wanting(result) ? result : this.#unsent(result);
    const sent = this.#leaving;
    this.#leaving = 0;
    return sent;
  }

  #unsent(code: number): number {
    this.#leaving = 0;
    this.#writeResult = code;
    return this.#refusedByPeer() ? codes.TLS_FAILED : code;
  }

  /** Whether the peer's last record, if it can be read now, was an alert. */
  #refusedByPeer(): boolean {
    if (this.#readResult !== 0 || this.#content.length > 0) return false;
    const next = this.#peekRecord();
    if (typeof next === 'number' || next.type !== ALERT || next.payload[1] === CLOSE_NOTIFY) return false;
    return this.#alerted(next.payload) === codes.TLS_FAILED;
  }

  #flushed(): number {
    const result = this.#flush();
    return result === EAGAIN ? codes.TLS_WANT_WRITE : result;
  }

  #flush(): number {
    while (this.#rest.length > 0) {
      const bytes = this.#rest.peek();
      const count = this.#below instanceof Endpoint ? this.#below.send([bytes], 0) : this.#below.write(bytes);
      if (count < 0) return count;
      this.#rest.drop(count);
    }
    return 0;
  }
}
