/**
 * Calls of the protocol in any order, with any bytes from the server in between: the order of requests and responses holds,
 * and nothing is raised but the library's errors and TypeError (RFC 9112 9.2, 9.6).
 */

import { test } from 'node:test';
import type { RequestFraming } from 'dugong/http1';
import fc from 'fast-check';
import { Conversation, type Step } from './conversation.ts';
import { sample, spoilt } from './messages.ts';
import { check, fuzzing } from './property.ts';

const framing: fc.Arbitrary<RequestFraming> = fc.oneof(
  fc.constant<RequestFraming>({ kind: 'none' }),
  fc.nat({ max: 30 }).map((length): RequestFraming => ({ kind: 'length', length })),
  fc.constant<RequestFraming>({ kind: 'chunked' }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('sendRequest' as const),
      method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'CONNECT', 'TRACE', 'bad method'),
      framing,
      expectContinue: fc.boolean(),
      upgrade: fc.constantFrom(undefined, undefined, undefined, 'websocket'),
      close: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'sendData' as const,
        'readBody' as const,
        'readBody' as const,
        'bring' as const,
        'sendRaw' as const,
      ),
      bytes: fc.nat({ max: 40 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('endBody' as const), trailers: fc.boolean() }) },
  { weight: 5, arbitrary: fc.constant<Step>({ do: 'nextResponse' }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('bring' as const), bytes: fc.constant(100_000) }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        'stopWaitingForContinue' as const,
        'receivedEnd' as const,
        'receiveFailed' as const,
        'sendFailed' as const,
        'assertQuiet' as const,
        'assertCanReceiveRaw' as const,
        'assertOrderlyEnd' as const,
        'take' as const,
        'reportHalf' as const,
        'sentAll' as const,
        'sentAll' as const,
        'earlyStatus' as const,
        'assertRequestComplete' as const,
        'assertUsable' as const,
        'bodySourceEnded' as const,
      )
      .map((name): Step => ({ do: name })),
  },
);

/** Conversations that get somewhere: each request is answered before long. */
const server = fc
  .array(fc.oneof({ weight: 4, arbitrary: sample.map(({ wire }) => wire) }, { weight: 1, arbitrary: spoilt }), {
    maxLength: 6,
  })
  .map((wires) => wires.join(''));

test('whatever is called in whatever order, requests and responses stay in theirs [RFC 9112 9.2]', () => {
  check(
    fc.property(fc.array(step, { maxLength: 60, size: fuzzing ? 'max' : 'medium' }), server, (steps, wire) => {
      const conversation = new Conversation(wire);
      for (const each of steps) conversation.run(each);
    }),
    700,
  );
});
