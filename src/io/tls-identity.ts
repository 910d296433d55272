/**
 * The identity that a certificate must have, from the host name that the caller gave: the value of the server_name
 * extension, and the name or address to compare with the certificate (RFC 9110 4.3.4, RFC 6066 3). OpenSSL compares.
 */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { shownValue } from './shown-value.ts';

/** What a certificate must match. */
export interface Identity {
  /** The name for messages and for checkServerIdentity. */
  readonly hostname: string;
  /** The value of the server_name extension; empty for an IP address. */
  readonly servername: string;
  /** The DNS name or the IP address that the certificate must contain; the other one is empty. */
  readonly host: string;
  readonly address: string;
}

/** Longest host name in text form (RFC 1035 2.3.4). */
const MAX_NAME = 253;

/**
 * Returns the identity for a host name or a numeric address.
 * @throws TypeError if no certificate can be issued for `hostname`. (OpenSSL would take an empty name for "any", and
 * ".example.com" for any subdomain.)
 */
export function identityOf(hostname: string): Identity {
  if (typeof hostname !== 'string') throw new TypeError('the host name must be a string');
  // The zone of a link-local address names a local interface. No certificate contains it.
  const address = hostname.replace(/%.*$/, '');
  if (isIP(address) !== 0) return { hostname: address, servername: '', host: '', address };
  const name = toASCII(hostname).replace(/\.$/, '');
  if (name === '' || name.length > MAX_NAME || !/^[\w-]+(?:\.[\w-]+)*$/.test(name)) {
    throw new TypeError(`${shownValue(hostname)} is not a host name that a certificate can be checked against`);
  }
  return { hostname: name, servername: name, host: name, address: '' };
}

function toASCII(hostname: string): string {
  return /^[\0-\x7f]*$/.test(hostname) ? hostname : domainToASCII(hostname);
}
