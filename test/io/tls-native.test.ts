/** The addon's TLS calls: wrong arguments, ownership, worker threads, the garbage collector; nothing may leak. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { native, type TLSContextHandle, type TLSContextParameters, type TLSTrustHandle } from '../../src/io/native.ts';
import { settingsOf, TLSContext } from '../../src/io/tls-context.ts';
import { type Certificate, makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { startTLSServer, type TLSServer } from '../support/tls-server.ts';
import { message, run, worker, workerPrelude } from './native-programs.ts';
import { EBADF, loopTurns, untyped } from './native-support.ts';
import { blocking, coReceive, coSendAll, secure } from './tls-support.ts';

const skip = opensslMissing();

/** What a program with the bare addon begins with; `ca` and `port` come from its environment or its workerData. */
const tlsPrelude = `
  const settings = typeof workerData === 'object' && workerData || process.env;
  const context = (more) => native.tlsContext({
    trust: native.tlsTrust([settings.ca]), certificates: [], keys: [], passphrases: [], pfx: [], pfxPassphrases: [],
    ciphers: '', ciphersuites: '', secureOptions: 0,
    minVersion: 0x0303, maxVersion: 0x0304, protocols: new Uint8Array(0), verify: true, partialChain: false, session: new Uint8Array(0), keyLogFile: '',
    ...more,
  });
  const secure = (shared = context()) => {
    const fd = connect(Number(settings.port));
    native.pollOne(fd, 4, -1);
    native.tlsStart(fd, shared, 'localhost', 'localhost', '', 'key', undefined);
    for (let result; (result = native.tlsHandshake(fd)) !== 0;) {
      if (result !== native.TLS_WANT_READ) throw new Error('handshake: ' + result);
      native.pollOne(fd, 1, -1);
    }
    return fd;
  };
`;

