import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Exchange, Exchanges, nameOf } from '../../src/http1/exchanges.ts';
import { SendBuffer } from '../../src/http1/send-buffer.ts';

const exchange = (path: string): Exchange => ({ method: 'GET', path, close: false, upgrade: undefined });

const processed = ({ all }: Sender): boolean[] => all.lost().map((lost) => lost.mayHaveBeenProcessed);

/** Exchanges with the output that their bytes go through. */
class Sender {
  /** How much has been received. */
  received = 0;
  readonly output: SendBuffer = new SendBuffer(
    () => undefined,
    (before) => this.all.sent(before, this.received),
  );
  readonly all: Exchanges = new Exchanges(this.output);

  /** Requests of 10 bytes each. */
  add(...paths: string[]): this {
    for (const path of paths) {
      this.all.add(exchange(path), this.received);
      this.output.pushText('.'.repeat(10));
    }
    return this;
  }

  /** So many bytes are taken and leave. */
  send(count: number): void {
    this.output.take();
    this.output.sent(count);
  }
}

suite('the exchanges of a connection', () => {
  test('are answered in their order; one whose body is to come stays open [RFC 9112 9.2]', () => {
    const { all } = new Sender().add('/1', '/2', '/3');
    assert.deepEqual([all.pending, all.oldestPending?.path, all.latest?.path], [3, '/1', '/3']);
    assert.equal(all.oldestPendingAt, 0);
    all.answered('without-body');
    assert.deepEqual([all.pending, all.oldestPending?.path, all.current], [2, '/2', undefined]);
    all.answered('with-body');
    assert.deepEqual([all.pending, all.oldestPending?.path, all.current?.path], [1, '/3', '/2']);
    all.answered('without-body');
    assert.deepEqual([all.pending, all.any, all.latest?.path], [0, true, '/3']);
    all.bodyReceived();
    assert.deepEqual([all.any, all.current], [false, undefined]);
  });

  test('are lost with it, those of which a byte has left as possibly processed', () => {
    const sender = new Sender().add('/1', '/2', '/3');
    const { all } = sender;
    assert.equal(new Sender().all.allUnsent, false);
    assert.ok(all.allUnsent);
    sender.output.take();
    assert.equal(all.allUnsent, false, 'what was taken may have left');
    sender.output.sent(0);
    assert.ok(all.allUnsent);
    sender.send(11);
    assert.equal(all.allUnsent, false);
    all.answered('with-body');
    assert.deepEqual(
      all.lost().map(({ path, mayHaveBeenProcessed }) => [path, mayHaveBeenProcessed]),
      [
        ['/1', true],
        ['/2', true],
        ['/3', false],
      ],
    );
    assert.equal(nameOf(exchange('/1')), 'GET /1');
  });

  test('are lost as one list until something changes, since each later call throws an error with it', () => {
    const sender = new Sender().add('/1', '/2');
    const { all } = sender;
    const lists = [all.lost()];
    assert.equal(all.lost(), lists[0]);
    assert.ok(Object.isFrozen(lists[0]) && Object.isFrozen(lists[0]?.[0]));
    for (const change of [
      () => sender.output.take(),
      () => sender.output.sent(0),
      () => sender.add('/3'),
      () => all.answered('with-body'),
      () => all.bodyReceived(),
      () => all.answered('without-body'),
    ]) {
      change();
      lists.push(all.lost());
      assert.equal(all.lost(), lists.at(-1));
    }
    assert.deepEqual(
      lists.map((list) => list.map(({ path, mayHaveBeenProcessed }) => `${path}${mayHaveBeenProcessed ? '!' : ''}`)),
      [['/1', '/2'], ['/1!', '/2!'], ['/1', '/2'], ['/1', '/2', '/3'], ['/1', '/2', '/3'], ['/2', '/3'], ['/3']],
    );
  });

  test('count the bytes of bodies as well', () => {
    const sender = new Sender().add('/1');
    sender.output.pushBytes(Buffer.alloc(5));
    sender.add('/2');
    sender.send(15);
    assert.equal(sender.output.sentBytes, 15);
    assert.deepEqual(processed(sender), [true, false]);
  });

  test('are possibly processed once they were taken, until a report says that they have not left', () => {
    const sender = new Sender().add('/1', '/2');
    assert.deepEqual(processed(sender), [false, false]);
    sender.output.take();
    sender.add('/3');
    assert.deepEqual(processed(sender), [true, true, false]);
    sender.output.sent(5);
    assert.deepEqual(processed(sender), [true, false, false]);
    sender.output.take();
    assert.deepEqual(processed(sender), [true, true, true]);
    sender.output.sent(0);
    assert.deepEqual(processed(sender), [true, false, false]);
  });
});

suite('how far a request has got', () => {
  const stages = (all: Exchanges, latest: 'finished' | 'unfinished' = 'finished'): string[] =>
    all.stages(latest).map(({ path, stage }) => `${path} ${stage}`);

  test('follows from what has left of it, and from its response', () => {
    const sender = new Sender().add('/1', '/2');
    const { all } = sender;
    assert.deepEqual([all.oldestHasBegun, all.oldestHasLeft], [false, false]);
    assert.deepEqual(stages(all), ['/1 sending', '/2 sending']);
    sender.send(5);
    assert.deepEqual([all.oldestHasBegun, all.oldestHasLeft], [true, false]);
    sender.send(5);
    assert.deepEqual([all.oldestHasBegun, all.oldestHasLeft], [true, true]);
    assert.deepEqual(stages(all), ['/1 sent', '/2 sending']);
    sender.send(10);
    all.answered('with-body');
    assert.ok(all.oldestHasLeft);
    assert.deepEqual(stages(all), ['/1 answered', '/2 sent']);
    assert.deepEqual(stages(all, 'unfinished'), ['/1 answered', '/2 sending']);
    all.bodyReceived();
    all.answered('without-body');
    assert.deepEqual([all.oldestHasBegun, stages(all)], [false, []]);
  });
});

suite('a response', () => {
  test('answers no request that was not there before it', () => {
    const sender = new Sender();
    const { all } = sender;
    assert.equal(all.canBeAnsweredAt(0), false);
    sender.received = 100;
    sender.add('/1');
    assert.equal(all.canBeAnsweredAt(99), false);
    assert.ok(all.canBeAnsweredAt(100), 'the driver takes no bytes: it is not known what leaves');
  });

  test('answers no request that leaves after it, or not at all', () => {
    const sender = new Sender().add('/1', '/2', '/3');
    const { all } = sender;
    sender.received = 100;
    sender.send(15);
    assert.equal(all.canBeAnsweredAt(99), false);
    assert.ok(all.canBeAnsweredAt(100));
    all.answered('without-body');
    // The second one began to leave with the first, the rest of it later.
    sender.received = 200;
    sender.send(5);
    assert.ok(all.canBeAnsweredAt(100));
    all.answered('without-body');
    assert.equal(all.canBeAnsweredAt(1000), false, 'the third one has not left');
    sender.received = 300;
    sender.send(10);
    assert.equal(all.canBeAnsweredAt(299), false);
    assert.ok(all.canBeAnsweredAt(300));
  });

  test('answers a request whose bytes were taken and are not reported yet, and none of which nothing was taken', () => {
    const sender = new Sender().add('/1');
    sender.output.take();
    sender.add('/2');
    assert.ok(sender.all.canBeAnsweredAt(0));
    sender.all.answered('without-body');
    assert.equal(sender.all.canBeAnsweredAt(1000), false);
  });
});
