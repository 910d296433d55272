/**
 * A session over a transport that never makes it wait: each coroutine suspends after its share, with a need that is ready at once. And
 * a reader that is dropped does not keep a sender from listening.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Session } from '../../src/client/session.ts';
import { now } from '../../src/clock.ts';
import { type Coroutine, POLLIN, POLLOUT, type PollNeeded } from '../../src/coroutine.ts';
import { ConnectionClosed } from '../../src/errors.ts';
import { type Runner, runAs } from '../../src/schedule/running.ts';
import { MemoryClock } from '../support/memory-clock.ts';
import { MemoryTransport } from '../support/memory-transport.ts';

const CHUNKED = { framing: { kind: 'chunked' } } as const;

/** What a coroutine may move before it suspends. */
const SHARE = 1 << 22;
const CALLS = 256;

function sessionOver(transport: MemoryTransport, receiveBufferSize: number = 65_536): Session {
  return new Session({
    *dial() {
      yield* [];
      return transport;
    },
    host: 'h',
    peer: 'the peer',
    connectTimeout: 0,
    continueTimeout: 1000,
    receiveBufferSize,
  });
}

/** Runs a coroutine that need not wait to its end; returns what it came to and how often it was suspended. */
function fairly<T>(
  transport: MemoryTransport,
  coroutine: Coroutine<T>,
  runner: Runner | undefined,
  moved: () => number,
): { readonly result: T; readonly suspensions: number } {
  const most = { bytes: 0, calls: 0 };
  for (let suspensions = 0; ; suspensions++) {
    const [calls, bytes] = [transport.calls, moved()];
    const step = runAs(runner, () => coroutine.next());
    most.calls = Math.max(most.calls, transport.calls - calls);
    most.bytes = Math.max(most.bytes, moved() - bytes);
    assert.ok(most.calls <= CALLS, `${most.calls} calls without a pause`);
    assert.ok(most.bytes < 2 * SHARE, `${most.bytes} bytes without a pause`);
    if (step.done) return { result: step.value, suspensions };
    assert.ok(readyAtOnce(transport, step.value), 'the need is ready at once');
  }
}

function readyAtOnce({ ready }: MemoryTransport, { mask, deadline }: PollNeeded): boolean {
  return (mask & ready) !== 0 || (deadline !== undefined && deadline <= now());
}

const runner: Runner = { driver: 'blocked thread', wake: () => undefined };

/** In what parts bytes arrive, or are taken. */
const paces = [
  { name: 'in large parts', part: 65_536, parts: 64 },
  { name: 'byte by byte', part: 1, parts: 2000 },
];

