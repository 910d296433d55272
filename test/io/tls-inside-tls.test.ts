/**
 * TLS inside TLS, as through a tunnel of a proxy that speaks TLS itself: bytes both ways, the end of each layer, and which of
 * the two a failure comes from. The proxy here takes off the outer layer and hands on what is in it.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { coTunnel } from '../../src/client/tunnel.ts';
import { type Coroutine, POLLIN, POLLOUT } from '../../src/coroutine.ts';
import { ConnectionClosed, TLSError } from '../../src/errors.ts';
import { HTTPHeaders } from '../../src/http1/headers.ts';
import { native } from '../../src/io/native.ts';
import { CONNECTION_RESET, PROTOCOL_ERROR, WOULD_BLOCK } from '../../src/io/system-error.ts';
import { coConnect } from '../../src/io/tcp.ts';
import { coHandshake, TLSTransport } from '../../src/io/tls.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import type { TLSOptions } from '../../src/io/tls-options.ts';
import { type Certificate, makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { type Ending, startTLSFront, startTunnelProxy, type TLSFront } from '../support/proxy-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { startRawServer, startTLSServer, type TLSServer } from '../support/tls-server.ts';
import { thrownBy, waysOfWaiting } from '../support/waiting.ts';
import { blocking, contextFor, coReceive, coSendAll } from './tls-support.ts';

const skip = opensslMissing();
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
type Version = (typeof VERSIONS)[number];

let root: Certificate;
let ofProxy: Certificate;
let ofOrigin: Certificate;
before(() => {
  if (skip !== false) return;
  root = makeAuthority('root');
  ofProxy = makeCertificate({ issuer: root, subject: '/CN=proxy', san: 'DNS:proxy.test' });
  ofOrigin = makeCertificate({ issuer: root, subject: '/CN=origin', san: 'DNS:origin.test' });
});

/** A server, and the proxy before it. */
class Pair implements Disposable {
  readonly origin: TLSServer;
  readonly proxy: TLSFront;

  constructor({ outer, inner, ending }: { outer?: Version; inner?: Version; ending?: Ending } = {}) {
    const { cert, key } = ofOrigin;
    const versions = (version?: Version) => version && { minVersion: version, maxVersion: version };
    this.origin = startTLSServer({ cert, key, ...versions(inner) });
    this.proxy = startTLSFront(this.origin, ofProxy, { ...(ending && { ending }), ...versions(outer) });
  }

  [Symbol.dispose](): void {
    this.proxy[Symbol.dispose]();
    this.origin[Symbol.dispose]();
  }
}

interface Contexts {
  readonly outer?: TLSContext | TLSOptions;
  readonly inner?: TLSContext | TLSOptions;
  readonly hostname?: string;
}

function* coInside(
  { proxy }: { readonly proxy: { readonly port: number } },
  use: Contexts = {},
): Coroutine<TLSTransport> {
  const { outer = { ca: root.cert }, inner = { ca: root.cert }, hostname = 'origin.test' } = use;
  const socket = yield* coConnect(['127.0.0.1'], proxy.port);
  const below = yield* coHandshake(socket, contextFor(outer), { hostname: 'proxy.test', role: 'proxy' });
  return yield* coHandshake(below, contextFor(inner), { hostname });
}

function inside(pair: { readonly proxy: { readonly port: number } }, use?: Contexts): TLSTransport {
  return blocking(coInside(pair, use));
}

function commonName(transport: TLSTransport): unknown {
  return transport.getPeerCertificate()?.subject.CN;
}

