/**
 * Several coroutines that wait for one connection to be made, in a loop that knows of readiness only: what is waited for is in an
 * epoll, one coroutine is resumed at a time, and no coroutine touches what the others wait for. Each step of one coroutine may close
 * a descriptor that the other was told to wait for, and its number may mean something else at once.
 */

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Coroutine,
  coAll,
  coRace,
  coSleep,
  HTTPConnection,
  POLLIN,
  POLLOUT,
  Poller,
  PollNeeded,
  poll,
  select,
} from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { ok } from '../support/messages.ts';
import { plainAndTLS } from '../support/plain-and-tls.ts';
import { expect, expectHead, type Script, send, startScriptedServer } from '../support/scripted-server.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { timeLimit } from '../support/time-limit.ts';
import { connectionClosed, connectionTo, suspend } from '../support/waiting.ts';

const LIMIT = timeLimit(20_000);

/** A coroutine, and what it waits for in a poller of its own. */
class Waiter<T> implements Disposable {
  readonly #coroutine: Coroutine<T>;
  readonly poller = new Poller();
  #fd = -1;
  result: T | undefined;
  ended = false;

  constructor(coroutine: Coroutine<T>) {
    this.#coroutine = coroutine;
    this.step();
  }

  get ready(): boolean {
    return this.poller.wait(0).length > 0;
  }

