/**
 * Decides whether a list like `no_proxy` names a server, as curl reads such lists. It knows nothing of environments or
 * proxies.
 */

import { BlockList, isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

interface Server {
  /** In canonical spelling, see {@link canonical}. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['https:', 443],
]);

/**
 * Whether `list`, of entries separated by commas or white space, names the server of `url`. An entry is a domain, which
 * also stands for the hosts below it (`example.com`, `.example.com`) or only for these (`*.example.com`), an address, a
 * network (`10.0.0.0/8`, `fd00::/8`), or `*`. Each except a bare IPv6 address may have a port. Any other entry names no
 * server.
 */
export function isListed(url: URL, list: string): boolean {
  const server = { host: canonical(url.hostname), port: Number(url.port) || (DEFAULT_PORTS.get(url.protocol) ?? 0) };
  return list.split(/[,\s]+/).some((entry) => names(entry, server));
}

function names(entry: string, server: Server): boolean {
  const [, host = '', port] = isIPv6(entry) ? [entry, entry] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
  if (port !== undefined && Number(port) !== server.port) return false;
  if (host === '*') return true;
  return host.includes('/') ? isWithin(server.host, host) : isHostOf(server.host, host);
}

function isHostOf(host: string, entry: string): boolean {
  const [, prefix, name = ''] = /^(\*?\.)?(.*)$/.exec(entry) ?? [];
  const domain = canonical(name);
  if (domain === '') return false;
  return (prefix !== '*.' && host === domain) || host.endsWith(`.${domain}`);
}

/** Whether `range` is a network in CIDR notation that contains the address `host`. */
function isWithin(host: string, range: string): boolean {
  const [, written = '', digits = ''] = /^\[?([^[\]]+)\]?\/(\d+)$/.exec(range) ?? [];
  // Only URLs accept other spellings of addresses: it is not clear which network 010.0.0.0/8 is.
  if (isIP(written) === 0) return false;
  const network = canonical(written);
  const family = isIP(network);
  // The first 96 bits of an IPv4-mapped network are the mapping.
  const bits = Number(digits) - (isIPv6(written) && family === 4 ? 96 : 0);
  if (family === 0 || family !== isIP(host) || bits < 0 || bits > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const networks = new BlockList();
  networks.addSubnet(network, bits, type);
  return networks.check(host, type);
}

/**
 * The canonical spelling of a host: as in URLs (RFC 5952, names in other scripts as xn--, 0x7f.1 as 127.0.0.1), but
 * without brackets and final dots, and an IPv4-mapped address as IPv4. Empty if it is no host.
 */
function canonical(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIPv6(bare)) return unmapped(domainToASCII(`[${bare}]`).slice(1, -1));
  return /[/?#@:\\]/.test(bare) ? '' : domainToASCII(bare.replace(/\.+$/, ''));
}

function unmapped(address: string): string {
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join('.');
}
