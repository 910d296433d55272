/**
 * Calls a connection's protocol in any order, with what a server sends in between: pairs of bytes are calls, up to a separator, and
 * what follows comes from the server. What must be true after each call is in properties/conversation.ts.
 */

import type { RequestFraming } from 'dugong/http1';
import { Conversation, type Step } from '../properties/conversation.ts';
import type { Random } from '../simulation/random.ts';
import { responses } from './grammar.ts';
import { inputOf, partsOf, randomInput, type Target } from './target.ts';

const SEPARATOR = '\x02';
const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'CONNECT', 'TRACE', 'bad method', 'OPTIONS'];
const FRAMINGS: readonly RequestFraming[] = [
  { kind: 'none' },
  { kind: 'length', length: 0 },
  { kind: 'length', length: 20 },
  { kind: 'chunked' },
];
const CALLS = [
  'nextResponse',
  'sentAll',
  'stopWaitingForContinue',
  'receivedEnd',
  'receiveFailed',
  'sendFailed',
  'assertQuiet',
  'assertCanReceiveRaw',
  'assertOrderlyEnd',
  'earlyStatus',
  'assertRequestComplete',
  'assertUsable',
  'bodySourceEnded',
  'take',
  'reportHalf',
] as const;
const SIZED = ['bring', 'bring', 'readBody', 'readBody', 'sendData', 'sendRaw'] as const;
const KINDS = 3 + SIZED.length + CALLS.length;

function stepOf(call: number, argument: number): Step {
  const kind = call % KINDS;
  if (kind < 2) {
    return {
      do: 'sendRequest',
      method: METHODS[argument & 7] ?? 'GET',
      framing: FRAMINGS[(argument >> 3) & 3] ?? { kind: 'none' },
      expectContinue: (argument & 32) !== 0,
      upgrade: (argument & 0xc0) === 0xc0 ? 'websocket' : undefined,
      close: (argument & 0xc0) === 0x80,
    };
  }
  if (kind === 2) return { do: 'endBody', trailers: argument % 2 === 0 };
  const sized = SIZED[kind - 3];
  if (sized !== undefined) return { do: sized, bytes: sized === 'bring' ? argument * argument : argument };
  return { do: CALLS[kind - 3 - SIZED.length] ?? 'nextResponse' };
}

/** Calls that get somewhere, most of them. */
function calls(random: Random): string {
  let text = '';
  const add = (call: number, argument: number): void => {
    text += String.fromCharCode(call === 2 ? 2 + KINDS : call, argument === 2 ? 3 : argument);
  };
  for (let left = random.size(1, 25); left > 0; left--) {
    if (random.chance(0.4)) add(random.between(0, KINDS - 1), random.between(0, 255));
    // A request, what is sent for it, the answer, its body.
    else
      for (const [call, argument] of [
        [0, random.between(0, 7)],
        [3, 60],
        [9, 0],
        [5, 200],
        [5, 0],
      ])
        add(call ?? 0, argument ?? 0);
  }
  return text;
}

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nraw';

export const conversationTarget: Target = {
  name: 'conversation',
  seeds: () => [
    inputOf([], `\0\0\x03\x3c\x09\0${SEPARATOR}HTTP/1.1 204 x\r\n\r\n`),
    inputOf([], `\0\xc0\x0a\0\x03\x3c\x09\0\x08\x05${SEPARATOR}${SWITCHED}`),
    inputOf([], `\0\x33\x0a\0\x03\x3c\x09\0\x07\x14\x09\0${SEPARATOR}HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 x\r\n\r\n`),
    inputOf([], `\0\x1b\x07\x05\x03\x3c\x12\0\x18\x04\x09\0${SEPARATOR}HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n`),
    // A long pipeline, and one that is lost: what a call costs does not depend on how many requests are open.
    inputOf([], '\0\0'.repeat(700)),
    inputOf([], `${'\0\0'.repeat(700)}\x0d\0${'\0\0'.repeat(1000)}`),
  ],
  generate: (random) =>
    randomInput(random, `${calls(random)}${SEPARATOR}${random.chance(0.1) ? SWITCHED : responses(random)}`),
  run(input) {
    const { bytes } = partsOf(input);
    const end = bytes.indexOf(SEPARATOR, 0, 'latin1');
    const steps = end < 0 ? bytes : bytes.subarray(0, end);
    const conversation = new Conversation(end < 0 ? '' : bytes.toString('latin1', end + 1));
    for (let at = 0; at + 1 < steps.length; at += 2) conversation.run(stepOf(steps[at] ?? 0, steps[at + 1] ?? 0));
  },
};