describe('TLS inside TLS', { skip }, () => {
  for (const outer of VERSIONS) {
    for (const inner of VERSIONS) {
      for (const { name, run } of waysOfWaiting) {
        it(`carries megabytes both ways, and both ends (${inner} inside ${outer}, ${name})`, async () => {
          using pair = new Pair({ outer, inner });
          const transport = await run(coInside(pair));
          assert.equal(transport.getProtocol(), inner);
          await run(coSendAll(transport, `count 3000000\n`));
          await run(coSendAll(transport, dummyBytes(3_000_000)));
          assert.equal((await run(coReceive(transport, 7))).bytes.toString(), 'counted');
          transport.close();
          const other = await run(coInside(pair));
          await run(coSendAll(other, 'finish 3000000\n'));
          const { bytes, result } = await run(coReceive(other));
          assert.ok(bytes.equals(Buffer.alloc(3_000_000, 'dugong ')));
          assert.equal(result, 0);
          other.close();
        });
      }
    }
  }

  for (const size of [1, 5, 16_383]) {
    it(`is read ${size} bytes at a time without waiting for what has been taken in already`, () => {
      using pair = new Pair();
      const transport = inside(pair);
      const bytes = dummyBytes(60_000);
      blocking(coSendAll(transport, bytes));
      // The server echoes, and then says nothing more: a caller that waits for the socket too early waits for ever.
      for (let at = 0; at < bytes.length; at += size) {
        const expected = bytes.subarray(at, at + size);
        assert.ok(blocking(coReceive(transport, expected.length)).bytes.equals(expected));
      }
      assert.equal(transport.receive(Buffer.alloc(1), 0, 1), WOULD_BLOCK);
      assert.equal(transport.receiveNeeds.mask, POLLIN);
      transport.close();
    });
  }

  it('gives all that is in memory in one call', () => {
    using pair = new Pair();
    const transport = inside(pair);
    blocking(coSendAll(transport, dummyBytes(60_000)));
    const target = Buffer.alloc(60_000);
    let longest = 0;
    for (let length = 0; length < target.length; ) {
      const count = transport.receive(target, length, target.length - length);
      if (count === WOULD_BLOCK) assert.ok(transport.receiveNeeds.poll(timeLimit(20_000)));
      else length += count;
      longest = Math.max(longest, count);
    }
    assert.ok(longest > 16_384, 'a record of the inner layer is no boundary');
    transport.close();
  });

  it('waits for the socket while the peer does not read, and goes on from there', () => {
    using pair = new Pair();
    const transport = inside(pair);
    const size = 30_000_000;
    const bytes = Buffer.concat([Buffer.from(`stall ${size}\n`), Buffer.alloc(size, 'wait ')]);
    let sent = transport.send([bytes.subarray(0, bytes.length - size)]);
    assert.equal(sent, bytes.length - size);
    for (let result = 0; result !== WOULD_BLOCK || transport.sendNeeds.poll(timeLimit(200)); ) {
      // From a copy each time, as a queue that is moved about.
      result = transport.send([Buffer.from(bytes.subarray(sent, sent + 1_000_000))]);
      assert.ok(result > 0 || result === WOULD_BLOCK);
      sent += Math.max(0, result);
    }
    assert.ok(sent < size);
    assert.equal(transport.sendNeeds.mask, POLLOUT);
    assert.equal(transport.receive(Buffer.alloc(10), 0, 10), WOULD_BLOCK);
    assert.equal(transport.receiveNeeds.mask, POLLIN);
    pair.origin.resume();
    blocking(coSendAll(transport, bytes.subarray(sent)));
    assert.equal(blocking(coReceive(transport, 7)).bytes.toString(), 'counted');
    transport.close();
  });

  it('has a certificate, a cipher and a session in each layer', () => {
    using pair = new Pair({ outer: 'TLSv1.2', inner: 'TLSv1.3' });
    const socket = blocking(coConnect(['127.0.0.1'], pair.proxy.port));
    const context = new TLSContext({ ca: root.cert });
    const outer = blocking(coHandshake(socket, context, { hostname: 'proxy.test', role: 'proxy' }));
    const inner = blocking(coHandshake(outer, context, { hostname: 'origin.test' }));
    blocking(coSendAll(inner, 'hello'));
    blocking(coReceive(inner, 5));
    assert.deepEqual([outer, inner].map(commonName), ['proxy', 'origin']);
    assert.deepEqual([outer.getProtocol(), inner.getProtocol()], ['TLSv1.2', 'TLSv1.3']);
    const [below, above] = [outer.getSession(), inner.getSession()];
    assert.ok(below && above && !below.equals(above));
    assert.equal(native.tlsDetails(inner.fd, 2), undefined);
    assert.equal(native.tlsDetails(inner.fd, -1), undefined);
    inner.close();
  });
});

