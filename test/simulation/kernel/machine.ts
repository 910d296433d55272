/**
 * The simulated process below its calls: its descriptors, its watchers, and its present world, which can be changed. The calls
 * themselves are in kernel.ts.
 */

import { Network } from '../network/network.ts';
import type { Random } from '../random.ts';
import { reach } from '../runner/coverage.ts';
import { World } from '../world.ts';
import type { Departures } from './departures.ts';
import { type Description, Descriptors } from './descriptors.ts';
import { EBADF, EMFILE, ENOTSOCK } from './errno.ts';
import { hosts, Lookups, type Resolver } from './lookups.ts';
import { SocketDescription } from './sockets.ts';
import { type Interruptions, type Lateness, Signals, Waits } from './waits.ts';
import { Watchers } from './watchers.ts';

/** The faults of the machine itself. */
export interface Faults {
  /** The chance that there is no descriptor, and no buffer for a socket. */
  readonly noDescriptor: number;
  readonly noBuffers: number;
  /** EMFILE beyond this many descriptors. */
  readonly mostDescriptors: number;
  readonly lateness: Lateness;
  /** The chance of a signal with a listener while the process is blocked. */
  readonly interruptions: Interruptions;
}

const NO_FAULTS: Faults = {
  noDescriptor: 0,
  noBuffers: 0,
  mostDescriptors: 1000,
  lateness: { chance: 0, most: 0 },
  interruptions: { chance: 0, most: 0, signals: [] },
};

/** What a world has left open. */
export interface Leftovers {
  /** Names in traces, with their kinds. */
  readonly open: readonly string[];
  readonly watched: number;
  /** Whether an alarm keeps the process alive, or would wait for ever. */
  readonly alarms: boolean;
}

/**
 * After more rings of the alarm than this, it does not stop. (Alarms that keep nothing alive are no fault: a createFetch looks
 * at idle connections, and at its time limits, until there are none.)
 */
const MOST_RINGS = 100;

export interface MachineOptions {
  readonly faults?: Partial<Faults>;
  readonly resolver?: Resolver;
  /** Notes all bytes that sockets take. */
  readonly departures?: Departures;
}

export class Machine {
  world: World = new World(0);
  network: Network = new Network(this.world);
  readonly descriptors: Descriptors = new Descriptors();
  readonly watchers: Watchers = new Watchers(this.descriptors);
  readonly signals: Signals = new Signals();
  protected faults: Faults = NO_FAULTS;
  protected random: Random = this.world.random;
  protected waits: Waits = new Waits(this.world, this.signals, NO_FAULTS);
  protected lookups: Lookups = new Lookups(this.world, hosts({}));
  #departures: Departures | undefined;

  /** Puts the process into another world. The world before must have ended. */
  begin(world: World, network: Network, { faults = {}, resolver = hosts({}), departures }: MachineOptions = {}): void {
    this.faults = { ...NO_FAULTS, ...faults };
    this.world = world;
    this.network = network;
    this.random = world.random.fork('kernel');
    this.waits = new Waits(world, this.signals, this.faults);
    this.lookups = new Lookups(world, resolver);
    this.descriptors.limit = this.faults.mostDescriptors;
    this.#departures = departures;
  }

  /**
   * Ends the world: closes what is open, and lets the alarm ring until the library waits for no time any more, so that it
   * begins the next world as it began this one. Time goes on for that.
   */
  end(): Leftovers {
    const open = [...this.descriptors.entries()].map(([fd, { kind }]) => `${this.descriptors.nameOf(fd)} ${kind}`);
    const left = { open, watched: this.watchers.count, alarms: this.#endAlarm() };
    for (const [fd] of [...this.descriptors.entries()]) this.watchers.forget(fd);
    this.descriptors.clear();
    this.watchers.clear();
    this.signals.clear();
    return left;
  }

  #endAlarm(): boolean {
    const held = this.watchers.alarmHeld;
    let rings = 0;
    for (; this.watchers.alarmAt !== undefined && rings < MOST_RINGS; rings++) {
      this.world.spend(Math.max(0, this.watchers.alarmAt - this.world.now));
      this.watchers.ring();
    }
    return held || rings === MOST_RINGS;
  }

  // --- for the calls -------------------------------------------------------------------------------------------------

  protected called(call: string): void {
    this.world.called();
    reach('call', call);
  }

  /** A closed descriptor is EBADF; one that is no socket, ENOTSOCK. */
  protected on(call: string, fd: number, operate: (socket: SocketDescription) => number): number {
    const description = this.descriptors.get(fd);
    if (description instanceof SocketDescription) return this.result(call, fd, operate(description));
    if (this.descriptors.wasClosed(fd)) this.world.violation(`${call} of ${this.#name(fd)}, which was closed`);
    return this.result(call, fd, description === undefined ? EBADF : ENOTSOCK);
  }

  /** Notes the bytes that a call has sent, if any. Returns `result`. */
  protected departed(connection: object, buffers: readonly Uint8Array[], skip: number, result: number): number {
    if (result > 0) this.#departures?.note(connection, buffers, skip, result);
    return result;
  }

  protected open(call: string, create: () => Description): number {
    if (this.random.chance(this.faults.noDescriptor)) return this.fault(call, EMFILE);
    const fd = this.descriptors.open(create());
    return this.result(call, fd, fd);
  }

  protected fault(call: string, error: number): number {
    return this.result(call, -1, error);
  }

  protected assertOpen(call: string, fd: number): void {
    if (this.descriptors.wasClosed(fd)) this.world.violation(`${call} of ${this.#name(fd)}, which was closed`);
  }

  #name(fd: number): string {
    return this.descriptors.nameOf(fd);
  }

  protected result(call: string, fd: number, result: number): number {
    const { world } = this;
    if (world.traced) world.note('client', `${call} ${this.#name(fd)} = ${result === fd ? this.#name(fd) : result}`);
    return result;
  }
}
