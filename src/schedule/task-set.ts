/**
 * Many coroutines that are run together by one who waits for all of them at once: what PollLoop and the combinators are made
 * of. A wake-up costs by what is ready, not by what is waiting.
 *
 * A set that is run inside another one has its waits in the outermost set's registry, since Linux nests epoll descriptors
 * only five deep (ELOOP): what it yields to the set around it is itself, and no descriptor.
 */

import { now } from '../clock.ts';
import { type Coroutine, endNow, POLLIN, PollNeeded } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import { cancellation } from './aio-future.ts';
import { Registry, Wait } from './registry.ts';
import { assertCoroutine, notPollNeeded } from './run-blocking.ts';
import { currentRunner, type Runner, runAs, runsBlocked } from './running.ts';

/** What a coroutine that was run to its end came to. */
export type Outcome<T> =
  | { readonly status: 'fulfilled'; readonly value: T }
  | { readonly status: 'rejected'; readonly reason: unknown };

/** One coroutine of a set. */
export class Member<T = unknown> implements Runner {
  readonly set: TaskSet;
  readonly coroutine: Coroutine<T>;
  readonly ended: (outcome: Outcome<T>) => void;
  state: 'ready' | 'running' | 'waiting' | 'ended' = 'ready';
  /** What it waits for, if that is in a registry. */
  wait: Wait | undefined;
  /** Errors to be thrown into it, one a step. */
  readonly interruptions: { readonly error: unknown }[] = [];

  constructor(set: TaskSet, coroutine: Coroutine<T>, ended: (outcome: Outcome<T>) => void) {
    this.set = set;
    this.coroutine = coroutine;
    this.ended = ended;
  }

  get canAwait(): boolean {
    return this.set.canAwait;
  }

  wake(): void {
    this.set.wake(this as Member);
  }
}

/** The suspension of a member. */
class MemberWait extends Wait {
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
 * outermost registry already. For anybody else it is what the outermost set waits for.
 */
class SetNeeded extends PollNeeded {
  readonly set: TaskSet;
  /** The deadline that others than the set's members have for it. */
  readonly limit: number | undefined;
  readonly #home: Registry;

  constructor(set: TaskSet, home: Registry, limit?: number) {
    const { fd, deadline } = home;
    super(fd, fd < 0 ? 0 : POLLIN, { deadline: earlier(deadline, limit), shared: POLLIN });
    this.set = set;
    this.limit = limit;
    this.#home = home;
  }

