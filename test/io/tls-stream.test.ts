/** What happens below the bytes in the middle of a transfer: a full socket, key updates, renegotiation. */

import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type Coroutine, POLLOUT } from '../../src/coroutine.ts';
import { CONNECTION_RESET, WOULD_BLOCK } from '../../src/io/system-error.ts';
import { coHandshake, type TLSTransport } from '../../src/io/tls.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import { AioFuture } from '../../src/schedule/aio-future.ts';
import { type Certificate, makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { listen } from '../support/listen.ts';
import { startTLSFront } from '../support/proxy-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { blocking, coReceive, coSecure, coSendAll, secure } from './tls-support.ts';

const skip = opensslMissing();

let leaf: Certificate;
let ca: string;
before(() => {
  if (skip !== false) return;
  const root = makeAuthority('root');
  leaf = makeCertificate({ issuer: root, san: 'DNS:localhost' });
  ca = root.cert;
});

describe('a peer that does not read', { skip }, () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`makes sending wait; it goes on from anywhere in memory, to the byte (${maxVersion})`, () => {
      using server = startTLSServer({ cert: leaf.cert, key: leaf.key });
      const transport = secure(server.port, { ca, maxVersion });
      const size = 20_000_000;
      const words = Buffer.from(`stall ${size}\n`);
      const bytes = Buffer.concat([words, Buffer.alloc(size, 'wait ')]);
      assert.equal(transport.send([words]), words.length);
      let sent = words.length;
      // Until nothing moves; from a copy each time, as a queue that is moved about.
      for (let result = 0; result !== WOULD_BLOCK || transport.sendNeeds.poll(timeLimit(200)); ) {
        result = transport.send([Buffer.from(bytes.subarray(sent, sent + 1_000_000))]);
        assert.ok(result > 0 || result === WOULD_BLOCK);
        sent += Math.max(0, result);
      }
      assert.ok(sent < size);
      // The kernel may have found a little room meanwhile, too little for poll(2) to speak of.
      for (let result = 0; result !== WOULD_BLOCK; sent += Math.max(0, result)) {
        result = transport.send([Buffer.from(bytes.subarray(sent))]);
      }
      assert.equal(transport.sendNeeds.mask, POLLOUT);
      // Reading is not held up by it.
      assert.equal(transport.receive(Buffer.alloc(10), 0, 10), WOULD_BLOCK);
      server.resume();
      blocking(coSendAll(transport, Buffer.from(bytes.subarray(sent))));
      assert.equal(blocking(coReceive(transport, 7)).bytes.toString(), 'counted');
      transport.close();
    });
  }
});