  step(): void {
    this.poller.remove(this.#fd);
    this.#fd = -1;
    const step = this.#coroutine.next();
    if (step.done) {
      this.result = step.value;
      this.ended = true;
      return;
    }
    this.#fd = step.value.fd;
    this.poller.add(this.#fd, step.value.mask);
  }

  giveUp(): void {
    this.poller.remove(this.#fd);
    this.#coroutine.return(undefined as never);
    this.ended = true;
  }

  [Symbol.dispose](): void {
    this.#coroutine.return(undefined as never);
    this.poller.close();
  }
}

/** Resumes the first that is ready, one at a time, until `done`. */
function run(waiters: readonly Waiter<unknown>[], done: () => boolean): void {
  while (!done()) {
    const waiting = waiters.filter(({ ended }) => !ended);
    const ready = waiting.find((waiter) => waiter.ready);
    if (ready !== undefined) {
      ready.step();
      continue;
    }
    const pollers = waiting.map(({ poller }) => poller);
    assert.notEqual(select(pollers, [], [], LIMIT)[0].length, 0, 'no coroutine was woken');
  }
}

const SCRIPT: Script = [expectHead(), send(ok('x'))];

function* coStatus(connection: HTTPConnection): Coroutine<number> {
  return (yield* connection.coReadResponse()).status;
}

describe('a sender and a reader that wait for one connection, known to no runner', () => {
  for (const firstServed of ['the sender', 'the reader']) {
    const inOrder = <T>(sender: T, reader: T): T[] =>
      firstServed === 'the sender' ? [sender, reader] : [reader, sender];

    test(`go on, whatever the other one closes: a name is resolved, ${firstServed} is served first`, () => {
      using server = startScriptedServer([SCRIPT]);
      const before = native.counts();
      {
        using connection = new HTTPConnection('localhost', { port: server.port });
        using sender = new Waiter(connection.coSendRequest('GET', '/'));
        using reader = new Waiter(coStatus(connection));
        run(inOrder<Waiter<unknown>>(sender, reader), () => reader.ended && sender.ended);
        assert.equal(reader.result, 200);
      }
      assert.deepEqual(native.counts(), before);
    });

    for (const carrier of plainAndTLS) {
      test(`go on, ${firstServed} first, ${carrier.name}`, { skip: carrier.skip }, () => {
        using served = carrier.serve([SCRIPT]);
        const before = native.counts();
        {
          using connection = served.connect();
          using sender = new Waiter(connection.coSendRequest('GET', '/'));
          using reader = new Waiter(coStatus(connection));
          run(inOrder<Waiter<unknown>>(sender, reader), () => reader.ended && sender.ended);
          assert.equal(reader.result, 200);
        }
        assert.deepEqual(native.counts(), before);
      });

      test(`go on after a third has been given up, ${firstServed} first, ${carrier.name}`, {
        skip: carrier.skip,
      }, () => {
        using served = carrier.serve([SCRIPT]);
        using connection = served.connect();
        using sender = new Waiter(connection.coSendRequest('GET', '/'));
        using third = new Waiter(connection.coConnect());
        using reader = new Waiter(coStatus(connection));
        third.giveUp();
        run(inOrder<Waiter<unknown>>(sender, reader), () => reader.ended && sender.ended);
        assert.equal(reader.result, 200);
      });
    }
  }

  test('are served in time when a blocking call, or a future, has made the connection meanwhile', async () => {
    for (const make of [
      async (connection: HTTPConnection) => connection.connect(),
      (connection: HTTPConnection) => connection.promises.connect(),
    ]) {
      using server = startScriptedServer([SCRIPT]);
      using connection = connectionTo(server);
      using sender = new Waiter(connection.coSendRequest('GET', '/'));
      await make(connection);
      run([sender], () => sender.ended);
      assert.equal(connection.readResponse().status, 200);
    }
  });

  test('do not wake each other while one of them is not resumed', () => {
    using listener = startStalledListener();
    const before = native.counts();
    let slept = false;
    function* lookup(): Coroutine<string[]> {
      yield new PollNeeded(-1, 0, { deadline: performance.now() + 1 });
      slept = true;
      return ['127.0.0.1'];
    }
    const connection = new HTTPConnection('example', { port: listener.port, lookup });
    {
      using left = new Waiter(connection.coConnect());
      using other = new Waiter(connection.coConnect());
      while (!slept) other.step();
      // Something new is waited for, which only the one does not know yet.
      assert.deepEqual([left.ready, other.ready], [true, false]);
      left.step();
      assert.deepEqual([left.ready, other.ready], [false, false]);
    }
    connection.disconnect();
    assert.deepEqual(native.counts(), before);
  });

  test('may be combinators, and the lookup another one', () => {
    const before = native.counts();
    {
      using server = startScriptedServer([SCRIPT]);
      function* lookup(): Coroutine<string[]> {
        yield* coRace([coSleep(1), coSleep(100_000)]);
        return ['127.0.0.1'];
      }
      using connection = new HTTPConnection('example', { port: server.port, lookup });
      const sender = coAll([connection.coSendRequest('GET', '/'), coSleep(0)]);
      const reader = coAll([coStatus(connection), coSleep(0)]);
      const waiting = new Map<PollNeeded, Coroutine<unknown>>();
      const results: unknown[] = [];
      const resume = (coroutine: Coroutine<unknown>): void => {
        const step = coroutine.next();
        if (step.done) results.push(step.value);
        else waiting.set(step.value, coroutine);
      };
      resume(sender);
      resume(reader);
      while (waiting.size > 0) {
        const ready = poll(waiting.keys(), LIMIT);
        if (ready.length === 0)
          assert.ok(
            [...waiting.keys()].some(({ deadline }) => deadline !== undefined),
            'no coroutine is woken',
          );
        const due = [...waiting.keys()].filter(
          ({ deadline }) => deadline !== undefined && deadline <= performance.now(),
        );
        for (const need of new Set([...ready.map(({ request }) => request), ...due])) {
          const coroutine = waiting.get(need);
          waiting.delete(need);
          if (coroutine !== undefined) resume(coroutine);
        }
      }
      assert.equal(results.length, 2);
    }
    assert.deepEqual(native.counts(), before);
  });

  test('may wait for what no poller takes, and poll(2) calls ready', () => {
    const file = openSync(fileURLToPath(import.meta.url), 'r');
    try {
      using server = startScriptedServer([SCRIPT]);
      function* lookup(): Coroutine<string[]> {
        yield new PollNeeded(file, POLLIN);
        return ['127.0.0.1'];
      }
      using connection = new HTTPConnection('example', { port: server.port, lookup });
      using sender = new Waiter(connection.coSendRequest('GET', '/'));
      using reader = new Waiter(coStatus(connection));
      run([reader, sender], () => reader.ended && sender.ended);
      assert.equal(reader.result, 200);
    } finally {
      closeSync(file);
    }
  });

  test('are woken also in the body of a request that a blocking call sends', () => {
    using elsewhere = startScriptedServer([SCRIPT]);
    using server = startScriptedServer([[expectHead(), expect('3\r\n200\r\n0\r\n\r\n'), send(ok('x'))]]);
    using connection = connectionTo(server);
    const body = {
      *[Symbol.iterator](): Generator<string> {
        using other = connectionTo(elsewhere);
        using sender = new Waiter(other.coSendRequest('GET', '/'));
        using reader = new Waiter(coStatus(other));
        run([reader, sender], () => reader.ended && sender.ended);
        yield String(reader.result);
      },
    };
    connection.sendRequest('PUT', '/', { body });
    assert.equal(connection.readResponse().status, 200);
  });

  test('leave nothing behind when it is closed meanwhile, resumed or not', () => {
    using listener = startStalledListener();
    const before = native.counts();
    const connection = new HTTPConnection('127.0.0.1', { port: listener.port });
    const sender = connection.coSendRequest('GET', '/');
    const reader = connection.coReadResponse();
    const needs = [suspend(sender), suspend(reader)];
    assert.deepEqual(
      needs.map((need) => need.poll(0)),
      [false, false],
    );
    connection.disconnect();
    assert.deepEqual(native.counts(), before);
    assert.deepEqual(
      needs.map((need) => need.poll(0)),
      [true, true],
    );
    for (const coroutine of [sender, reader])
      assert.throws(() => coroutine.next(), connectionClosed({ phase: 'connect', lost: ['!GET /'] }));
    assert.deepEqual(native.counts(), before);
  });

  test('are woken when the connection cannot be made, which a blocking call has found out', () => {
    const before = native.counts();
    {
      let calls = 0;
      function* lookup(): Coroutine<string[]> {
        while (calls === 0) yield new PollNeeded(-1, 0, { deadline: performance.now() + 1 });
        throw new Error('there is no such name');
      }
      const connection = new HTTPConnection('example', { lookup });
      using sender = new Waiter(connection.coSendRequest('GET', '/'));
      using reader = new Waiter(coStatus(connection));
      assert.deepEqual([sender.ready, reader.ready], [false, false]);
      calls++;
      assert.throws(() => connection.connect(), { message: 'there is no such name' });
      assert.deepEqual([sender.ready, reader.ready], [true, true]);
      assert.throws(() => sender.step(), { message: 'there is no such name' });
      assert.throws(() => reader.step(), { message: 'there is no such name' });
    }
    assert.deepEqual(native.counts(), before);
  });
});

test('a coroutine that waits for the connecting socket and is dropped leaves the connection to the others', async () => {
  using listener = startStalledListener();
  const connection = new HTTPConnection('127.0.0.1', { port: listener.port });
  const dropped = connection.coConnect();
  assert.equal(suspend(dropped).mask, POLLOUT);
  const other = connection.coConnect();
  let need = suspend(other);
  listener.accept();
  for (;;) {
    assert.ok(need.poll(LIMIT), 'the other coroutine is resumed');
    const step = other.next();
    if (step.done) break;
    need = step.value;
  }
  connection.disconnect();
});

test('a coroutine that waits for the connecting socket and is given up lets the others go on at once', () => {
  using listener = startStalledListener();
  using connection = new HTTPConnection('127.0.0.1', { port: listener.port });
  const driver = connection.coConnect();
  assert.equal(suspend(driver).mask, POLLOUT);
  const other = connection.coConnect();
  const { fd, mask } = suspend(other);
  const ready = (): boolean => new PollNeeded(fd, mask).poll(0);
  assert.ok(!ready());
  driver.return();
  assert.ok(ready());
  assert.equal(suspend(other).mask, POLLOUT, 'it waits for the socket itself now');
});

test('coroutines beside a driver that was dropped are not resumed again and again when a future goes on, too', () => {
  using listener = startStalledListener();
  using connection = new HTTPConnection('127.0.0.1', { port: listener.port });
  const driver = connection.coConnect();
  assert.equal(suspend(driver).mask, POLLOUT);
  const others = [connection.coConnect(), connection.coConnect()].map((coroutine) => ({
    coroutine,
    need: suspend(coroutine),
  }));
  for (let count = 0; count < 2; count++) connection.promises.connect().catch(() => undefined);
  listener.accept();
  let resumptions = 0;
  for (let connected = false; !connected; resumptions++) {
    assert.ok(resumptions < 100, 'a busy loop');
    poll(
      others.map(({ need }) => need),
      LIMIT,
    );
    for (const other of others) {
      if (!other.need.poll(0)) continue;
      const step = other.coroutine.next();
      connected ||= step.done === true;
      if (!step.done) other.need = step.value;
    }
  }
});
