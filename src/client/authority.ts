/**
 * Checks host names and ports for a Host field (RFC 9110 7.2, RFC 3986 3.2). It refuses text that could also mean
 * something else, such as userinfo, a port or a path.
 */

import { isIP, isIPv6 } from 'node:net';
import { quoted } from '../http1/grammar.ts';
import { shownValue } from '../io/shown-value.ts';

/** Letters, digits and hyphens; underscores occur in practice. A dot at the end makes the name absolute. */
const NAME = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/;
const LONGEST_NAME = 254;
const LONGEST_LABEL = 63;

/** Returns `hostname` without the brackets of an IPv6 address in a URL. @throws TypeError */
export function checkedHostname(hostname: string): string {
  if (typeof hostname !== 'string') throw new TypeError(`the host name must be a string, got ${typeof hostname}`);
  const bare = /^\[.*\]$/.test(hostname) ? hostname.slice(1, -1) : hostname;
  if (isIP(bare) !== 0) return bare;
  if (bare === hostname && NAME.test(bare) && bare.length <= LONGEST_NAME) {
    if (bare.split('.').every((label) => label.length <= LONGEST_LABEL)) return bare;
  }
  throw new TypeError(
    `${quoted(hostname)} is no host name: it must be an IP address, or labels of letters, digits and hyphens without port ` +
      '(names in other scripts: url.domainToASCII)',
  );
}

/** Returns the port. @throws TypeError unless it is a whole number from 1 to 65535 */
export function checkedPort(port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new TypeError(`the port must be a whole number from 1 to 65535, got ${shownValue(port)}`);
}

/**
 * The value of Host: IPv6 in brackets and without its zone (RFC 6874); the port is left out if it is the scheme's
 * default.
 */
export function authority(hostname: string, port: number, defaultPort: number): string {
  const host = isIPv6(hostname) ? `[${hostname.replace(/%.*$/, '')}]` : hostname;
  return port === defaultPort ? host : `${host}:${port}`;
}