describe('sessions of TLS inside TLS', { skip }, () => {
  it('are not mixed, though context, host and port be the same', () => {
    const both = makeCertificate({ issuer: root, san: 'DNS:both.test' });
    using origin = startTLSServer({ cert: both.cert, key: both.key });
    using proxy = startTLSFront(origin, both);
    const context = new TLSContext({ ca: root.cert });
    function* coBoth(): Coroutine<boolean[]> {
      const peer = { hostname: 'both.test', port: 1 };
      const socket = yield* coConnect(['127.0.0.1'], proxy.port);
      const outer = yield* coHandshake(socket, context, { ...peer, role: 'proxy' });
      const inner = yield* coHandshake(outer, context, peer);
      yield* coSendAll(inner, 'finish 1\n');
      assert.equal((yield* coReceive(inner)).result, 0);
      const resumed = [outer, inner].map((layer) => layer.isSessionReused());
      inner.close();
      return resumed;
    }
    assert.deepEqual(blocking(coBoth()), [false, false]);
    // Each server knows its own tickets only: with one of the other's it would begin anew.
    assert.deepEqual(blocking(coBoth()), [true, true]);
    assert.deepEqual(
      proxy.handshakes().map(({ resumed }) => resumed),
      [false, true],
    );
    assert.deepEqual(
      origin.seen().map(({ resumed }) => resumed),
      [false, true],
    );
  });
});

describe('the end of TLS inside TLS', { skip }, () => {
  for (const outer of VERSIONS) {
    it(`is orderly when the inner layer says so, whatever becomes of the outer one (${outer})`, () => {
      for (const ending of ['close-notify', 'cut'] as const) {
        using pair = new Pair({ outer, ending });
        const transport = inside(pair);
        blocking(coSendAll(transport, 'finish 100000\n'));
        const { bytes, result } = blocking(coReceive(transport));
        assert.deepEqual([bytes.length, result, transport.failure], [100_000, 0, undefined]);
        transport.close();
      }
    });

    for (const [ending, culprit] of [
      ['close-notify', 'origin.test'],
      ['cut', 'the proxy proxy.test'],
    ] as const) {
      it(`is a loss without close_notify, of ${culprit} (${outer}, ${ending})`, () => {
        using pair = new Pair({ outer, ending });
        const transport = inside(pair);
        blocking(coSendAll(transport, 'truncate 100000\n'));
        const { bytes, result } = blocking(coReceive(transport));
        assert.deepEqual([bytes.length, result], [100_000, CONNECTION_RESET]);
        assert.ok(transport.failure instanceof ConnectionClosed);
        assert.ok(transport.failure.message.startsWith(`${culprit} ended the connection without a TLS close_notify`));
        // Asked for only now, it is still the server's.
        assert.equal(commonName(transport), 'origin');
        transport.close();
      });
    }
  }

  it('is announced by us in both layers', () => {
    // With TLS 1.2, since later versions hide what is an alert; relays before the proxy and the server see either layer.
    using origin = startTLSServer({ cert: ofOrigin.cert, key: ofOrigin.key, maxVersion: 'TLSv1.2' });
    using toOrigin = startTunnelProxy(origin);
    using proxy = startTLSFront(toOrigin, ofProxy, { maxVersion: 'TLSv1.2' });
    using toProxy = startTunnelProxy(proxy);
    const context = new TLSContext({ ca: root.cert });
    function* coThrough(): Coroutine<TLSTransport> {
      const socket = yield* coConnect(['127.0.0.1'], toProxy.port);
      yield* coTunnel(socket, { authority: 'proxy.test:1', headers: new HTTPHeaders() });
      const outer = yield* coHandshake(socket, context, { hostname: 'proxy.test', role: 'proxy' });
      yield* coTunnel(outer, { authority: 'origin.test:1', headers: new HTTPHeaders() });
      return yield* coHandshake(outer, context, { hostname: 'origin.test' });
    }
    const transport = blocking(coThrough());
    blocking(coSendAll(transport, 'hello'));
    blocking(coReceive(transport, 5));
    for (const relay of [toProxy, toOrigin]) assert.notEqual(lastRecordType(relay.passed()), ALERT);
    transport.close();
    // All is handed on when the relays have no connection any more.
    while (toProxy.settle() + toOrigin.settle() > 0);
    for (const relay of [toProxy, toOrigin]) assert.equal(lastRecordType(relay.passed()), ALERT);
  });
});

/** The content type of an alert (RFC 5246 6.2.1). */
const ALERT = 21;

function lastRecordType(bytes: Buffer): number | undefined {
  let type: number | undefined;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) type = bytes[at];
  return type;
}

