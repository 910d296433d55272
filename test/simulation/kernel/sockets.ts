/** The addon's socket calls (native/socket.cc, native/transfer.cc), without the checks of their arguments. */

import { isIP } from 'node:net';
import { Endpoint } from '../network/endpoint.ts';
import type { Network } from '../network/network.ts';
import type { TLSLayer } from '../tls/layer.ts';
import type { World } from '../world.ts';
import type { Description } from './descriptors.ts';
import { EALREADY, ECONNABORTED, EINPROGRESS, EINVAL, EISCONN, ENODEV } from './errno.ts';

/** Interfaces of the simulated machine. */
const ZONES: ReadonlySet<string> = new Set(['1', '2', 'lo', 'eth0']);

export class SocketDescription implements Description {
  readonly kind = 'socket';
  readonly endpoint: Endpoint;
  /** The topmost one. */
  tls: TLSLayer | undefined;
  readonly #network: Network;
  #bound = false;
  /** connect(2) has begun an attempt whose result no later call of it has returned. */
  #connecting = false;

  constructor(world: World, network: Network, name: string) {
    this.endpoint = new Endpoint(world, name);
    this.#network = network;
  }

  poll(): number {
    return this.endpoint.poll();
  }

  close(): void {
    this.endpoint.close();
  }

  /** The address is valid. */
  connect(address: string, port: number): number {
    const refusal = zoneError(address) ?? this.#called();
    return refusal ?? this.#noted(this.#network.connect(this.endpoint, `${address}:${port}`));
  }

  connectUnix(path: string): number {
    return this.#called() ?? this.#network.connectUnix(this.endpoint, path);
  }

  bind(address: string): number {
    const error = zoneError(address);
    if (error !== undefined) return error;
    if (this.#bound || this.endpoint.state !== 'fresh') return EINVAL;
    this.#bound = true;
    return 0;
  }

  /** inet_stream_connect(): the result of a call for the state of the socket; undefined: it connects. */
  #called(): number | undefined {
    const { state } = this.endpoint;
    if (state === 'fresh') return undefined;
    if (state === 'connecting') return EALREADY;
    const first = this.#connecting;
    this.#connecting = false;
    if (!first) return EISCONN;
    return state === 'established' ? 0 : this.endpoint.takeError() || ECONNABORTED;
  }

  #noted(result: number): number {
    this.#connecting = result === EINPROGRESS;
    return result;
  }
}

/** @throws TypeError */
export function assertAddress(name: string, address: string): void {
  if (isIP(address) === 0) throw new TypeError(`${name}: address must be a numeric IPv4 or IPv6 address`);
}

function zoneError(address: string): number | undefined {
  const [, zone] = address.split('%');
  return zone === undefined || ZONES.has(zone) ? undefined : ENODEV;
}
