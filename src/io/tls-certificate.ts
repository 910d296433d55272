/** Certificates from DER into the shape that `getPeerCertificate()` of node:tls has. */

import type { DetailedPeerCertificate } from 'node:tls';
import { builtin } from './builtin.ts';

/**
 * The first certificate, each linked to the one after it, its issuer's, by `issuerCertificate`, and a self-signed one to itself.
 * Undefined if there is none, or if it cannot be parsed.
 */
export function certificateOf(chain: readonly Uint8Array[]): DetailedPeerCertificate | undefined {
  const parsed = chain.map(parseCertificate);
  const first = parsed.at(0);
  for (let index = 0; index < parsed.length; index++) {
    const certificate = parsed[index];
    if (certificate === undefined) break;
    const issuer = selfIssued(certificate) ? certificate : parsed.at(index + 1);
    if (issuer !== undefined) certificate.issuerCertificate = issuer;
  }
  return first;
}

/** One certificate without its issuer's. Undefined if it cannot be parsed. */
export function parseCertificate(der: Uint8Array): DetailedPeerCertificate | undefined {
  try {
    return new builtin.crypto.X509Certificate(der).toLegacyObject() as DetailedPeerCertificate;
  } catch {
    // OpenSSL has parsed it, and Node's stricter reader has not: the verdict does not depend on this.
    return undefined;
  }
}

function selfIssued({ subject, issuer }: DetailedPeerCertificate): boolean {
  return JSON.stringify(subject) === JSON.stringify(issuer);
}