/** `openssl s_server`, whose commands are lines on its standard input. */
class OpenSSLServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #output = '';
  #wake = () => {};

  static async start(...options: string[]): Promise<OpenSSLServer> {
    const probe = createServer();
    const port = await listen(probe, { host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => probe.close(resolve));
    const server = new OpenSSLServer(port, options);
    await server.says('ACCEPT');
    return server;
  }

  constructor(port: number, options: readonly string[]) {
    this.port = port;
    const args = ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', leaf.certFile, '-key', leaf.keyFile, ...options];
    this.#process = spawn('openssl', args, { stdio: 'pipe', timeout: timeLimit(60_000) });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on('data', (data) => {
        this.#output += data;
        this.#wake();
      });
    }
  }

  write(line: string): void {
    this.#process.stdin.write(line);
  }

  /** Waits until its output has `text` after what was waited for before. */
  async says(text: string): Promise<void> {
    for (;;) {
      const at = this.#output.indexOf(text);
      if (at >= 0) {
        this.#output = this.#output.slice(at + text.length);
        return;
      }
      if (this.#process.exitCode !== null) throw new Error(`s_server has ended: ${this.#output}`);
      // Megabytes that were looked through once are not looked through again with each piece that comes.
      this.#output = this.#output.slice(-Math.max(text.length, 1000));
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Leaves what it writes unread. */
  pause(): void {
    this.#process.stdout.pause();
  }

  resume(): void {
    this.#process.stdout.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
  }
}

function future<T>(coroutine: ConstructorParameters<typeof AioFuture<T>>[0]): Promise<T> {
  return new AioFuture(coroutine, { timeout: timeLimit(20_000) });
}

async function receiveText(transport: TLSTransport, length: number): Promise<string> {
  const { bytes } = await future(coReceive(transport, length));
  return bytes.toString();
}

describe('openssl s_server', { skip }, () => {
  let transport: TLSTransport | undefined;
  after(() => transport?.close());

  /** To a server behind the TLS of a proxy. */
  function* coInside(proxyPort: number): Coroutine<TLSTransport> {
    const outer = yield* coSecure(proxyPort, { ca });
    return yield* coHandshake(outer, new TLSContext({ ca }), { hostname: 'localhost' });
  }

  const keyUpdates = ['k', 'K'].flatMap((command) => [false, true].map((inside) => ({ command, inside })));
  for (const { command, inside } of keyUpdates) {
    const where = inside ? ', inside TLS' : '';
    it(`may change its keys in mid-transfer, and ask for ours (${command}${where}) [RFC 8446 4.6.3]`, async () => {
      await using server = await OpenSSLServer.start('-tls1_3', '-msg');
      using proxy = startTLSFront(server, leaf);
      transport = await future(inside ? coInside(proxy.port) : coSecure(server.port, { ca }));
      for (let round = 0; round < 5; round++) {
        server.write(`${command}\n`);
        await server.says('>>> TLS 1.3, Handshake [length 0005], KeyUpdate');
        server.write(`round ${round}\n`);
        assert.equal(await receiveText(transport, 8), `round ${round}\n`);
        await future(coSendAll(transport, `answer ${round}\n`));
        await server.says(`answer ${round}`);
      }
      transport.close();
    });
  }

  it('may ask for a change of our keys while a record of ours waits to be sent [RFC 8446 4.6.3]', async () => {
    await using server = await OpenSSLServer.start('-tls1_3', '-msg');
    transport = await future(coSecure(server.port, { ca }));
    server.write('K\n');
    await server.says('>>> TLS 1.3, Handshake [length 0005], KeyUpdate');
    // It stops reading when no reader takes what it writes.
    server.pause();
    const bytes = Buffer.alloc(20_000_000, 'wait a while\n');
    let sent = 0;
    for (let result = 0; result !== WOULD_BLOCK || transport.sendNeeds.poll(timeLimit(200)); ) {
      result = transport.send([bytes.subarray(sent)]);
      assert.ok(result > 0 || result === WOULD_BLOCK);
      sent += Math.max(0, result);
    }
    assert.ok(sent < bytes.length);
    // Here OpenSSL hears of it, in the middle of a record.
    assert.equal(transport.receive(Buffer.alloc(10), 0, 10), WOULD_BLOCK);
    server.resume();
    await future(coSendAll(transport, bytes.subarray(sent)));
    await future(coSendAll(transport, 'last words\n'));
    await server.says('<<< TLS 1.3, Handshake [length 0005], KeyUpdate');
    await server.says('last words');
    server.write('answer\n');
    assert.equal(await receiveText(transport, 7), 'answer\n');
    transport.close();
  });

  it('may begin a new handshake (TLS 1.2) [RFC 5746]', async () => {
    await using server = await OpenSSLServer.start('-tls1_2');
    transport = await future(coSecure(server.port, { ca }));
    server.write('before\n');
    assert.equal(await receiveText(transport, 7), 'before\n');
    const after = receiveText(transport, 6);
    server.write('R\n');
    await server.says('SSL_do_handshake');
    server.write('after\n');
    assert.equal(await after, 'after\n');
    transport.close();
  });

  it('may go away without close_notify, which is no end of the stream', async () => {
    await using server = await OpenSSLServer.start();
    transport = await future(coSecure(server.port, { ca }));
    server.write('last words\n');
    assert.equal(await receiveText(transport, 11), 'last words\n');
    server.write('Q\n');
    assert.equal((await future(coReceive(transport))).result, CONNECTION_RESET);
    assert.match(String(transport.failure), /without a TLS close_notify/);
    transport.close();
  });
});
