/** The handles of the simulated TLS that JavaScript holds, and the details that it can read. */

import type { TLSContextHandle, TLSContextParameters, TLSDetails, TLSRefusal } from '../../../src/io/native.ts';
import { CERTIFICATE_FAULTS } from './codes.ts';
import type { TLSOutcome } from './party.ts';

/** native/tls-sessions.cc: kMaxSessionsPerKey. */
const MOST_PER_KEY = 8;
const ENCODED = 'simulated session ';

export class SimulatedContext implements TLSContextHandle {
  readonly handle = 'context';
  readonly verify: boolean;
  /** The names for ALPN, separated by commas. */
  readonly protocols: string;
  #world: object | undefined;
  #sessions = new Map<string, string[]>();

  constructor({ verify, protocols }: Pick<TLSContextParameters, 'verify' | 'protocols'>) {
    this.verify = verify;
    this.protocols = namesIn(protocols).join(',');
  }

  /** Sessions belong to one world: no other has the servers that issued them. */
  sessionsIn(world: object): { add(key: string, session: string): void; take(key: string): string } {
    if (this.#world !== world) this.#sessions = new Map();
    this.#world = world;
    const sessions = this.#sessions;
    return {
      add(key, session) {
        if (key !== '') sessions.set(key, [...(sessions.get(key) ?? []), session].slice(-MOST_PER_KEY));
      },
      // A session is used for one connection, the newest first.
      take: (key) => sessions.get(key)?.pop() ?? '',
    };
  }
}

/** RFC 7301: each name preceded by its length. */
function namesIn(protocols: Uint8Array): string[] {
  const names: string[] = [];
  for (let start = 0; start < protocols.length; start += 1 + (protocols[start] as number))
    names.push(Buffer.from(protocols).toString('latin1', start + 1, start + 1 + (protocols[start] as number)));
  return names;
}

export function encodedSession(session: string): Buffer | undefined {
  return session === '' ? undefined : Buffer.from(`${ENCODED}${session}`);
}

/** Undefined if the bytes are no session. */
export function decodedSession(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('latin1');
  return text.startsWith(ENCODED) ? text.slice(ENCODED.length) : undefined;
}

export const NO_SESSION: TLSRefusal = {
  option: 'session',
  library: 'asn1 encoding routines',
  reason: 'header too long',
};

export function details(outcome: TLSOutcome): TLSDetails {
  const { established, alpn, resumed, refused, verification, library, reason } = outcome;
  const cipher = { name: 'SIMULATED', standardName: 'SIMULATED', version: 'TLSv1.3' };
  return {
    protocol: 'TLSv1.3',
    ...(established && { cipher }),
    alpn,
    resumed,
    certificates: [],
    refused,
    verification,
    verificationReason: CERTIFICATE_FAULTS.get(verification) ?? 'unknown certificate verification error',
    depth: 0,
    library,
    reason,
  };
}
