/** The server's side of the simulated TLS (records.ts). */

import type { Acting, Conversation } from '../servers/actors.ts';
import { alert, HANDSHAKE, HANDSHAKE_FAILURE, message, NO_APPLICATION_PROTOCOL, wordsOf } from './records.ts';
import { SecureWire } from './secure-wire.ts';

export interface SecureOptions {
  /** The names of its certificate, separated by commas. */
  readonly name: string;
  /** Another fault of it: a number of OpenSSL's (codes.ts). */
  readonly fault?: number;
  readonly flights?: 3 | 4;
  /** Bytes of padding in its part of the handshake. */
  readonly padding?: number;
  /** Tickets after it. */
  readonly tickets?: number;
  /** Whether a session that it issued is resumed; each is, once, by default. */
  readonly resumes?: (session: string) => boolean;
  /** The protocols that it speaks, the best first, for ALPN; without it no ALPN. */
  readonly protocols?: readonly string[];
  /** Whether it ends the handshake by an alert. */
  readonly refuses?: boolean;
  /** Whether it ends without close_notify. */
  readonly truncates?: boolean;
  /** The largest content of its records. */
  readonly largest?: number;
  /** Number of content bytes after which it requests another handshake each time, and sends none before that is done. */
  readonly again?: number;
  /** Number of bytes after which it updates its key each time; `requested`: the client must update its key, too. */
  readonly updates?: { readonly every: number; readonly requested: boolean };
  /** It gives up by an alert after this many bytes. */
  readonly fatal?: { readonly after: number; readonly alert: number };
}

/** Makes the conversation's wire a secured one. False if the client goes away, or is refused. */
export function coSecure(options: SecureOptions): (talk: Conversation) => Acting<boolean> {
  const given = new Set<string>();
  return function* (talk) {
    const wire = new SecureWire(talk.wire, options);
    const { flights = 3, tickets = 0, refuses = false, protocols } = options;
    const hello = yield* coMessage(wire);
    if (hello === undefined) return false;
    const [, , offered = '', session = ''] = hello;
    const alpn = protocols?.find((one) => offered.split(',').includes(one)) ?? '';
    const noneInCommon = protocols !== undefined && offered !== '' && alpn === '';
    if (refuses || noneInCommon) {
      wire.queue(alert(refuses ? HANDSHAKE_FAILURE : NO_APPLICATION_PROTOCOL));
      wire.flush();
      return false;
    }
    const resumed = given.delete(session) && (options.resumes?.(session) ?? true);
    if (talk.world.traced)
      talk.world.note(talk.endpoint.name, `shakes hands${alpn && ` for ${alpn}`}${resumed ? ', again' : ''}`);
    wire.sayServer(alpn, resumed);
    if ((yield* coMessage(wire))?.[0] !== 'finished') return false;
    if (flights === 4) wire.queue(message('finished'));
    for (let count = 0; count < tickets; count++) {
      const ticket = `${talk.endpoint.name.replaceAll(' ', '-')}.${count}`;
      given.add(ticket);
      wire.queue(message('ticket', ticket));
    }
    wire.flush();
    talk.wire = wire;
    return true;
  };
}

function* coMessage(wire: SecureWire): Acting<string[] | undefined> {
  for (;;) {
    wire.flush();
    const next = wire.next();
    if (next === 'ended') return undefined;
    if (next !== undefined) return next.type === HANDSHAKE ? wordsOf(next.payload) : undefined;
    yield undefined;
  }
}
