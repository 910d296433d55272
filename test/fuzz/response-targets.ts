/**
 * Targets that read responses: of a whole connection, of a chunked body, of a field section, and under small limits. Whatever comes
 * ends in responses or in documented errors; however it is cut, the same is heard; a second reading agrees; what was accepted
 * and is written down again is read as the same; the buffer stays within the limits.
 */

import assert from 'node:assert/strict';
import { DEFAULT_LIMITS, type Limits } from 'dugong/http1';
import { type Complete, type End, type Trace, trace } from '../properties/trace.ts';
import { givenWireCases } from '../support/wire-cases.ts';
import { ownWireCases } from '../wire/cases/index.ts';
import { chunkedBody, responses, section } from './grammar.ts';
import { LONGEST } from './mutation.ts';
import { type Message, readResponses } from './reference.ts';
import { cutBySeed, inputOf, partsOf, randomInput, singly, type Target } from './target.ts';

const METHODS: readonly (readonly string[])[] = [
  ['GET'],
  ['GET', 'GET', 'GET'],
  ['HEAD'],
  ['HEAD', 'GET', 'HEAD', 'POST'],
  ['CONNECT'],
  ['GET', 'CONNECT'],
  ['POST', 'OPTIONS', 'DELETE'],
  ['HEAD', 'HEAD', 'CONNECT'],
];
const ENDS: readonly End[] = ['orderly', 'open', 'failed'];
const PARTS = [4096, 1, 7];
const WINDOW = 64;

const SMALL_LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  statusLine: 40,
  headerSection: 100,
  fields: 4,
  chunkExtensions: 16,
  trailerSection: 60,
  informational: 120,
  emptyLines: 1,
};

/** Reads `bytes` in different pieces and ways, of which none may make a difference; returns what was heard. */
function readInAllWays(methods: readonly string[], bytes: Buffer, end: End, seed: number, limits?: Limits): Trace {
  const options = { receiveBufferSize: WINDOW, ...(limits && { limits }) };
  const whole = trace(methods, [bytes], end, options);
  const random = trace(methods, cutBySeed(bytes, seed), end, options, {
    part: PARTS[seed % 3] ?? 1,
    direct: seed % 2 === 0,
  });
  assert.deepEqual(random.events, whole.events, 'in other cuts');
  const single = trace(methods, singly(bytes), end, options, { direct: seed % 2 === 1 });
  assert.deepEqual(single.events, whole.events, 'one byte at a time');
  // A reset that is known says that a tunnel is not to be had.
  if (end !== 'failed') {
    const early = trace(methods, [bytes], end, options, { part: 5, early: true });
    assert.deepEqual(early.events, whole.events, 'with the end before the first look');
  }
  assertBounded(single.capacity, limits ?? DEFAULT_LIMITS, bytes.length, 1);
  assertDecided(whole, end);
  return whole;
}

/** The parts of a head and one piece, by doubling. */
function assertBounded(capacity: number, limits: Limits, length: number, piece: number): void {
  const head = limits.emptyLines * 2 + limits.statusLine + Math.max(limits.headerSection, limits.trailerSection);
  const bound = Math.max(1024, WINDOW, 2 * (Math.min(head, length) + piece));
  assert.ok(capacity <= bound, `${capacity} bytes are held, of ${length}, where ${bound} are enough`);
}

const REFUSED = /^(Invalid|Unsupported|Connection)/;

/** Once the server has ended, there is an error or nothing is left to come; after an error nothing goes on. */
function assertDecided({ events, protocol }: Trace, end: End): void {
  const failed = REFUSED.test(events.at(-1) ?? '');
  if (end !== 'open') assert.ok(failed || !protocol.responsePending, 'neither all responses nor an error');
  if (!failed) return;
  assert.throws(() => protocol.sendRequest('GET', '/again'), { name: 'ConnectionClosed' });
  assert.throws(() => protocol.nextResponse(), { name: 'ConnectionClosed' });
}

function messageOf({ response: { head, body: decoder }, body }: Complete): Message {
  const { minorVersion: minor, status, reason, headers } = head;
  return { minor, status, reason, fields: [...headers], body, trailers: [...(decoder?.trailers ?? [])] };
}

const lines = (fields: Message['fields']): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');

/** As a server would send it that wastes nothing. */
function written({ response, body }: Complete): string {
  const { head, framing, body: decoder } = response;
  const { minorVersion, status, reason, headers } = head;
  const start = `HTTP/1.${minorVersion} ${status} ${reason}\r\n${lines([...headers])}\r\n`;
  if (framing.kind !== 'chunked') return start + body;
  const content = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return `${start}${content}0\r\n${lines([...(decoder?.trailers ?? [])])}\r\n`;
}

function assertReadAgain(complete: Complete): void {
  const { method, framing } = complete.response;
  const end = framing.kind === 'close-delimited' ? 'orderly' : 'open';
  const again = trace([method], [Buffer.from(written(complete), 'latin1')], end);
  assert.deepEqual(again.complete.map(messageOf), [messageOf(complete)], 'written down and read again');
}