describe('the TLS of the addon', { skip }, () => {
  let leaf: Certificate;
  let server: TLSServer;
  let ca: string;
  let settings: Record<string, string>;
  before(() => {
    const root = makeAuthority('root');
    leaf = makeCertificate({ issuer: root, san: 'DNS:localhost' });
    server = startTLSServer({ cert: leaf.cert, key: leaf.key });
    ca = root.cert;
    settings = { ca, port: `${server.port}` };
  });
  after(() => server?.[Symbol.dispose]());

  const parameters = (): TLSContextParameters => ({
    trust: native.tlsTrust([ca]) as TLSTrustHandle,
    ...{ certificates: [], keys: [], passphrases: [], pfx: [], pfxPassphrases: [], ciphers: '', ciphersuites: '' },
    secureOptions: 0,
    ...{ minVersion: 0x0303, maxVersion: 0x0304, protocols: new Uint8Array(0) },
    ...{ verify: true, partialChain: false, session: new Uint8Array(0), keyLogFile: '' },
  });

  it('is there', () => assert.equal(native.tlsUnavailable(), undefined));

  it('refuses contexts of wrong parts', () => {
    for (const name of Object.keys(parameters())) {
      for (const wrong of [undefined, Symbol.iterator, { handle: 'trust' }]) {
        assert.throws(() => untyped['tlsContext']?.({ ...parameters(), [name]: wrong }), /^TypeError: tlsContext: /);
      }
    }
    const context = native.tlsContext(parameters());
    for (const wrong of [undefined, null, 5, 'x', [5]]) {
      assert.throws(() => untyped['tlsTrust']?.(wrong), /^TypeError: tlsTrust: texts must be an array of strings$/);
      assert.throws(() => untyped['tlsContext']?.(wrong), /^TypeError: /);
    }
    assert.throws(() => untyped['tlsContext']?.({ ...parameters(), trust: context }), /^TypeError: tlsContext: trust/);
    assert.throws(() => native.tlsContext({ ...parameters(), keys: ['x'] }), /^TypeError: tlsContext: passphrases/);
    const pfx = [new Uint8Array(0)];
    assert.throws(() => native.tlsContext({ ...parameters(), pfx }), /^TypeError: tlsContext: pfx /);
    for (const secureOptions of [-1, 0.5, Number.NaN, 2 ** 60]) {
      assert.throws(
        () => native.tlsContext({ ...parameters(), secureOptions }),
        /^TypeError: tlsContext: secureOptions/,
      );
    }
  });

  it('refuses a context that is none, names that cannot be names, and a session that is none', () => {
    const fd = native.socket(4);
    const context = native.tlsContext(parameters()) as TLSContextHandle;
    const start = (...values: unknown[]) => untyped['tlsStart']?.(fd, ...values);
    for (const wrong of [undefined, null, 5, {}, parameters().trust, new Proxy(context, {})]) {
      assert.throws(() => start(wrong, '', '', '', '', undefined), /^TypeError: tlsStart: context/, inspect(wrong));
    }
    assert.throws(() => start(context, 'a\0b', '', '', '', undefined), /^TypeError: tlsStart: servername/);
    assert.throws(() => start(context, 'x'.repeat(300), '', '', '', undefined), /^RangeError: tlsStart: /);
    assert.throws(() => start(context, '', '', '1.2.3', '', undefined), /^RangeError: tlsStart: /);
    assert.throws(() => start(context, '', '', '', '', 'x'), /^TypeError: tlsStart: session/);
    assert.throws(() => start(context, '', '', '', '', Buffer.from('x')), /^RangeError: tlsStart: session/);
    assert.throws(() => start(context, '', '', '', '', new Uint8Array(0)), /^RangeError: tlsStart: session/);
    assert.equal(native.tlsHandshake(fd), -EBADF);
    native.close(fd);
  });

  it('knows only sockets of its own on which TLS was begun', () => {
    const plain = native.socket(4);
    const bytes = Buffer.alloc(4);
    for (const fd of [plain, -1, 2 ** 31 - 1, -(2 ** 31), 0]) {
      assert.equal(native.tlsHandshake(fd), -EBADF);
      assert.equal(native.tlsRecv(fd, bytes, 0, 4), -EBADF);
      assert.equal(native.tlsSend(fd, [bytes], 0), -EBADF);
      assert.equal(native.tlsShutdown(fd), -EBADF);
      assert.equal(native.tlsFailedLayer(fd), -EBADF);
      assert.equal(native.tlsDetails(fd, 0), undefined);
      assert.equal(native.tlsSession(fd, 0), undefined);
    }
    native.close(plain);
  });

  it('checks its buffers as the plain calls do', () => {
    const transport = secure(server.port, { ca });
    const { fd } = transport;
    const ranges: [number, number][] = [
      [0, 9],
      [9, 0],
      [-1, 1],
      [0.5, 1],
      [Number.NaN, 1],
    ];
    for (const [offset, length] of ranges) {
      assert.throws(() => native.tlsRecv(fd, Buffer.alloc(8), offset, length), /^RangeError: tlsRecv: /);
    }
    assert.throws(() => native.tlsRecv(fd, Buffer.alloc(8), 0, 0), /^RangeError: tlsRecv: length must not be 0/);
    const detached = new Uint8Array(8);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    assert.throws(() => native.tlsRecv(fd, detached, 0, 8), RangeError);
    assert.throws(() => native.tlsSend(fd, [Buffer.alloc(4)], 5), /^RangeError: tlsSend: skip/);
    assert.throws(() => untyped['tlsSend']?.(fd, ['x'], 0), /^TypeError: tlsSend: buffers/);
    assert.equal(native.tlsSend(fd, [], 0), 0);
    assert.equal(native.tlsSend(fd, [new Uint8Array(0)], 0), 0);
    transport.close();
  });

  it('sends lists of all shapes as one stream', () => {
    const transport = secure(server.port, { ca });
    const sizes = [1, 0, 4095, 4096, 16_384, 3, 40_000, 0, 0, 7, 100, 16_383, 0];
    const buffers = sizes.map((size, index) => Buffer.alloc(size, `${index},`));
    const all = Buffer.concat(buffers);
    let sent = 0;
    while (sent < all.length) {
      const result = transport.send(sent === 0 ? buffers : [all.subarray(sent)]);
      assert.ok(result > 0);
      sent += result;
    }
    assert.deepEqual(blocking(coReceive(transport, all.length)).bytes, all);
    assert.equal(native.tlsSend(transport.fd, [Buffer.from('xyz'), Buffer.from('!')], 1), 3);
    assert.equal(blocking(coReceive(transport, 3)).bytes.toString(), 'yz!');
    transport.close();
  });

  it('leaves no fd over thousands of handshakes, most of them broken off', () => {
    const context = new TLSContext({ ca });
    const { handle } = settingsOf(context);
    const cycle = (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        if (round % 10 === 0) secure(server.port, context).close();
        const fd = native.socket(4);
        native.connect(fd, '127.0.0.1', server.port);
        native.pollOne(fd, 4, -1);
        native.tlsStart(fd, handle, 'localhost', 'localhost', '', '', undefined);
        native.tlsHandshake(fd);
        if (round % 3 === 0) native.tlsStart(fd, handle, '', '', '', '', undefined);
        if (round % 3 === 0) native.tlsHandshake(fd);
        assert.equal(native.close(fd), 0);
      }
    };
    cycle(20);
    const before = native.counts().owned;
    const open = openDescriptors('socket:');
    cycle(1000);
    assert.equal(native.counts().owned, before);
    assert.ok(!(openDescriptors('socket:') > open + 1000));
  });

  it('outlives its contexts, and forgotten connections are closed by the garbage collector', async () => {
    const output = await run(
      `
      const gc = () => new Promise((resolve) => setImmediate(() => { global.gc(); setImmediate(resolve); }));
      (async () => {
        const fds = [];
        for (let i = 0; i < 30; i++) {
          const fd = secure(context());
          await gc();
          native.tlsSend(fd, [Buffer.from('hello')], 0);
          const bytes = Buffer.alloc(5);
          for (let result; (result = native.tlsRecv(fd, bytes, 0, 5)) !== 5;) {
            if (result !== native.TLS_WANT_READ) throw new Error('recv: ' + result);
            native.pollOne(fd, 1, -1);
          }
          if (native.tlsDetails(fd, 0).certificates.length !== 2) throw new Error('details');
          fds.push(fd);
        }
        for (let i = 0; i < 200; i++) context();
        await gc();
        fds.forEach((fd, index) => { if (index % 2) native.close(fd); });
        say(String(native.counts().owned));
      })();
      `,
      { ...settings, NODE_OPTIONS: '' },
      `require('node:v8').setFlagsFromString('--expose-gc'); global.gc = require('node:vm').runInNewContext('gc');
       const native = require(process.env.DUGONG_ADDON); const fs = require('node:fs');
       const say = (text) => fs.writeSync(1, text + '\\n');
       const connect = (port) => { const fd = native.socket(4); native.connect(fd, '127.0.0.1', port); return fd; };
       ${tlsPrelude}`,
    );
    assert.equal(output, '15\n');
  });

  it('works in several workers at a time, each with contexts of its own', async () => {
    const threads = [1, 2, 3].map(() =>
      worker(
        `${tlsPrelude}
        const shared = context();
        for (let i = 0; i < 20; i++) {
          const fd = secure(shared);
          native.tlsSend(fd, [Buffer.from('finish 5\\n')], 0);
          const bytes = Buffer.alloc(9);
          let total = 0;
          for (let result; (result = native.tlsRecv(fd, bytes, total, 9 - total)) !== 0;) {
            if (result > 0) total += result;
            else if (result === native.TLS_WANT_READ) native.pollOne(fd, 1, -1);
            else throw new Error('recv: ' + result + ' after ' + total + ' bytes');
          }
          if (total !== 5) throw new Error('total ' + total);
          native.tlsShutdown(fd);
          native.close(fd);
        }
        parentPort.postMessage(native.counts());
        `,
        settings,
      ),
    );
    assert.deepEqual(await Promise.all(threads.map(message)), Array(3).fill({ owned: 0, watched: 0 }));
    await Promise.all(threads.map((each) => each.terminate()));
  });

  it('may be left in the middle by a worker that ends or is ended', async () => {
    for (const ending of ['process.exit();', "parentPort.postMessage('there'); native.pollOne(-1, 0, -1);"]) {
      for (let round = 0; round < 5; round++) {
        const thread = worker(
          `${tlsPrelude}
          const shared = context();
          for (let i = 0; i < 5; i++) secure(shared);
          const half = connect(Number(settings.port));
          native.pollOne(half, 4, -1);
          native.tlsStart(half, context(), '', '', '', '', undefined);
          native.tlsHandshake(half);
          ${ending}`,
          settings,
        );
        const exited = once(thread, 'exit');
        if (ending.includes('there')) {
          assert.equal(await message(thread), 'there');
          await thread.terminate();
        }
        await exited;
      }
    }
  });

  it('may be loaded by workers alone, again and again', async () => {
    const inWorker = `${workerPrelude}${tlsPrelude} secure(); secure(); process.exit();`;
    await run(
      `
      const { Worker } = require('node:worker_threads');
      (async () => {
        for (let round = 0; round < 4; round++) {
          const options = { eval: true, workerData: { ca: process.env.ca, port: process.env.port } };
          const worker = new Worker(${JSON.stringify(inWorker)}, options);
          await new Promise((resolve, reject) => { worker.on('error', reject); worker.on('exit', resolve); });
        }
      })();
      `,
      settings,
      '',
    );
  });

  it('leaves the error queue of the thread to Node as it should be', async () => {
    const { createPrivateKey } = await import('node:crypto');
    assert.throws(() => new TLSContext({ ca: 'nonsense' }));
    assert.throws(() => secure(server.port, { ca }, 'wrong.test'));
    // A stale entry would be reported in place of this one.
    assert.throws(() => createPrivateKey('nonsense'), /DECODER|unsupported/i);
    assert.throws(() => createPrivateKey('nonsense'));
    const transport = secure(server.port, { ca });
    assert.throws(() => createPrivateKey('nonsense'));
    blocking(coSendAll(transport, 'still there'));
    assert.equal(blocking(coReceive(transport, 11)).bytes.toString(), 'still there');
    transport.close();
  });

  it('leaves nothing behind', async () => {
    await loopTurns();
    assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
  });
});
