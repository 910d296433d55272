/**
 * Every receive and send call of one exchange, plain or over TLS, fails in turn, in every way that the system and OpenSSL know:
 * what comes of it is the whole right result or a documented error. The faults are put between the transport and the addon,
 * whose object is a plain one; the server is real, and whatever is not failed goes to it.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { constants } from 'node:os';
import { suite, test } from 'node:test';
import { BodyFollowing, type ConnectionPromises, DugongError, type HTTPConnection } from 'dugong';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { chunked, chunkedResponse, ok, requestHead, response } from '../support/messages.ts';
import { expectBytes, expectEnd, type Script, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo } from '../support/waiting.ts';

const { errno } = constants;

/** What the call returns instead of its result; `one byte` is passed on as a call for one byte. */
type Fault = { readonly name: string; readonly result: number | 'one byte' };

const faults: readonly Fault[] = [
  { name: 'EAGAIN', result: -errno.EAGAIN },
  { name: 'ECONNRESET', result: -errno.ECONNRESET },
  { name: 'ETIMEDOUT', result: -errno.ETIMEDOUT },
  { name: 'EPIPE', result: -errno.EPIPE },
  { name: 'ENOBUFS', result: -errno.ENOBUFS },
  { name: 'ENOMEM', result: -errno.ENOMEM },
  { name: 'a result of 0', result: 0 },
  { name: 'a short count', result: 'one byte' },
];

/** OpenSSL's own results; while it has something in memory it never wants to read. */
const tlsFaults: Readonly<Record<Direction, readonly Fault[]>> = {
  receive: [
    ...faults.filter(({ name }) => name !== 'EAGAIN'),
    { name: 'an end without close_notify', result: native.TLS_TRUNCATED },
    { name: 'a failure of OpenSSL', result: native.TLS_FAILED },
  ],
  send: [
    ...faults.filter(({ name }) => name !== 'EAGAIN'),
    { name: 'to be written later', result: native.TLS_WANT_WRITE },
    { name: 'a failure of OpenSSL', result: native.TLS_FAILED },
  ],
};

/** These are no failures: the call is to be made again, for what is left. A receive of 0 bytes is an end. */
function isHarmless({ result }: Fault, direction: Direction): boolean {
  const again = [-errno.EAGAIN, native.TLS_WANT_WRITE, 'one byte'].includes(result);
  return again || (result === 0 && direction === 'send');
}

type Direction = 'receive' | 'send';

/** Counts the calls in one direction and fails the `at`-th of them. */
class FaultyAddon implements Disposable {
  calls = 0;
  readonly #recv = native.recv;
  readonly #send = native.send;
  readonly #sendv = native.sendv;
  readonly #tlsRecv = native.tlsRecv;
  readonly #tlsSend = native.tlsSend;

  constructor(direction: Direction, fault: Fault['result'] | undefined, at: number) {
    const hit = (): boolean => ++this.calls === at && fault !== undefined;
    if (direction === 'receive') {
      native.recv = (fd, buffer, offset, length) => {
        if (!hit()) return this.#recv(fd, buffer, offset, length);
        return fault === 'one byte' ? this.#recv(fd, buffer, offset, 1) : (fault as number);
      };
      native.tlsRecv = (fd, buffer, offset, length) => {
        if (!hit()) return this.#tlsRecv(fd, buffer, offset, length);
        return fault === 'one byte' ? this.#tlsRecv(fd, buffer, offset, 1) : (fault as number);
      };
      return;
    }
    native.send = (fd, buffer, offset, length) => {
      if (!hit()) return this.#send(fd, buffer, offset, length);
      return fault === 'one byte' ? this.#send(fd, buffer, offset, 1) : (fault as number);
    };
    native.sendv = (fd, buffers, skip) => {
      if (!hit()) return this.#sendv(fd, buffers, skip);
      return fault === 'one byte' ? this.#send(fd, buffers[0] as Uint8Array, skip, 1) : (fault as number);
    };
    native.tlsSend = (fd, buffers, skip) => {
      if (!hit()) return this.#tlsSend(fd, buffers, skip);
      const first = (buffers[0] as Uint8Array).subarray(skip, skip + 1);
      return fault === 'one byte' ? this.#tlsSend(fd, [first], 0) : (fault as number);
    };
  }

  [Symbol.dispose](): void {
    native.recv = this.#recv;
    native.send = this.#send;
    native.sendv = this.#sendv;
    native.tlsRecv = this.#tlsRecv;
    native.tlsSend = this.#tlsSend;
  }
}

// --- the exchange --------------------------------------------------------------------------------------------------

const large = Buffer.alloc(40_000, '0123456789');
const upload = [Buffer.alloc(5000, 'u'), Buffer.alloc(10, 'v'), Buffer.alloc(3000, 'w')];

function requestBytes(authority: string): string {
  return [
    requestHead(authority, 'GET /a'),
    requestHead(authority, 'HEAD /b'),
    requestHead(authority, 'GET /large'),
    requestHead(authority, 'PUT /c', { framing: ['Content-Length: 8010'] }),
    Buffer.concat(upload).toString(),
    requestHead(authority, 'POST /d', { framing: ['Transfer-Encoding: chunked'] }),
    chunked(['chunk', upload[0] as Buffer], ['A: b']),
  ].join('');
}

const responseBytes = [
  response('103 Early Hints', ['Link: </>']),
  ok('first'),
  response('200 OK', ['Content-Length: 5']),
  ok(large),
  chunkedResponse(['put', 'x'.repeat(300)], ['T: 1']),
  response('204 No Content'),
].join('');