for (const [way, runs] of [
  ['that a runner runs', runner],
  ['in a loop written by hand', undefined],
] as const) {
  for (const { name, part, parts } of paces) {
    const length = part * parts;
    const shares = Math.floor(Math.max(length / SHARE, parts / CALLS));

    /** A body of which all is there. */
    function responding(): { transport: MemoryTransport; session: Session } {
      const transport = new MemoryTransport();
      const session = sessionOver(transport);
      transport.take(100);
      session.coSendRequest('GET', '/', { request: {} }).next();
      transport.say(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`));
      for (let count = 0; count < parts; count++) transport.say(Buffer.alloc(part, 'x'));
      return { transport, session };
    }

    describe(`a reader ${way} of a body that comes ${name} without a pause`, () => {
      test('suspends after its share while it collects the body', () => {
        const { transport, session } = responding();
        const { result, suspensions } = fairly(
          transport,
          (function* () {
            const response = yield* session.coNextResponse();
            assert.ok(response?.body !== undefined);
            return yield* session.bodies.coReadAll(response.body);
          })(),
          runs,
          () => session.protocol.bytesReceived,
        );
        assert.equal(result.length, length);
        assert.ok(suspensions >= shares - 1, `${suspensions} suspensions`);
      });

      test('suspends after its share while it reads in parts', () => {
        const { transport, session } = responding();
        const { result, suspensions } = fairly(
          transport,
          (function* () {
            const response = yield* session.coNextResponse();
            assert.ok(response?.body !== undefined);
            let sum = 0;
            for (;;) {
              const read = yield* session.bodies.coReadSome(response.body, 10_000);
              if (read.length === 0) return sum;
              sum += read.length;
            }
          })(),
          runs,
          () => session.protocol.bytesReceived,
        );
        assert.equal(result, length);
        assert.ok(suspensions >= shares - 1, `${suspensions} suspensions`);
      });
    });

    describe(`a sender ${way} to a server that takes all ${name} without a pause`, () => {
      function taking(): { transport: MemoryTransport; session: Session } {
        const transport = new MemoryTransport();
        // The head, and how chunks are framed, count little beside the body.
        transport.take(200);
        for (let count = 0; count < 8 * parts + 100; count++) transport.take(part);
        return { transport, session: sessionOver(transport) };
      }

      test('suspends after its share of a body that is given at once', () => {
        const { transport, session } = taking();
        const framing = { kind: 'length', length } as const;
        const { suspensions } = fairly(
          transport,
          session.coSendRequest('PUT', '/', { request: { framing }, body: Buffer.alloc(length, 'x') }),
          runs,
          () => transport.takenBytes,
        );
        assert.ok(Buffer.concat(transport.taken).length > length);
        assert.ok(suspensions >= shares - 1, `${suspensions} suspensions`);
      });

      test('suspends after its share of a body that comes in pieces', () => {
        const { transport, session } = taking();
        const { suspensions } = fairly(
          transport,
          (function* () {
            yield* session.coSendRequest('PUT', '/', { request: CHUNKED });
            yield* session.coWriteAll(
              Array.from({ length: parts }, () => Buffer.alloc(part, 'x')),
              CHUNKED,
            );
          })(),
          runs,
          () => transport.takenBytes,
        );
        assert.match(Buffer.concat(transport.taken).toString('latin1').slice(-5), /0\r\n\r\n$/);
        assert.ok(suspensions >= shares - 1, `${suspensions} suspensions`);
      });
    });
  }
}

const refusal = Buffer.from('HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno');

describe('a sender beside a reader in a loop written by hand', () => {
  /** A sender that waits for room, beside a reader that waits for the answer. */
  function waiting(run: (step: () => unknown) => unknown = (step) => step()): {
    transport: MemoryTransport;
    session: Session;
    sender: Coroutine<void>;
    reader: ReturnType<Session['coNextResponse']>;
    readerNeeds: PollNeeded;
  } {
    const transport = new MemoryTransport();
    const session = sessionOver(transport);
    transport.take(100);
    const framing = { kind: 'length', length: 5000 } as const;
    const sender = session.coSendRequest('PUT', '/', { request: { framing }, body: Buffer.alloc(5000, 'x') });
    sender.next();
    const reader = session.coNextResponse();
    const reading = run(() => reader.next()) as IteratorYieldResult<PollNeeded>;
    return { transport, session, sender, reader, readerNeeds: reading.value };
  }

  const member: Runner = { driver: 'own loop', wake: () => undefined };
  for (const [what, run] of Object.entries({
    'the reader was dropped': (step: () => unknown) => step(),
    'the set that the reader is a member of was dropped': (step: () => unknown) => runAs(member, step),
  })) {
    test(`notices a refusal although ${what}`, () => {
      using clock = new MemoryClock();
      const { transport, sender } = waiting(run);
      clock.transport = transport;
      transport.say(refusal);
      let looks = 0;
      assert.throws(() => {
        // The loop resumes the sender when its time has come.
        for (; looks < 10; looks++) {
          const { value } = sender.next();
          assert.ok(value?.deadline !== undefined, 'the sender looks again');
          clock.pass(value.deadline - now());
        }
      }, ConnectionClosed);
      // A reader is not given up because it is resumed late once.
      assert.ok(looks >= 2 && looks < 5, `${looks} looks`);
      assert.equal(transport.takenBytes, 100);
    });
  }

  for (const [what, end, looks] of [
    ['was dropped', () => undefined, 3],
    ['has been cancelled', (sender: Coroutine<void>) => sender.return(), 1],
  ] as const) {
    test(`leaves a rest to the reader, if it ${what}`, () => {
      using clock = new MemoryClock();
      const { transport, sender, reader } = waiting();
      clock.transport = transport;
      end(sender);
      transport.take(10_000);
      for (let look = 0; look < looks; look++) {
        assert.equal(transport.takenBytes, 100, 'the sender may still be resumed');
        reader.next();
        clock.pass(1000);
      }
      if (looks > 1) reader.next();
      assert.ok(transport.takenBytes > 5000, `${transport.takenBytes} bytes of it have left`);
      transport.say(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'));
      const step = reader.next();
      assert.ok(step.done);
      assert.equal(step.value?.head.status, 204);
    });
  }

  test('alone leaves the reader to wait for input alone, and for a time: then the rest is the reader’s', () => {
    using clock = new MemoryClock();
    const { transport, sender, reader, readerNeeds } = waiting();
    clock.transport = transport;
    assert.equal(readerNeeds.mask, POLLIN);
    assert.ok(readerNeeds.deadline !== undefined);
    sender.return();
    assert.equal((reader.next().value as PollNeeded).mask, POLLIN | POLLOUT);
  });

  test('leaves to the reader what comes, as long as that is resumed', () => {
    using clock = new MemoryClock();
    const { transport, session, sender, reader } = waiting();
    clock.transport = transport;
    for (let turn = 0; turn < 10; turn++) {
      transport.say(refusal.subarray(turn, turn + 1));
      clock.pass(2000);
      assert.ok(!sender.next().done);
      assert.equal(session.protocol.bytesReceived, turn);
      reader.next();
      assert.equal(session.protocol.bytesReceived, turn + 1);
    }
    transport.say(refusal.subarray(10));
    const step = reader.next();
    assert.ok(step.done);
    assert.equal(step.value?.head.status, 413);
    clock.pass(2000);
    assert.throws(() => sender.next(), ConnectionClosed);
  });
});