function assertAllRight(methods: readonly string[], bytes: Buffer, end: End, seed: number): void {
  const { complete, protocol } = readInAllWays(methods, bytes, end, seed);
  const { messages, last, rest } = readResponses(methods, bytes.toString('latin1'), end === 'orderly');
  assert.deepEqual(complete.map(messageOf), messages, 'the second reading');
  complete.forEach(assertReadAgain);
  if (end !== 'open' || complete.length < methods.length || protocol.receiveState === 'raw') return;
  // All is answered: the connection carries one more request, unless it has ended, or brought more than answers.
  const again = (): void => protocol.sendRequest('GET', '/again');
  if (last || rest > 0) assert.throws(again, { name: 'ConnectionClosed' }, 'sent on a connection that has ended');
  else again();
}

interface Seed {
  readonly method: string;
  readonly wire: string;
  readonly end: End;
}

let known: Seed[] | undefined;

function cases(): Seed[] {
  known ??= [...givenWireCases, ...ownWireCases]
    .map(({ request, response_base64, then }) => ({
      method: request.method,
      wire: Buffer.from(response_base64, 'base64').toString('latin1'),
      end: then === 'keep-open' ? 'open' : then === 'close' ? 'orderly' : ('failed' as const),
    }))
    .filter(({ wire }) => wire.length < LONGEST / 2) as Seed[];
  return known;
}

const NEXT = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext';

/** Each case as it is, and those for GET with another response behind them, in a pipeline. */
function seedsOf(part: (wire: string) => string | undefined): Buffer[] {
  return cases().flatMap(({ method, wire, end }) => {
    const text = part(wire);
    if (text === undefined) return [];
    const methods = METHODS.findIndex(([first]) => first === method);
    const alone = inputOf([Math.max(0, methods), ENDS.indexOf(end), 0, 0], text);
    return method === 'GET' ? [alone, inputOf([1, 0, 0, 1], text + NEXT)] : [alone];
  });
}

export const responsesTarget: Target = {
  name: 'responses',
  seeds: () => seedsOf((wire) => wire),
  generate: (random) => randomInput(random, responses(random)),
  run(input) {
    const { parameters, bytes } = partsOf(input);
    const [methods, end, high, low] = parameters;
    assertAllRight(METHODS[methods % METHODS.length] ?? [], bytes, ENDS[end % 3] ?? 'open', high * 256 + low);
  },
};

export const chunkedTarget: Target = {
  name: 'chunked',
  seeds: () => seedsOf((wire) => /transfer-encoding: chunked\r\n(?:[^\r]+\r\n)*\r\n([\s\S]*)/i.exec(wire)?.[1]),
  generate: (random) => randomInput(random, chunkedBody(random)),
  run(input) {
    const { parameters, bytes } = partsOf(input);
    const [, end, high, low] = parameters;
    const head = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    assertAllRight(['GET', 'GET'], Buffer.concat([head, bytes]), ENDS[end % 3] ?? 'open', high * 256 + low);
  },
};

export const fieldsTarget: Target = {
  name: 'fields',
  seeds: () => seedsOf((wire) => /^[^\r]*\r\n([\s\S]*?\r\n)\r\n/.exec(wire)?.[1]),
  generate: (random) => randomInput(random, section(random)),
  run(input) {
    const { parameters, bytes } = partsOf(input);
    const [methods, , high, low] = parameters;
    const status = methods % 2 === 0 ? '304' : '200';
    const wire = Buffer.concat([Buffer.from(`HTTP/1.1 ${status} OK\r\n`), bytes, Buffer.from('\r\n')]);
    assertAllRight(['GET'], wire, 'orderly', high * 256 + low);
  },
};

/** Small ones, so that mutation gets beyond each. Nothing that is accepted is larger. */
export const limitsTarget: Target = {
  name: 'limits',
  seeds: () => seedsOf((wire) => wire),
  generate: (random) => randomInput(random, responses(random)),
  run(input) {
    const { parameters, bytes } = partsOf(input);
    const [methods, end, high, low] = parameters;
    const requests = METHODS[methods % METHODS.length] ?? [];
    const { complete, events } = readInAllWays(
      requests,
      bytes,
      ENDS[end % 3] ?? 'open',
      high * 256 + low,
      SMALL_LIMITS,
    );
    for (const { response } of complete) {
      const { head, body } = response;
      const trailers = body?.trailers.size ?? 0;
      const line = `HTTP/1.1 200 ${head.reason}\r\n`.length;
      const { statusLine, headerSection, emptyLines, fields } = SMALL_LIMITS;
      assert.ok(line <= statusLine, 'a longer status line');
      assert.ok(head.byteLength <= 2 * emptyLines + statusLine + headerSection, 'a longer head');
      assert.ok(head.headers.size <= fields && trailers <= fields, 'more fields');
    }
    // The limits take nothing else away: what is accepted is what the second reading finds.
    const { messages, skipped } = readResponses(requests, bytes.toString('latin1'), end % 3 === 0);
    assert.deepEqual(complete.map(messageOf), messages.slice(0, complete.length), 'the second reading');
    const { informational, chunkExtensions } = SMALL_LIMITS;
    for (const { interim, extensions } of skipped.slice(0, complete.length)) {
      assert.ok(interim <= informational, 'more informational responses');
      assert.ok(extensions <= chunkExtensions, 'more chunk extensions');
    }
    const refused = skipped[complete.length];
    const error = events.at(-1) ?? '';
    if (refused !== undefined && / bytes of informational /.test(error))
      assert.ok(refused.interim > informational, error);
    if (refused !== undefined && / bytes of chunk ext/.test(error))
      assert.ok(refused.extensions > chunkExtensions, error);
  },
};
