/**
 * Runs many coroutines together, for a caller that waits for all of them at once: PollLoop and the combinators are made of it.
 * The cost of a wake-up depends on the number of ready members, not of waiting ones.
 *
 * A set that runs inside another one has its waits in the outermost set's registry, since Linux nests epoll descriptors
 * only five deep (ELOOP): it yields itself to the set around it, and no descriptor.
 */

import { now } from '../clock.ts';
import { type Coroutine, earlier, POLLIN, PollNeeded, SharedNeed } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import { Queue } from '../queue.ts';
import { cancellation } from './aio-future.ts';
import { Registry, TimedWait } from './registry.ts';
import { currentDriver, currentRunner, type Driver, type Runner, runAs } from './running.ts';
import { type Outcome, Stepper } from './stepper.ts';
import { WaitList } from './wait-list.ts';

/** One coroutine of a set. */
export class Member<T = unknown> implements Runner {
  readonly set: TaskSet;
  readonly steps: Stepper<T>;
  /** Runs it until it waits or has ended. Made once, not for each step. */
  readonly step: () => Outcome<T> | undefined;
  readonly ended: (outcome: Outcome<T>) => void;
  state: 'ready' | 'running' | 'waiting' | 'ended' = 'ready';
  /** Its wait in the registry, if it has one. */
  wait: TimedWait | undefined;

  constructor(set: TaskSet, coroutine: Coroutine<T>, ended: (outcome: Outcome<T>) => void) {
    this.set = set;
    this.steps = new Stepper('running many at once', coroutine);
    const suspend = (need: PollNeeded): 'wait' => set.suspend(this as Member, need);
    this.step = () => this.steps.run(suspend);
    this.ended = ended;
  }

  get driver(): Driver {
    return this.set.driver;
  }

  wake(): void {
    this.set.wake(this as Member);
  }
}

/** The suspension of a member. */
class MemberWait extends TimedWait {
  readonly member: Member;

  constructor(member: Member, need: PollNeeded) {
    super(need);
    this.member = member;
  }

  wake(): void {
    this.member.wake();
  }
}

/**
 * What a set yields while it is run inside another one, which recognizes it and registers nothing: the waits are in the
 * outermost registry already. For any other runner it is what the outermost set waits for.
 */
class SetNeeded extends SharedNeed {
  readonly set: TaskSet;
  /** A deadline that does not come from the set's members. */
  readonly limit: number | undefined;
  readonly #home: Registry;

  constructor(set: TaskSet, home: Registry, limit?: number) {
    const { fd, deadline } = home;
    super(fd, fd < 0 ? 0 : POLLIN, { deadline: earlier(deadline, limit) });
    this.set = set;
    this.limit = limit;
    this.#home = home;
  }

  override before(deadline: number): PollNeeded {
    return new SetNeeded(this.set, this.#home, earlier(deadline, this.limit));
  }
}

/** All coroutines that were ever added to a set. */
const given = new WeakSet<Coroutine<unknown>>();

export class TaskSet {
  readonly #own = new Registry();
  /** The registry of the members' waits: the set's own, or that of the outermost set around it. */
  #home: Registry = this.#own;
  readonly #members = new Set<Member>();
  /** Members to be run next. */
  readonly #ready = new Queue<Member>();
  /** The runner around this set, if it can be woken. */
  #around: Runner | undefined;
  #driver: Driver = 'own loop';
  /** The coroutine that runs this set waits here. */
  readonly #waits = new WaitList();
  #ending = false;

  /** What runs this set in the end. */
  get driver(): Driver {
    return this.#driver;
  }

  /** Whether all members are to end. */
  get ending(): boolean {
    return this.#ending;
  }

  /** How many members have not ended. */
  get size(): number {
    return this.#members.size;
  }

  /** How many members are ready to go on. */
  get ready(): number {
    return this.#ready.length;
  }

  /** @throws TypeError */
  add<T>(coroutine: Coroutine<T>, ended: (outcome: Outcome<T>) => void): Member<T> {
    if (given.has(coroutine)) {
      throw new TypeError('the same coroutine was given twice: call the generator function once for each');
    }
    const member = new Member(this, coroutine, ended);
    given.add(coroutine);
    this.#members.add(member as Member);
    this.#ready.push(member as Member);
    return member;
  }

  /** Throws `error` into a member, as soon as it can take it. */
  interrupt(member: Member, error: unknown): void {
    if (member.state === 'ended') return;
    member.steps.interrupt(error);
    this.wake(member);
  }

