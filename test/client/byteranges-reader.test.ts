import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ByterangesReader, HTTPConnection, type Limits } from 'dugong';
import { ok, response } from '../support/messages.ts';
import { close, expectHead, type ScriptedServer, send, startScriptedServer } from '../support/scripted-server.ts';

const PARTS = [
  '--B\r\nContent-Range: bytes 0-4/1000\r\n\r\nhello\r\n',
  `--B\r\nContent-Range: bytes 100-899/1000\r\n\r\n${'x'.repeat(800)}\r\n`,
  '--B--\r\n',
].join('');
const MULTIPART = `HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=B\r\nContent-Length: ${PARTS.length}\r\n\r\n${PARTS}`;
const SINGLE = 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/*\r\nContent-Length: 5\r\n\r\nworld';
const NEXT = 'HTTP/1.1 204 No Content\r\n\r\n';

function serve(response: string): ScriptedServer {
  return startScriptedServer([[expectHead(), expectHead(), send(response + NEXT, { chunk: 50 })]]);
}

function requestTwice(server: ScriptedServer): HTTPConnection {
  const connection = new HTTPConnection(server.hostname, { port: server.port });
  connection.sendRequest('GET', '/', { headers: { Range: 'bytes=0-4,100-899' } });
  connection.sendRequest('GET', '/next');
  return connection;
}

suite('the ranges of a 206 response [RFC 9110 15.3.7]', () => {
  test('are walked blocking, and the next response follows', () => {
    using server = serve(MULTIPART);
    using connection = requestTwice(server);
    const ranges = new ByterangesReader(connection, connection.readResponse());
    const part = ranges.nextPart();
    assert.deepEqual([part?.first, part?.last, part?.size, part?.length], [0, 4, 1000, 5]);
    assert.equal(ranges.read(2).toString(), 'he');
    assert.equal(ranges.readAll().toString(), 'llo');
    assert.equal(ranges.read().length, 0);
    assert.equal(ranges.nextPart()?.length, 800);
    assert.equal(ranges.readAll().toString(), 'x'.repeat(800));
    assert.equal(ranges.nextPart(), null);
    assert.equal(ranges.nextPart(), null);
    assert.equal(connection.readResponse().status, 204);
    server.check();
  });

  test('are walked as promises, unread ones skipped', async () => {
    using server = serve(MULTIPART);
    using connection = requestTwice(server);
    const { promises: ranges } = new ByterangesReader(connection, await connection.promises.readResponse());
    assert.equal((await ranges.nextPart())?.first, 0);
    assert.equal((await ranges.nextPart())?.first, 100);
    assert.equal((await ranges.read(5)).toString(), 'xxxxx');
    assert.equal((await ranges.readAll()).length, 795);
    assert.equal(await ranges.nextPart(), null);
    assert.equal((await connection.promises.readResponse()).status, 204);
  });

  for (const type of [
    'multipart/mixed; boundary=B',
    'multipart/form-data',
    'Multipart/ByterangesX; boundary=B',
    'multipart/byteranges; boundary=B',
  ]) {
    test(`may be a single one of a document that is ${type} itself`, () => {
      using server = serve(SINGLE.replace('\r\n\r\n', `\r\nContent-Type: ${type}\r\n\r\n`));
      using connection = requestTwice(server);
      const ranges = new ByterangesReader(connection, connection.readResponse());
      assert.deepEqual([ranges.nextPart()?.first, ranges.readAll().toString()], [5, 'world']);
      assert.equal(ranges.nextPart(), null);
      assert.equal(connection.readResponse().status, 204);
    });
  }

  test('are several in a body of another length than that of a range in the head [RFC 9110 15.3.7.2]', () => {
    using server = serve(MULTIPART.replace('\r\n\r\n', '\r\nContent-Range: bytes 0-99/1000\r\n\r\n'));
    using connection = requestTwice(server);
    const ranges = new ByterangesReader(connection, connection.readResponse());
    assert.deepEqual([ranges.nextPart()?.first, ranges.nextPart()?.first], [0, 100]);
  });

  test('may be a single one, which is the body', () => {
    using server = serve(SINGLE);
    using connection = requestTwice(server);
    const ranges = new ByterangesReader(connection, connection.readResponse());
    assert.deepEqual(ranges.nextPart()?.first, 5);
    assert.equal(ranges.readAll().toString(), 'world');
    assert.equal(ranges.nextPart(), null);
    assert.equal(connection.readResponse().status, 204);
  });

  const closing = (fields: string, body: string): string => `HTTP/1.1 206 Partial Content\r\n${fields}\r\n\r\n${body}`;

  /** A reader of a response with one range of 5 bytes, whose body is what `fields` and `bytes` make it. */
  function single(fields: string, bytes: string): { ranges: ByterangesReader; [Symbol.dispose](): void } {
    const server = startScriptedServer([
      [expectHead(), send(closing(`Content-Range: bytes 0-4/1000${fields}`, bytes)), close()],
    ]);
    const connection = new HTTPConnection(server.hostname, { port: server.port });
    const dispose = (): void => {
      connection.disconnect();
      server.stop();
    };
    connection.sendRequest('GET', '/');
    try {
      return { ranges: new ByterangesReader(connection, connection.readResponse()), [Symbol.dispose]: dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  test('that is a single one is as long as its Content-Range says [RFC 9110 14.4]', () => {
    for (const [bytes, than] of [
      ['hell', 'shorter'],
      ['hello!', 'longer'],
    ] as const) {
      const mismatch = { name: 'InvalidResponse', message: new RegExp(`body is ${than} than the range`) };
      assert.throws(() => single(`\r\nContent-Length: ${bytes.length}`, bytes), mismatch);
      // Its length is known at its end only.
      using unknown = single('', bytes);
      unknown.ranges.nextPart();
      assert.throws(() => {
        unknown.ranges.readAll();
        unknown.ranges.nextPart();
      }, mismatch);
    }
    using whole = single('', 'hello');
    assert.equal(whole.ranges.read().length, 0, 'there is no part yet');
    whole.ranges.nextPart();
    assert.equal(whole.ranges.read(0).length, 0);
    assert.equal(whole.ranges.readAll().toString(), 'hello');
    assert.equal(whole.ranges.nextPart(), null);
    using skipped = single('', 'hello');
    skipped.ranges.nextPart();
    assert.equal(skipped.ranges.nextPart(), null);
  });

  test('have header sections within the limits of the connection', () => {
    const FIELDS = 'Content-Range: bytes 0-0/1\r\nA: a\r\nB: b\r\n';
    const read = (section: string, limits: Partial<Limits>): number | undefined => {
      const parts = `--B\r\n${section}\r\nx\r\n--B--\r\n`;
      const head = ['Content-Type: multipart/byteranges; boundary=B', `Content-Length: ${parts.length}`];
      using server = startScriptedServer([[expectHead(), send(response('206 Partial Content', head, parts))]]);
      using connection = new HTTPConnection(server.hostname, { port: server.port, limits });
      connection.sendRequest('GET', '/');
      return new ByterangesReader(connection, connection.readResponse()).nextPart()?.length;
    };
    const refused = (message: RegExp): object => ({ name: 'InvalidResponse', message });
    const [long, longer] = [150, 80_000].map((length) => `${FIELDS}C: ${'c'.repeat(length)}\r\n`) as [string, string];
    assert.equal(read(FIELDS, { fields: 3 }), 1);
    assert.throws(() => read(long, { fields: 3 }), refused(/more than 3 fields/));
    assert.equal(read(long, { headerSection: long.length + 2 }), 1);
    assert.throws(() => read(long, { headerSection: long.length + 1 }), refused(/longer than \d+ bytes/));
    assert.throws(() => read(longer, {}), refused(/longer than 65535 bytes/));
    assert.equal(read(longer, { headerSection: 100_000 }), 1);
  });

  test('are not read with a length that is none', () => {
    for (const response of [MULTIPART, SINGLE]) {
      using server = serve(response);
      using connection = requestTwice(server);
      const ranges = new ByterangesReader(connection, connection.readResponse());
      ranges.nextPart();
      for (const length of [-1, 0.5, Number.NaN, 'x' as unknown as number]) {
        assert.throws(() => ranges.read(length), { name: 'TypeError', message: /length must be a whole number >= 0/ });
      }
      assert.equal(ranges.read().length, 5);
    }
  });

  test('are at their end for good: the next response is not touched', () => {
    for (const response of [MULTIPART, SINGLE]) {
      using server = startScriptedServer([[expectHead(), expectHead(), send(response + ok('next'))]]);
      using connection = requestTwice(server);
      const ranges = new ByterangesReader(connection, connection.readResponse());
      while (ranges.nextPart() !== null);
      assert.equal(connection.readResponse().status, 200);
      assert.equal(ranges.nextPart(), null);
      assert.equal(ranges.read().length, 0);
      assert.equal(connection.readText(), 'next');
    }
  });

  test('are none in a response of another status, or in a body that ends too early', () => {
    using server = serve(MULTIPART.replace(PARTS.length.toString(), '20').slice(0, -PARTS.length + 20));
    using connection = requestTwice(server);
    const ranges = new ByterangesReader(connection, connection.readResponse());
    assert.throws(() => ranges.nextPart(), { name: 'InvalidResponse', message: /ended before the last boundary/ });
    const response = connection.readResponse();
    assert.throws(() => new ByterangesReader(connection, response), { name: 'InvalidResponse', message: /status 204/ });
  });
});
