/**
 * Makes errors of OpenSSL's numbers and words: with the codes of node:tls, and with messages that name the host, the
 * cause and the remedy. It decides nothing about trust.
 */

import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { types } from 'node:util';
import { TLSError } from '../errors.ts';
import { printable } from '../inspection.ts';
import { native, type TLSDetails } from './native.ts';
import { shownValue } from './shown-value.ts';
import { certificateOf } from './tls-certificate.ts';

/** The peer of a layer of TLS. */
export interface Party {
  readonly hostname: string;
  readonly role: 'server' | 'proxy';
  readonly port?: number | undefined;
}

/** Names of X509_V_ERR_... numbers: those of Node, and a few others. */
const VERIFICATION_CODES: ReadonlyMap<number, string> = new Map([
  [2, 'UNABLE_TO_GET_ISSUER_CERT'],
  [3, 'UNABLE_TO_GET_CRL'],
  [4, 'UNABLE_TO_DECRYPT_CERT_SIGNATURE'],
  [5, 'UNABLE_TO_DECRYPT_CRL_SIGNATURE'],
  [6, 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY'],
  [7, 'CERT_SIGNATURE_FAILURE'],
  [8, 'CRL_SIGNATURE_FAILURE'],
  [9, 'CERT_NOT_YET_VALID'],
  [10, 'CERT_HAS_EXPIRED'],
  [11, 'CRL_NOT_YET_VALID'],
  [12, 'CRL_HAS_EXPIRED'],
  [13, 'ERROR_IN_CERT_NOT_BEFORE_FIELD'],
  [14, 'ERROR_IN_CERT_NOT_AFTER_FIELD'],
  [15, 'ERROR_IN_CRL_LAST_UPDATE_FIELD'],
  [16, 'ERROR_IN_CRL_NEXT_UPDATE_FIELD'],
  [17, 'OUT_OF_MEM'],
  [18, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [19, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [20, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [21, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [22, 'CERT_CHAIN_TOO_LONG'],
  [23, 'CERT_REVOKED'],
  [25, 'PATH_LENGTH_EXCEEDED'],
  [26, 'INVALID_PURPOSE'],
  [27, 'CERT_UNTRUSTED'],
  [28, 'CERT_REJECTED'],
  [62, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [64, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [79, 'INVALID_CA'],
]);

/** Advice for untrusted certificates. */
const UNTRUSTED =
  'If you trust its issuer, give the certificate of that in the TLS option ca or in the file of NODE_EXTRA_CA_CERTS.';
const INCOMPLETE = `The server may have left out intermediate certificates, which it should send. ${UNTRUSTED}`;
const OLD_VERSIONS = 'Versions before TLS 1.2 also need "@SECLEVEL=0" in the TLS option ciphers.';
/**
 * Before TLS 1.3, a peer that wants a client certificate may send no more than a handshake_failure alert (RFC 5246
 * 7.4.6).
 */
const NOTHING_IN_COMMON =
  'The TLS options minVersion, maxVersion and ciphers say what we offer; cert and key, or pfx, give the certificate that it may want.';

/** OpenSSL's errors for first bytes that are no TLS record. From version 3.2 on, some bytes cause the second. */
const NO_TLS: ReadonlySet<string> = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

/** Alerts of a peer about the client's certificate, or about a missing one (RFC 8446 6.2). */
const CLIENT_CERTIFICATE_ALERT = /_ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)$/;
const CLIENT_CERTIFICATE = 'This is about a certificate of ours, which the TLS options cert and key, or pfx, give.';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', INCOMPLETE],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', INCOMPLETE],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', INCOMPLETE],
  ['CERT_NOT_YET_VALID', 'Is the clock of this machine right?'],
  ['CERT_HAS_EXPIRED', 'The server needs a new one, unless the clock of this machine is wrong.'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'Connect by one of the names it is for, or name one in the TLS option servername.'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', NOTHING_IN_COMMON],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', NOTHING_IN_COMMON],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'The TLS option ALPNProtocols says what we offer to speak.'],
  ['ERR_SSL_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED', OLD_VERSIONS],
  ['ERR_SSL_NO_PROTOCOLS_AVAILABLE', OLD_VERSIONS],
  [
    'ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED',
    'The server lacks RFC 5746: crypto.constants.SSL_OP_LEGACY_SERVER_CONNECT in the TLS option secureOptions takes it nevertheless.',
  ],
  [
    'ERR_TLS_TOO_MANY_RENEGOTIATIONS',
    `A server may renegotiate ${native.TLS_MOST_RENEGOTIATIONS} times on one connection.`,
  ],
  ['ERR_TLS_CERTIFICATE_CHANGED', 'In a renegotiation the server showed another certificate than before.'],
  [
    'ERR_TLS_TOO_MUCH_WITHOUT_CONTENT',
    `No more than ${native.TLS_MOST_WITHOUT_CONTENT} bytes of TLS records (KeyUpdate, session tickets, ...) are taken in a row that hold no content.`,
  ],
  [
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    `The TLS options minVersion and maxVersion say which versions we take. ${OLD_VERSIONS}`,
  ],
  [
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    `The TLS options minVersion and maxVersion say which versions we offer. ${OLD_VERSIONS}`,
  ],
]);

/** The libraries of OpenSSL that Node's codes name; the others are left out. The first is this addon's. */
const AREAS: ReadonlyMap<string, string> = new Map([
  ['dugong', 'TLS_'],
  ['SSL routines', 'SSL_'],
  ['PEM routines', 'OSSL_PEM_'],
  ['BIO routines', 'OSSL_BIO_'],
  ['PKCS12 routines', 'OSSL_PKCS12_'],
  ['asn1 encoding routines', 'OSSL_ASN1_'],
  ['bignum routines', 'OSSL_BN_'],
  ['common libcrypto routines', 'OSSL_CRYPTO_'],
  ['digital envelope routines', 'OSSL_EVP_'],
  ['elliptic curve routines', 'OSSL_EC_'],
  ['rsa routines', 'OSSL_RSA_'],
  ['x509 certificate routines', 'OSSL_X509_'],
  ['X509 V3 routines', 'OSSL_X509V3_'],
]);

/** Makes a code as Node does: ERR_SSL_WRONG_VERSION_NUMBER, ERR_OSSL_PEM_NO_START_LINE. */
export function errorCode(library: string, reason: string): string {
  if (reason === '') return 'ERR_OSSL_UNKNOWN';
  return `ERR_${AREAS.get(library) ?? 'OSSL_'}${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/** Node's code for the reason why the certificate is not valid; undefined if it is. */
export function verificationCode({ verification }: TLSDetails): string | undefined {
  return verification === 0 ? undefined : (VERIFICATION_CODES.get(verification) ?? 'UNSPECIFIED');
}

/** The name of the peer in messages. */
export function nameOf({ hostname, role }: Party): string {
  return role === 'proxy' ? `the proxy ${hostname}` : hostname;
}

/** Makes the error for a handshake that failed in OpenSSL. */
export function handshakeFailure(party: Party, details: TLSDetails): TLSError {
  const failed = errorCode(details.library, details.reason);
  return tlsError(party, details, NO_TLS.has(failed) ? speaksNoTLS(party) : undefined);
}

function speaksNoTLS({ hostname, port, role }: Party): string {
  const where = port === undefined ? hostname : `Port ${port} of ${hostname}`;
  const way = role === 'proxy' ? 'use http:// in the URL of the proxy' : 'use http:// in the URL, or no option tls';
  return `${where} seems not to speak TLS: if it speaks plain HTTP, ${way}`;
}

/** Makes the error for a connection that failed in OpenSSL. `way` is the advice, if the caller knows it. */
export function tlsError(party: Party, details: TLSDetails, way?: string): TLSError {
  const { hostname, role: peer } = party;
  const certificate = certificateOf(details.certificates);
  const code = verificationCode(details);
  if (code !== undefined && details.refused)
    return certificateError(party, { code, reason: details.verificationReason }, certificate);
  const reason = details.reason || `the ${peer} sent no certificate`;
  const failed = errorCode(details.library, details.reason);
  const advice = CLIENT_CERTIFICATE_ALERT.test(failed) ? CLIENT_CERTIFICATE : ADVICE.get(failed);
  const message = sentence(`TLS with ${nameOf(party)} failed: ${reason} (${failed})`, way ?? advice);
  return new TLSError(failed, message, { reason, peer, hostname, certificate });
}

/**
 * Returns the refusal of the caller's checkServerIdentity. A result that is neither undefined nor an Error, e.g. a
 * promise, is a refusal, too.
 */
export function identityRefusal(returned: unknown): Error | undefined {
  if (returned === undefined || returned instanceof Error) return returned;
  if (types.isNativeError(returned)) return returned;
  return new TypeError(`it must return undefined or an Error, and has returned ${shownValue(returned)}`);
}

/** Makes the error for a refusal of the caller's checkServerIdentity. */
export function identityError(party: Party, cause: Error, certificate: DetailedPeerCertificate): TLSError {
  const { hostname, role: peer } = party;
  const given = (cause as { code?: unknown }).code;
  const code = typeof given === 'string' ? given : 'ERR_TLS_CERT_ALTNAME_INVALID';
  const message = `the certificate of ${nameOf(party)} is refused by checkServerIdentity: ${printable(cause.message, 500)}`;
  return new TLSError(code, message, { reason: cause.message, peer, hostname, certificate, cause });
}

function certificateError(
  party: Party,
  { code, reason }: { readonly code: string; readonly reason: string },
  certificate: PeerCertificate | undefined,
): TLSError {
  const { hostname, role: peer } = party;
  const why = `${reason}${particulars(code, certificate)} (${code})`;
  const message = sentence(`the certificate of ${nameOf(party)} is not accepted: ${why}`, ADVICE.get(code));
  return new TLSError(code, message, { reason, peer, hostname, certificate });
}

function particulars(code: string, certificate: PeerCertificate | undefined): string {
  if (certificate === undefined) return '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `, it is for ${printable(certificate.subjectaltname ?? 'no name at all', 300)}`;
  if (code === 'CERT_HAS_EXPIRED') return ` (the server's own is valid until ${certificate.valid_to})`;
  if (code === 'CERT_NOT_YET_VALID') return ` (the server's own is valid from ${certificate.valid_from})`;
  return '';
}

function sentence(message: string, advice: string | undefined): string {
  return advice === undefined ? message : `${message}. ${advice}`;
}
