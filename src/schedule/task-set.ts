/**
 * Many coroutines that are run together by one who waits for all of them at once: what PollLoop and the combinators are made
 * of. A wake-up costs by what is ready, not by what is waiting.
 *
 * A set that is run inside another one has its waits in the outermost set's registry, since Linux nests epoll descriptors
 * only five deep (ELOOP): what it yields to the set around it is itself, and no descriptor.
 */

import { type Coroutine, POLLIN, PollNeeded } from '../coroutine.ts';
import { StateError } from '../errors.ts';
import { Registry, Wait } from './registry.ts';
import { notPollNeeded } from './run-blocking.ts';
import { currentRunner, type Runner, runAs } from './running.ts';

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

  constructor(set: TaskSet, { fd }: { readonly fd: number }, deadline: number | undefined) {
    super(fd, fd < 0 ? 0 : POLLIN, { deadline, shared: POLLIN });
    this.set = set;
  }

  override before(deadline: number): PollNeeded {
    return new SetNeeded(this.set, this, Math.min(deadline, this.deadline ?? deadline));
  }
}

export class TaskSet {
  readonly #own = new Registry();
  /** Where the waits of the members are: its own registry, or that of the outermost set around it. */
  #home: Registry = this.#own;
  readonly #members = new Set<Member>();
  readonly #ready: Member[] = [];
  /** Who runs this set, if he can be told to. */
  #around: Runner | undefined;

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
    return this.#ready.length;
  }

  add<T>(coroutine: Coroutine<T>, ended: (outcome: Outcome<T>) => void): Member<T> {
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

  /** Throws `error` into all members. */
  interruptAll(error: unknown): void {
    for (const member of [...this.#members]) this.interrupt(member, error);
  }

  /** The member, if it waits, is to go on. */
  wake(member: Member): void {
    if (member.state !== 'waiting') return;
    if (member.wait !== undefined) this.#home.remove(member.wait);
    member.wait = undefined;
    member.state = 'ready';
    this.#ready.push(member);
    this.#around?.wake();
  }

  /** Runs whoever is ready, until all wait or have ended. To be called first whenever the set is resumed. */
  run(): void {
    const around = currentRunner();
    this.#around = around;
    this.#moveTo(around instanceof Member ? around.set.#home : this.#own);
    // What an outermost set has collected is here already.
    if (this.#ready.length === 0) this.#home.collect(0);
    this.#runReady();
  }

  /**
   * Runs whoever is ready, for the one who blocks by himself; if nobody is, waits up to `timeoutMs` milliseconds (negative: for
   * ever) until somebody is, and runs them.
   */
  runBlocking(timeoutMs: number): void {
    if (this.#ready.length === 0) {
      const { fd, deadline } = this.#own;
      if (fd < 0 && deadline === undefined && timeoutMs < 0) {
        throw new StateError('every task waits for another one: nothing can ever wake them');
      }
      const left = deadline === undefined ? -1 : Math.max(0, deadline - performance.now());
      this.#own.collect(left < 0 || (timeoutMs >= 0 && timeoutMs < left) ? timeoutMs : left);
    } else {
      this.#own.collect(0);
    }
    this.#runReady();
  }

  /** What is to be waited for before `run()` has something to do. */
  get need(): PollNeeded {
    if (this.#around instanceof Member) return new SetNeeded(this, this.#home, undefined);
    const { fd, deadline } = this.#own;
    return new PollNeeded(fd, fd < 0 ? 0 : POLLIN, { deadline });
  }

  /** Ends all members without waiting for anything, and frees what the set has. */
  close(): void {
    for (const member of [...this.#members]) this.#abandon(member);
    this.#own.close();
  }

  #abandon(member: Member): void {
    if (member.wait !== undefined) this.#home.remove(member.wait);
    this.#members.delete(member);
    if (member.state === 'running') return;
    member.state = 'ended';
    // A cleanup that wants to wait cannot: the second call ends it where it is.
    if (!member.coroutine.return(undefined as never).done) member.coroutine.return(undefined as never);
  }

  #runReady(): void {
    for (let member = this.#ready.shift(); member !== undefined; member = this.#ready.shift()) this.#step(member);
  }

  #step(member: Member): void {
    if (member.state !== 'ready') return;
    member.state = 'running';
    try {
      let interruption = member.interruptions.shift();
      for (;;) {
        const step = runAs(member, () =>
          interruption === undefined ? member.coroutine.next() : member.coroutine.throw(interruption.error),
        );
        if (step.done) {
          this.#end(member, { status: 'fulfilled', value: step.value });
          return;
        }
        interruption = member.interruptions.shift() ?? this.#suspend(member, step.value);
        if (interruption === undefined) return;
      }
    } catch (reason) {
      this.#end(member, { status: 'rejected', reason });
    }
  }

  /** Returns what is to be thrown into the member because it cannot wait for `need`. */
  #suspend(member: Member, need: unknown): { readonly error: unknown } | undefined {
    if (!(need instanceof PollNeeded)) return { error: notPollNeeded(need) };
    const inner = need instanceof SetNeeded ? need.set : undefined;
    const { deadline } = need;
    // The descriptors of a set inside are registered already.
    const own = inner === undefined ? need : new PollNeeded(-1, 0, { deadline });
    try {
      if (own.fd >= 0 || deadline !== undefined) this.#await(member, own);
    } catch (error) {
      return { error };
    }
    member.state = 'waiting';
    // Something in it may have become ready while it was on its way here.
    if (inner !== undefined && inner.ready > 0) this.wake(member);
    return undefined;
  }

  #await(member: Member, need: PollNeeded): void {
    const wait = new MemberWait(member, need);
    this.#home.add(wait);
    member.wait = wait;
  }

  #end(member: Member, outcome: Outcome<unknown>): void {
    member.state = 'ended';
    this.#members.delete(member);
    member.ended(outcome);
  }

  /** Takes the waits of all members to another registry. */
  #moveTo(home: Registry): void {
    if (home === this.#home) return;
    const old = this.#home;
    this.#home = home;
    for (const member of this.#members) {
      const { wait } = member;
      if (wait === undefined) continue;
      old.remove(wait);
      member.wait = undefined;
      try {
        this.#await(member, wait.need);
      } catch (error) {
        this.interrupt(member, error);
      }
    }
  }
}
