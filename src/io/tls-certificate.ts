/**
 * Converts certificates from DER into the objects that `getPeerCertificate()` of node:tls returns. It verifies nothing.
 */

import type { DetailedPeerCertificate } from 'node:tls';
import { builtin } from './builtin.ts';

/**
 * Returns the first certificate of the chain. Each links to its issuer's certificate, the next one, by
 * `issuerCertificate`; a self-signed one links to itself. Undefined if there is none, or if it cannot be parsed.
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

/** Returns one certificate without its issuer's; undefined if it cannot be parsed. */
export function parseCertificate(der: Uint8Array): DetailedPeerCertificate | undefined {
  try {
    return new builtin.crypto.X509Certificate(der).toLegacyObject() as DetailedPeerCertificate;
  } catch {
    // OpenSSL has accepted the bytes and Node's stricter parser has not. Verification does not depend on this object.
    return undefined;
  }
}

function selfIssued({ subject, issuer }: DetailedPeerCertificate): boolean {
  return JSON.stringify(subject) === JSON.stringify(issuer);
}