/** Long ones in short, for messages. */
function digest(body: Buffer): string {
  return body.length < 1000 ? body.toString() : createHash('sha256').update(body).digest('base64');
}

const results = [
  '200 first []',
  '200  []',
  `200 ${digest(large)} []`,
  `200 put${'x'.repeat(300)} [["T","1"]]`,
  '204  []',
];

/** Sends everything, then reads everything; calls `got` with each result as soon as it is whole. */
async function exchange(calls: HTTPConnection | ConnectionPromises, got: (result: string) => void): Promise<void> {
  await calls.sendRequest('GET', '/a');
  await calls.sendRequest('HEAD', '/b');
  await calls.sendRequest('GET', '/large');
  await calls.sendRequest('PUT', '/c', { body: new BodyFollowing(8010) });
  for (const part of upload) await calls.write(part);
  await calls.sendRequest('POST', '/d', { body: new BodyFollowing() });
  await calls.write(Buffer.from('chunk'));
  await calls.write(upload[0] as Buffer);
  await calls.endBody({ A: 'b' });
  for (const _ of results) {
    const response = await calls.readResponse();
    const body = await calls.readAll();
    got(`${response.status} ${digest(body)} ${JSON.stringify([...response.trailers])}`);
  }
}

type Way = 'blocking' | 'AioFuture';

/** The one server of an exchange, and the way to it. */
interface Stage extends Disposable {
  readonly authority: string;
  connect(): HTTPConnection;
  received(): Buffer;
  check(): void;
}

// All ports that are given out have five digits.
const script: Script = [
  expectBytes(requestBytes('127.0.0.1:12345').length),
  send(responseBytes, { peerMayLeave: true }),
  expectEnd(),
];
const options = { receiveBufferSize: 64 };

function plainStage(): Stage {
  const server = startScriptedServer([script]);
  return {
    authority: server.authority,
    connect: () => connectionTo(server, options),
    received: () => server.received(),
    check: () => server.check(),
    [Symbol.dispose]: () => server.stop(),
  };
}

function tlsStage(trust: TestTrust): Stage {
  const server = trust.serve([script]);
  return {
    authority: server.front.authority,
    connect: () => trust.connectTo(server, options),
    received: () => server.origin.received(),
    check: () => server.origin.check(),
    [Symbol.dispose]: () => server[Symbol.dispose](),
  };
}

interface Run {
  readonly way: Way;
  readonly stage: () => Stage;
  readonly addon: () => FaultyAddon;
}

/** One exchange with one fault. Returns what it was reported with, and how many calls were counted. */
async function run({ way, stage, addon }: Run): Promise<{ error: unknown; calls: number }> {
  using server = stage();
  const { owned, watched } = native.counts();
  const connection = server.connect();
  const received: string[] = [];
  let error: unknown;
  using faulty = addon();
  try {
    await exchange(way === 'blocking' ? connection : connection.promises, (result) => received.push(result));
  } catch (thrown) {
    error = thrown;
    const { calls } = faulty;
    assert.throws(() => connection.sendRequest('GET', '/again'), DugongError);
    assert.equal(faulty.calls, calls, 'the wire was touched after the failure');
  }
  connection.disconnect();
  assert.deepEqual(native.counts(), { owned, watched }, 'descriptors left open');
  assert.deepEqual(received, results.slice(0, received.length), 'wrong data');
  if (error === undefined) {
    assert.equal(received.length, results.length);
    server.check();
    assert.equal(server.received().toString('latin1'), requestBytes(server.authority));
  } else {
    // The server may have been left in the middle of a request.
    try {
      server.check();
    } catch {}
  }
  return { error, calls: faulty.calls };
}

/** Fails each of the calls of an exchange in turn. */
async function failEachCall(fault: Fault, direction: Direction, how: Omit<Run, 'addon'>): Promise<void> {
  const { calls, error } = await run({ ...how, addon: () => new FaultyAddon(direction, undefined, 0) });
  assert.equal(error, undefined);
  assert.ok(calls >= 5, `${calls} calls`);
  for (let at = 1; at <= calls; at++) {
    const outcome = await run({ ...how, addon: () => new FaultyAddon(direction, fault.result, at) });
    if (outcome.error === undefined) {
      // How many segments there are is the network's affair: the call may not have been made this time.
      assert.ok(isHarmless(fault, direction) || outcome.calls < at, `call ${at} failed and no error came of it`);
    } else {
      assert.ok(outcome.error instanceof DugongError, `call ${at}: ${outcome.error}`);
      assert.ok(!isHarmless(fault, direction), `call ${at}: ${outcome.error}`);
    }
  }
}

for (const way of ['blocking', 'AioFuture'] as const) {
  for (const direction of ['receive', 'send'] as const) {
    suite(`whatever becomes of a ${direction} call, the result is right or an error (${way})`, () => {
      for (const fault of faults) {
        test(`${fault.name}, at every call`, () => failEachCall(fault, direction, { way, stage: plainStage }));
      }
    });
  }
}

for (const direction of ['receive', 'send'] as const) {
  const title = `whatever becomes of a ${direction} call over TLS, the result is right or an error`;
  suite(title, { skip: opensslMissing() }, () => {
    const trust = new TestTrust();
    for (const fault of tlsFaults[direction]) {
      const stage = (): Stage => tlsStage(trust);
      test(`${fault.name}, at every call`, () => failEachCall(fault, direction, { way: 'blocking', stage }));
    }
  });
}