describe('a failure of TLS inside TLS', { skip }, () => {
  /** What a TLSError says of its peer. */
  function told(error: unknown): object {
    assert.ok(error instanceof TLSError, String(error));
    const { code, peer, hostname, certificate } = error;
    return { code, peer, hostname, certificate: certificate?.subject.CN };
  }

  it('to verify the server names the server, and shows its certificate', () => {
    using pair = new Pair();
    const error = thrownBy(() => inside(pair, { hostname: 'proxy.test' }));
    assert.match(String(error), /the certificate of proxy\.test is not accepted/);
    const code = 'ERR_TLS_CERT_ALTNAME_INVALID';
    assert.deepEqual(told(error), { code, peer: 'server', hostname: 'proxy.test', certificate: 'origin' });
  });

  it('to verify the proxy names the proxy', () => {
    using pair = new Pair();
    const error = thrownBy(() => inside(pair, { outer: { ca: ofOrigin.cert } }));
    assert.match(String(error), /the certificate of the proxy proxy\.test is not accepted/);
    const code = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
    assert.deepEqual(told(error), { code, peer: 'proxy', hostname: 'proxy.test', certificate: 'proxy' });
    assert.deepEqual(pair.origin.seen(), []);
  });

  it('by an alert in the outer layer is the proxy’s, also when the server is not verified', () => {
    // With TLS 1.3 a server says only after our handshake that it wants a certificate of ours.
    using proxy = startTLSServer({
      cert: ofProxy.cert,
      key: ofProxy.key,
      ca: root.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    for (const rejectUnauthorized of [true, false]) {
      const socket = blocking(coConnect(['127.0.0.1'], proxy.port));
      const outer = blocking(
        coHandshake(socket, new TLSContext({ ca: root.cert }), { hostname: 'proxy.test', role: 'proxy' }),
      );
      // If we sent something now, the reset that it is answered with could come before the alert is read.
      assert.ok(outer.receiveNeeds.poll(timeLimit(20_000)));
      const context = new TLSContext({ ca: root.cert, rejectUnauthorized });
      const error = thrownBy(() => blocking(coHandshake(outer, context, { hostname: 'origin.test' })));
      assert.match(String(error), /^TLSError: TLS with the proxy proxy\.test failed/);
      const code = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
      assert.deepEqual(told(error), { code, peer: 'proxy', hostname: 'proxy.test', certificate: 'proxy' });
    }
  });

  it('is none of the certificate, if that is not verified', () => {
    const { cert, key } = makeCertificate({ subject: '/CN=unverified' });
    using proxy = startTLSServer({ cert, key, ca: root.cert, requestCert: true, rejectUnauthorized: true });
    const socket = blocking(coConnect(['127.0.0.1'], proxy.port));
    const context = new TLSContext({ rejectUnauthorized: false });
    const outer = blocking(coHandshake(socket, context, { hostname: 'proxy.test', role: 'proxy' }));
    assert.equal(outer.authorizationError, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.equal(blocking(coReceive(outer)).result, PROTOCOL_ERROR);
    assert.equal(outer.failure?.code, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
    outer.close();
  });

  it('by an alert in the inner layer is the server’s', () => {
    const { cert, key } = ofOrigin;
    using origin = startTLSServer({ cert, key, ca: root.cert, requestCert: true, rejectUnauthorized: true });
    using proxy = startTLSFront(origin, ofProxy);
    const transport = inside({ proxy });
    assert.equal(blocking(coReceive(transport)).result, PROTOCOL_ERROR);
    const code = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
    assert.deepEqual(told(transport.failure), {
      code,
      peer: 'server',
      hostname: 'origin.test',
      certificate: 'origin',
    });
    transport.close();
  });

  it('to stay during the inner handshake gets an error about the peer that left', () => {
    using leaving = startRawServer({ bytes: new Uint8Array(0), ending: 'end' });
    for (const [ending, message] of [
      ['close-notify', 'origin.test ended the connection during the TLS handshake'],
      ['cut', 'the proxy proxy.test ended the connection during the TLS handshake with origin.test'],
    ] as const) {
      using silent = startTLSFront(leaving, ofProxy, { ending });
      const error = thrownBy(() => inside({ proxy: silent }));
      assert.ok(error instanceof ConnectionClosed, String(error));
      assert.deepEqual([error.phase, error.message], ['handshake', message]);
    }
  });

  it('closes the socket once, through both layers', () => {
    using pair = new Pair();
    const before = native.counts().owned;
    const transport = inside(pair);
    assert.equal(native.counts().owned, before + 1);
    transport.close();
    transport.close();
    assert.equal(transport.closed, true);
    assert.equal(native.counts().owned, before);
    assert.ok(transport.receive(Buffer.alloc(1), 0, 1) < 0);
    assert.ok(transport instanceof TLSTransport);
  });
});
