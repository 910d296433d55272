/**
 * Whom a certificate must be for, from the host name that the user gave: what goes into the server_name extension, and what
 * is compared with the certificate (RFC 9110, 4.3.4; RFC 6066, 3). It does no comparing itself.
 */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { shownValue } from './shown-value.ts';

export interface Identity {
  /** As it is shown, and handed to checkServerIdentity. */
  readonly hostname: string;
  /** For the extension: empty for an IP address. */
  readonly servername: string;
  /** One of these two is empty. */
  readonly host: string;
  readonly address: string;
}

/** Longest host name (RFC 1035, 2.3.4), in text form. */
const MAX_NAME = 253;

/**
 * @throws TypeError if `hostname` is nothing that a certificate could be for. (OpenSSL would take an empty name for "any",
 * and ".example.com" for any subdomain.)
 */
export function identityOf(hostname: string): Identity {
  if (typeof hostname !== 'string') throw new TypeError('the host name must be a string');
  // The zone of a link-local address names our interface: no certificate knows it.
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