  /** Throws `error` into all members; one that has not begun ends without having run. */
  interruptAll(error: unknown): void {
    this.#ending = true;
    for (const member of [...this.#members]) this.interrupt(member, error);
  }

  /** Throws one AbortError into each member, unless the members are being ended already. */
  endAll(): void {
    if (!this.#ending) this.interruptAll(cancellation());
  }

  /** Makes the member ready if it waits. */
  wake(member: Member): void {
    if (member.state !== 'waiting') return;
    this.#withdraw(member);
    this.#ready.push(member);
    this.#waits.notify();
  }

  /** The member waits no longer. */
  #withdraw(member: Member): void {
    if (member.state !== 'waiting') return;
    if (member.wait !== undefined) this.#home.remove(member.wait);
    member.wait = undefined;
    member.state = 'ready';
  }

  /** Runs the members that are ready, until all wait or have ended. Call it first whenever the set is resumed. */
  run(): void {
    const around = currentRunner();
    this.#around = around;
    this.#driver = currentDriver();
    this.#moveTo(around instanceof Member ? around.set.#home : this.#own);
    // Members that the outermost set has woken are ready already.
    if (this.ready === 0) this.#home.collect();
    this.#runReady();
  }

  /**
   * Runs the members that are ready, for a caller that blocks; if none is, waits up to `timeoutMs` milliseconds (negative: for
   * ever) until one is. @throws Interrupted, StateError, before any member runs
   */
  runBlocking(timeoutMs: number): void {
    // Its caller may run it once, and never again.
    this.#driver = 'own loop';
    if (this.ready === 0) {
      const { fd, deadline } = this.#own;
      if (fd < 0 && deadline === undefined && timeoutMs < 0) {
        throw new StateError('every task waits for another one: nothing can ever wake them');
      }
      const left = deadline === undefined ? -1 : Math.max(0, deadline - now());
      this.#own.collectBlocking(left < 0 || (timeoutMs >= 0 && timeoutMs < left) ? timeoutMs : left);
    } else {
      this.#own.collectBlocking(0);
    }
    this.#runReady();
  }

  /** Suspends the coroutine that runs this set, until `run()` has something to do. */
  coWait(): Coroutine<void> {
    return this.#waits.coWait(this.#need);
  }

  get #need(): PollNeeded {
    if (this.#around instanceof Member) return new SetNeeded(this, this.#home);
    const { fd, deadline } = this.#own;
    return new PollNeeded(fd, fd < 0 ? 0 : POLLIN, { deadline });
  }

  /**
   * Ends all members without waiting for anything, and frees what the set has. A member that is running is ended when it
   * waits. @throws the error of the first member whose cleanup failed, after all have been ended
   */
  close(): void {
    this.#ending = true;
    let failure: Outcome<never> | undefined;
    for (const member of [...this.#members]) {
      const failed = this.#abandon(member);
      failure ??= failed;
    }
    this.#own.close();
    this.#waits.close();
    if (failure?.status === 'rejected') throw failure.reason;
  }

  /** Returns the failure of its cleanup, if it failed. */
  #abandon(member: Member): Outcome<never> | undefined {
    this.#withdraw(member);
    this.#members.delete(member);
    if (member.state === 'running') return undefined;
    const failure = this.#endFailure(member);
    this.#end(member, failure ?? { status: 'rejected', reason: cancellation() });
    return failure;
  }

  /** Ends the member's coroutine. Returns the failure of its cleanup, if it failed. */
  #endFailure(member: Member): Outcome<never> | undefined {
    try {
      member.steps.end();
      return undefined;
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  }

  #runReady(): void {
    for (let member = this.#ready.shift(); member !== undefined; member = this.#ready.shift()) {
      const outcome = this.#step(member);
      if (outcome !== undefined) this.#end(member, outcome);
    }
  }

  /** Runs a member until it waits or ends. */
  #step(member: Member): Outcome<unknown> | undefined {
    if (member.state !== 'ready') return undefined;
    member.state = 'running';
    const outcome = runAs(member, member.step);
    if (outcome !== undefined || this.#members.has(member)) return outcome;
    // The set was closed by this member.
    return this.#endFailure(member) ?? { status: 'rejected', reason: cancellation() };
  }

  /** The member waits for `need`. @throws what is to be thrown into it, because it cannot wait for that */
  suspend(member: Member, need: PollNeeded): 'wait' {
    if (!this.#members.has(member)) return 'wait';
    const inner = need instanceof SetNeeded ? need.set : undefined;
    // The waits of a set inside are registered already.
    const own = need instanceof SetNeeded ? new PollNeeded(-1, 0, { deadline: need.limit }) : need;
    if (own.fd >= 0 || own.deadline !== undefined) {
      const wait = new MemberWait(member, own);
      this.#home.add(wait);
      member.wait = wait;
    }
    member.state = 'waiting';
    // A member of the inner set may have become ready meanwhile.
    if (inner !== undefined && inner.ready > 0) this.wake(member);
    return 'wait';
  }

  #end(member: Member, outcome: Outcome<unknown>): void {
    member.state = 'ended';
    this.#members.delete(member);
    member.ended(outcome);
  }

  /** Moves the set to another registry. All members are woken, so that they and the sets inside them register their waits there. */
  #moveTo(home: Registry): void {
    if (home === this.#home) return;
    for (const member of this.#members) this.wake(member);
    this.#home = home;
  }
}
