/**
 * Leads addresses to servers, and decides attempts to connect. All chance comes from the
 * world's seed, by streams of numbers that are named after the connection.
 */

import { EAGAIN, ECONNREFUSED, EHOSTUNREACH, EINPROGRESS, ENETUNREACH, ENOENT, ETIMEDOUT } from '../kernel/errno.ts';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';
import { Direction, type DirectionOptions } from './direction.ts';
import { type Buffers, Endpoint } from './endpoint.ts';

/** How a connection is made, and its properties. */
export interface Path {
  /**
   * `late`: the error comes as long after the attempt as `patience` says; `hole`: nothing ever comes.
   */
  readonly connect: 'accept' | 'at-once' | 'refuse' | 'timeout' | 'unreachable' | 'unreachable-late' | 'hole';
  /** Milliseconds before the kernel gives up an attempt to connect. */
  readonly patience: number;
  /** To the server, and from it. */
  readonly up: DirectionOptions;
  readonly down: DirectionOptions;
  readonly client: Buffers;
  readonly server: Buffers;
}

/** The service behind an address and a port. */
export interface Service {
  readonly name: string;
  /** Drawn for each connection; `index` counts them. */
  path(random: Random, index: number): Path;
  /** Gets the server's end of an established connection. */
  accept(endpoint: Endpoint): void;
}

/** A quiet network; `given` replaces its defaults. */
export function path(given: Partial<Path> = {}): Path {
  const direction: DirectionOptions = {
    latency: 1,
    jitter: 0,
    bandwidth: Number.POSITIVE_INFINITY,
    segment: [1460, 1460],
  };
  const buffers: Buffers = { send: 65536, receive: 65536 };
  const quiet: Path = {
    connect: 'accept',
    patience: 127_000,
    up: direction,
    down: direction,
    client: buffers,
    server: buffers,
  };
  return { ...quiet, ...given };
}

/**
 * Any network: fast or slow, in large segments or in single bytes, with buffers that hold a few bytes only, unless each round trip
 * would take long.
 */
export function drawnPath(random: Random, given: Partial<Path> = {}): Path {
  const latency = random.pick([0, 0.25, 1, 20, 100]);
  const smallest = latency > 1 ? 1024 : 16;
  const direction = (): DirectionOptions => {
    const largest = random.pick([1, 7, 100, 1460, 16384]);
    return {
      latency,
      jitter: random.pick([0, 0, 1, 10]),
      bandwidth: random.pick([Number.POSITIVE_INFINITY, 10_000, 1000, 50]),
      segment: [random.chance(0.5) ? 1 : largest, largest],
    };
  };
  const buffers = (): Buffers => ({ send: random.size(smallest, 65536), receive: random.size(smallest, 65536) });
  return path({ up: direction(), down: direction(), client: buffers(), server: buffers(), ...given });
}

export class Network {
  readonly #world: World;
  readonly #random: Random;
  readonly #services = new Map<string, Service>();
  readonly #connections = new Map<string, number>();
  /** All servers' ends. */
  readonly accepted: Endpoint[] = [];

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork('network');
  }

  /** `place` is "address:port" ("[::1]:80" without brackets), or the path of a Unix socket. */
  serve(place: string, service: Service): void {
    this.#services.set(place, service);
  }

  /** The result of connect(2): 0, EINPROGRESS, or another error. */
  connect(client: Endpoint, place: string): number {
    const service = this.#services.get(place);
    const { random, given } = this.#draw(client, place, service);
    if (given.connect === 'unreachable') return ENETUNREACH;
    if (given.connect === 'at-once' && service !== undefined) {
      this.#establish(client, given, random, service);
      client.established();
      return 0;
    }
    client.state = 'connecting';
    this.#attempt(client, given, random, service);
    return EINPROGRESS;
  }

  /** connect(2) to a path: established at once, or never; EAGAIN while its queue is full. */
  connectUnix(client: Endpoint, place: string): number {
    const service = this.#services.get(place);
    if (service === undefined) return ENOENT;
    const { random, given } = this.#draw(client, place, service);
    if (given.connect === 'hole' || given.connect === 'timeout') return EAGAIN;
    if (given.connect !== 'accept' && given.connect !== 'at-once') return ECONNREFUSED;
    this.#establish(client, given, random, service);
    client.established();
    return 0;
  }

  /** The path of the next connection. */
  #draw(client: Endpoint, place: string, service: Service | undefined): { random: Random; given: Path } {
    const index = (this.#connections.get(place) ?? 0) + 1;
    this.#connections.set(place, index);
    const random = this.#random.fork(`${place} ${index}`);
    const given = service?.path(random, index) ?? path({ connect: 'refuse' });
    if (this.#world.traced) this.#world.note(client.name, `connects to ${place}: ${given.connect}`);
    client.buffers = given.client;
    return { random, given };
  }

  #attempt(client: Endpoint, given: Path, random: Random, service: Service | undefined): void {
    const roundTrip = given.up.latency + given.down.latency;
    const world = this.#world;
    const errors: Partial<Record<Path['connect'], [number, number]>> = {
      refuse: [ECONNREFUSED, roundTrip],
      timeout: [ETIMEDOUT, given.patience],
      'unreachable-late': [EHOSTUNREACH, given.patience],
    };
    const failure = errors[given.connect];
    if (failure !== undefined || service === undefined) {
      const [error, delay] = failure ?? [ECONNREFUSED, roundTrip];
      const event = world.after(delay, () => client.failed(error));
      client.abandon = () => event.cancel();
    } else if (given.connect === 'accept') {
      const event = world.after(roundTrip, () => {
        this.#establish(client, given, random, service);
        client.established();
      });
      client.abandon = () => event.cancel();
    }
  }

  #establish(client: Endpoint, given: Path, random: Random, service: Service): void {
    const server = new Endpoint(this.#world, `${service.name} ${this.accepted.length + 1}`);
    server.buffers = given.server;
    const up = new Direction(client, server, given.up, random.fork('up'));
    const down = new Direction(server, client, given.down, random.fork('down'));
    client.out = up;
    client.in = down;
    server.out = down;
    server.in = up;
    client.state = 'established';
    server.state = 'established';
    this.accepted.push(server);
    service.accept(server);
    up.begin();
    down.begin();
  }
}
