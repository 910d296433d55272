/** `openssl s_server` as a server that behaves oddly: keys that change on the way, renegotiation, no close_notify, old versions. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPConnection } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { opensslMissing } from '../support/certificates.ts';
import { dummyBytes } from '../support/dummy-bytes.ts';
import { TestTrust } from '../support/https.ts';
import { type OpensslServer, startOpensslServer } from '../support/openssl-server.ts';
import { connectionTo, waysOfWaiting } from '../support/waiting.ts';

describe('openssl s_server', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();

  function connect(server: OpensslServer): HTTPConnection {
    return connectionTo(server, { tls: trust.context });
  }

  /** Exactly `length` bytes of the body. */
  async function read({ promises }: HTTPConnection, length: number): Promise<string> {
    let text = '';
    while (text.length < length) text += await promises.read(length - text.length);
    return text;
  }

  async function begin(server: OpensslServer, connection: HTTPConnection): Promise<void> {
    await connection.promises.sendRequest('GET', '/begin');
    await server.daemon.wrote(/GET \/begin/);
    server.send('HTTP/1.1 200 OK\nContent-Length: 12\n\n12345');
    assert.equal((await connection.promises.readResponse()).length, 12);
    assert.equal(await read(connection, 5), '12345');
  }

  async function finish(server: OpensslServer, connection: HTTPConnection): Promise<void> {
    server.send('67890\n');
    assert.equal(await connection.promises.readText(), '67890\r\n');
    await connection.promises.sendRequest('PUT', '/next', { body: 'after' });
    await server.daemon.wrote(/PUT \/next[\s\S]*after/);
    server.send('HTTP/1.1 204 No Content\n\n');
    assert.equal((await connection.promises.readResponse()).status, 204);
  }

  for (const [letter, what] of [
    ['k', 'its own keys'],
    ['K', 'the keys of both sides'],
  ] as const) {
    test(`changes ${what} in the middle of a body (TLS 1.3 KeyUpdate) [RFC 8446 4.6.3]`, async () => {
      await using server = await startOpensslServer(trust.certificate, ['-tls1_3', '-crlf', '-msg']);
      using connection = connect(server);
      await begin(server, connection);
      for (let round = 1; round <= 3; round++) {
        await server.order(letter, new RegExp(`(>>> TLS 1.3, Handshake .*KeyUpdate[\\s\\S]*){${round}}`));
      }
      await finish(server, connection);
    });
  }

  for (const [letter, what] of [
    ['r', 'a renegotiation'],
    ['R', 'a renegotiation, and a certificate of the client if it has one,'],
  ] as const) {
    test(`asks for ${what} in the middle of a body (TLS 1.2) [RFC 5746 3.5]`, async () => {
      await using server = await startOpensslServer(trust.certificate, ['-tls1_2', '-crlf', '-msg']);
      using connection = connect(server);
      await begin(server, connection);
      for (let round = 1; round <= 3; round++) {
        server.daemon.type(`${letter}\n`);
        const reading = connection.promises.read(5);
        await server.daemon.wrote(
          new RegExp(`(>>> TLS 1.2, Handshake .*HelloRequest[\\s\\S]*Finished[\\s\\S]*Finished[\\s\\S]*){${round}}`),
        );
        reading.cancel();
        await reading.catch(() => {});
      }
      await finish(server, connection);
    });
  }

  test('goes away in the middle of a body, without close_notify: ConnectionClosed', async () => {
    for (const version of ['-tls1_2', '-tls1_3']) {
      const before = native.counts();
      const server = await startOpensslServer(trust.certificate, [version, '-crlf']);
      using connection = connect(server);
      await begin(server, connection);
      await server[Symbol.asyncDispose]();
      await assert.rejects(connection.promises.readAll(), { name: 'ConnectionClosed', phase: 'receive' });
      connection.disconnect();
      assert.deepEqual(native.counts(), before);
    }
  });

  test('closes in the middle of a body, with close_notify: ConnectionClosed all the same', async () => {
    await using server = await startOpensslServer(trust.certificate, ['-crlf']);
    using connection = connect(server);
    await begin(server, connection);
    server.send('Q\n');
    await assert.rejects(connection.promises.readAll(), { name: 'ConnectionClosed', phase: 'receive' });
  });

  for (const [option, version] of [
    ['-tls1_2', 'TLS 1.2'],
    ['-tls1_3', 'TLS 1.3'],
  ] as const) {
    test(`gets close_notify from disconnect() (${version}) [RFC 9112 9.8]`, async () => {
      await using server = await startOpensslServer(trust.certificate, [option, '-crlf', '-msg']);
      using connection = connect(server);
      await begin(server, connection);
      await finish(server, connection);
      connection.disconnect();
      await server.daemon.wrote(new RegExp(`<<< ${version.replace('.', '\\.')}, Alert .*close_notify`));
    });
  }

  test('closes before it answers, or during the handshake', async () => {
    await using server = await startOpensslServer(trust.certificate, ['-crlf']);
    using connection = connect(server);
    await connection.promises.sendRequest('GET', '/');
    await server.daemon.wrote(/GET \//);
    server.send('Q\n');
    await assert.rejects(connection.promises.readResponse(), { name: 'ConnectionClosed', phase: 'receive' });
  });

  test('gives no ticket, one, or many', async () => {
    for (const [options, resumed] of [
      [['-num_tickets', '0'], false],
      [['-num_tickets', '1'], true],
      [['-num_tickets', '20'], true],
      [['-tls1_2', '-no_ticket', '-no_cache'], false],
      [['-tls1_2'], true],
    ] as const) {
      await using server = await startOpensslServer(trust.certificate, ['-www', ...options]);
      const pages: string[] = [];
      for (let round = 0; round < 2; round++) {
        using connection = connect(server);
        await connection.promises.sendRequest('GET', '/');
        await connection.promises.readResponse();
        pages.push(await connection.promises.readText());
      }
      assert.match(pages[0] ?? '', /\nNew, /);
      assert.match(pages[1] ?? '', resumed ? /\nReused, / : /\nNew, /, options.join(' '));
    }
  });

  test('that knows old versions only is refused', async () => {
    for (const version of ['-tls1', '-tls1_1']) {
      await using server = await startOpensslServer(trust.certificate, [version, '-cipher', 'ALL@SECLEVEL=0']);
      using connection = connect(server);
      await assert.rejects(connection.promises.connect(), { name: 'TLSError', code: /PROTOCOL/ });
    }
  });

  for (const { name, run } of waysOfWaiting) {
    test(`serves a file as HTTP/1.0, up to close_notify (${name})`, async () => {
      const content = dummyBytes(1_000_000);
      await using server = await startOpensslServer(trust.certificate, ['-WWW'], { 'content.txt': content });
      using connection = connect(server);
      await run(connection.coSendRequest('GET', '/content.txt'));
      const { status, length, httpVersion } = await run(connection.coReadResponse());
      assert.deepEqual([status, length, httpVersion], [200, null, '1.0']);
      assert.ok((await run(connection.coReadAll())).equals(content));
    });
  }
});