  override before(deadline: number): PollNeeded {
    return new SetNeeded(this.set, this.#home, earlier(deadline, this.limit));
  }

  override forSeveral(): PollNeeded {
    return this;
  }
}

function earlier(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

/** All that were ever added to a set. */
const given = new WeakSet<Coroutine<unknown>>();

export class TaskSet {
  readonly #own = new Registry();
  /** Where the waits of the members are: its own registry, or that of the outermost set around it. */
  #home: Registry = this.#own;
  readonly #members = new Set<Member>();
  /** Those before `#next` have had their turn. */
  readonly #ready: Member[] = [];
  #next = 0;
  /** Who runs this set, if he can be told to. */
  #around: Runner | undefined;
  /** How many members wait for nothing that is in a registry: others wake them. */
  #unregistered = 0;
  /** Somebody waits for what `need` was, and cannot be told of anything else. */
  #awaited = false;
  #ending = false;

  /** Whether all members are to end. */
  get ending(): boolean {
    return this.#ending;
  }

  /** How many members have not ended. */
  get size(): number {
    return this.#members.size;
  }

  /** Whether promises can be settled while the members wait. */
  get canAwait(): boolean {
    return this.#around?.canAwait ?? false;
  }

  /** How many members are ready to go on. */
  get ready(): number {
    return this.#ready.length - this.#next;
  }

  /** @throws TypeError */
  add<T>(coroutine: Coroutine<T>, ended: (outcome: Outcome<T>) => void): Member<T> {
    assertCoroutine('running many at once', coroutine);
    if (given.has(coroutine)) {
      throw new TypeError('the same coroutine was given twice: call the generator function once for each');
    }
    given.add(coroutine);
    const member = new Member(this, coroutine, ended);
    this.#members.add(member as Member);
    this.#ready.push(member as Member);
    return member;
  }

  /** Throws `error` into a member, as soon as it can take it. */
  interrupt(member: Member, error: unknown): void {
    if (member.state === 'ended') return;
    member.interruptions.push({ error });
    this.wake(member);
  }

  /** Throws `error` into all members; one that has not begun ends without having run. */
  interruptAll(error: unknown): void {
    this.#ending = true;
    for (const member of [...this.#members]) this.interrupt(member, error);
  }

  /** The members are no longer wanted, each of which gets one AbortError. From here on none goes on with what it was about. */
  endAll(): void {
    if (!this.#ending) this.interruptAll(cancellation());
  }

  /** The member, if it waits, is to go on. */
  wake(member: Member): void {
    if (member.state !== 'waiting') return;
    this.#withdraw(member);
    this.#ready.push(member);
    if (this.#around !== undefined) this.#around.wake();
    else if (this.#awaited) this.#own.ring();
  }

  /** The member waits no longer. */
  #withdraw(member: Member): void {
    if (member.state !== 'waiting') return;
    if (member.wait !== undefined) this.#home.remove(member.wait);
    else this.#unregistered--;
    member.wait = undefined;
    member.state = 'ready';
  }

  /** Runs whoever is ready, until all wait or have ended. To be called first whenever the set is resumed. */
  run(): void {
    const around = currentRunner();
    this.#around = around;
    this.#awaited = false;
    this.#own.silence();
    this.#moveTo(around instanceof Member ? around.set.#home : this.#own);
    // What an outermost set has collected is here already.
    if (this.ready === 0) this.#home.collect();
    this.#runReady();
  }

  /**
   * Runs whoever is ready, for the one who blocks by himself; if nobody is, waits up to `timeoutMs` milliseconds (negative: for
   * ever) until somebody is, and runs them. @throws Interrupted, before any member runs
   */
  runBlocking(timeoutMs: number): void {
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

  /** What is to be waited for before `run()` has something to do. */
  get need(): PollNeeded {
    if (this.#around instanceof Member) return new SetNeeded(this, this.#home);
    this.#awaited = this.#around === undefined;
    // Whoever cannot be told must have something to hear the bell by.
    if (this.#awaited && this.#unregistered > 0 && !runsBlocked()) this.#own.open();
    const { fd, deadline } = this.#own;
    return new PollNeeded(fd, fd < 0 ? 0 : POLLIN, { deadline });
  }

  /**
   * Ends all members without waiting for anything, and frees what the set has. A member that is running is ended when it
   * waits. @throws what the first member threw whose cleanup failed, after the others have been ended
   */
  close(): void {
    this.#ending = true;
    let failure: Outcome<never> | undefined;
    for (const member of [...this.#members]) failure = this.#abandon(member) ?? failure;
    this.#own.close();
    if (failure?.status === 'rejected') throw failure.reason;
  }

  /** Returns the failure of its cleanup, if it failed. */
  #abandon(member: Member): Outcome<never> | undefined {
    this.#withdraw(member);
    this.#members.delete(member);
    if (member.state === 'running') return undefined;
    let failure: Outcome<never> | undefined;
    try {
      endNow(member.coroutine);
    } catch (reason) {
      failure = { status: 'rejected', reason };
    }
    this.#end(member, failure ?? { status: 'rejected', reason: cancellation() });
    return failure;
  }

  #runReady(): void {
    for (let member = this.#takeReady(); member !== undefined; member = this.#takeReady()) {
      const outcome = this.#step(member);
      if (outcome !== undefined) this.#end(member, outcome);
    }
  }

  /** As `shift()`, which moves all that are left for each. */
  #takeReady(): Member | undefined {
    const member = this.#ready.at(this.#next++);
    if (this.#next >= this.#ready.length) {
      this.#ready.length = 0;
      this.#next = 0;
    }
    return member;
  }

  /** Runs a member until it waits or has come to an outcome. */
  #step(member: Member): Outcome<unknown> | undefined {
    if (member.state !== 'ready') return undefined;
    member.state = 'running';
    try {
      let interruption = member.interruptions.shift();
      for (;;) {
        const step = runAs(member, () =>
          interruption === undefined ? member.coroutine.next() : member.coroutine.throw(interruption.error),
        );
        if (step.done) return { status: 'fulfilled', value: step.value };
        // The set was closed by this member.
        if (!this.#members.has(member)) {
          endNow(member.coroutine);
          return { status: 'rejected', reason: cancellation() };
        }
        interruption = member.interruptions.shift() ?? this.#suspend(member, step.value);
        if (interruption === undefined) return undefined;
      }
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  }

  /** Returns what is to be thrown into the member because it cannot wait for `need`. */
  #suspend(member: Member, need: unknown): { readonly error: unknown } | undefined {
    if (!(need instanceof PollNeeded)) return { error: notPollNeeded(need) };
    const inner = need instanceof SetNeeded ? need.set : undefined;
    // The waits of a set inside are registered already.
    const own = need instanceof SetNeeded ? new PollNeeded(-1, 0, { deadline: need.limit }) : need;
    try {
      if (own.fd >= 0 || own.deadline !== undefined) {
        const wait = new MemberWait(member, own);
        this.#home.add(wait);
        member.wait = wait;
      }
    } catch (error) {
      return { error };
    }
    member.state = 'waiting';
    if (member.wait === undefined) this.#unregistered++;
    // Something in it may have become ready while it was on its way here.
    if (inner !== undefined && inner.ready > 0) this.wake(member);
    return undefined;
  }

  #end(member: Member, outcome: Outcome<unknown>): void {
    member.state = 'ended';
    this.#members.delete(member);
    member.ended(outcome);
  }

  /** From here on all members wait in another registry: they look again, and with them those of the sets inside. */
  #moveTo(home: Registry): void {
    if (home === this.#home) return;
    for (const member of this.#members) this.wake(member);
    this.#home = home;
  }
}
