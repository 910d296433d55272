/** What JavaScript holds of the simulated TLS, and is told of it. */

import type { TLSContextHandle, TLSDetails } from '../../src/io/native.ts';
import { X509_V_ERR_HOSTNAME_MISMATCH } from './tls-codes.ts';
import type { TLSOutcome } from './tls-layer.ts';

export class SimulatedContext implements TLSContextHandle {
  readonly handle = 'context';
  readonly verify: boolean;

  constructor(verify: boolean) {
    this.verify = verify;
  }
}

export function details({ established, refused, library, reason }: TLSOutcome): TLSDetails {
  const cipher = { name: 'SIMULATED', standardName: 'SIMULATED', version: 'TLSv1.3' };
  return {
    protocol: 'TLSv1.3',
    ...(established && { cipher }),
    alpn: '',
    resumed: false,
    certificates: [],
    refused,
    verification: refused ? X509_V_ERR_HOSTNAME_MISMATCH : 0,
    verificationReason: refused ? 'hostname mismatch' : 'ok',
    depth: 0,
    library,
    reason,
  };
}
