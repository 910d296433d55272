import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { dummyBytes, type EchoedRequest, startDummyServer } from './dummy-server.ts';

const server = startDummyServer();
const agent = new Agent({ keepAlive: true });
after(() => {
  agent.destroy();
  server.stop();
  server.stop();
});

interface Answer {
  head: IncomingMessage;
  body: Buffer;
}

async function ask(method: string, path: string, options: RequestOptions & { body?: string } = {}): Promise<Answer> {
  const { body, ...rest } = options;
  const sent = request({ host: server.hostname, port: server.port, agent, method, path, ...rest });
  sent.end(body);
  const [head] = (await once(sent, 'response')) as [IncomingMessage];
  return { head, body: await buffer(head) };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

describe('the dummy server', () => {
  test('sends as many dummy bytes as the path asks for', async () => {
    for (const size of [0, 512, 200_000]) {
      const { head, body } = await ask('GET', `/send_${size}_bytes`);
      assert.equal(head.statusCode, 200);
      assert.equal(head.headers['content-length'], String(size));
      assert.deepEqual(body, dummyBytes(size));
    }
  });

  test('has dummy bytes that count from 0 to 9999 and begin again', () => {
    assert.equal(dummyBytes(10).toString(), '0,1,2,3,4,');
    assert.equal(dummyBytes(48_895).subarray(48_880).toString(), '9998,99990,1,2,');
  });

  test('sends chunks of exactly the sizes asked for', async () => {
    const socket = connect(server.port, server.hostname);
    socket.end('GET /send_chunked?sizes=3,16 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const text = (await buffer(socket)).toString();
    assert.equal(text.split('\r\n\r\n').slice(1).join('\r\n\r\n'), '3\r\n0,1\r\n10\r\n,2,3,4,5,6,7,8,9\r\n0\r\n\r\n');
  });

  test('answers HEAD with the head alone', async () => {
    const { head, body } = await ask('HEAD', '/send_512_bytes');
    assert.equal(head.headers['content-length'], '512');
    assert.equal(body.length, 0);
  });

  test('checks an upload against its Content-MD5', async () => {
    const reasons: (string | undefined)[] = [];
    for (const headers of [{}, { 'Content-MD5': md5('abc') }, { 'Content-MD5': md5('abd') }]) {
      const { head } = await ask('PUT', '/send_10_bytes', { body: 'abc', headers });
      reasons.push(`${head.statusCode} ${head.statusMessage}`);
    }
    assert.deepEqual(reasons.slice(0, 2), ['204 Ok, but no MD5', '204 MD5 matched']);
    assert.match(reasons[2] ?? '', /^400 MD5 mismatch/);
  });

  test('answers with any status', async () => {
    for (const status of [200, 204, 304, 317, 404, 503]) {
      const { head, body } = await ask('GET', `/status/${status}`);
      assert.equal(head.statusCode, status);
      assert.equal(body.toString(), status === 204 || status === 304 ? '' : `status ${status}`);
    }
    assert.equal((await ask('GET', '/elsewhere')).head.statusCode, 404);
  });

  test('echoes a request as it came', async () => {
    const headers = { 'X-Case': 'a', 'x-case-2': 'b' };
    const { body } = await ask('POST', '/echo?q=1', { body: 'text', headers });
    const echoed = JSON.parse(body.toString()) as EchoedRequest;
    assert.deepEqual([echoed.method, echoed.path, echoed.httpVersion], ['POST', '/echo?q=1', '1.1']);
    assert.ok(echoed.headers.some(([name, value]) => name === 'X-Case' && value === 'a'));
    assert.equal(Buffer.from(echoed.body, 'base64').toString(), 'text');
  });

  test('answers pipelined requests in order on one connection', async () => {
    const socket = connect(server.port, server.hostname);
    const sizes = Array.from({ length: 1500 }, (_, index) => index % 7);
    const requests = sizes.map((size) => `GET /send_${size}_bytes HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.end(`${requests.join('')}GET /status/404 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const text = (await buffer(socket)).toString();
    const lengths = [...text.matchAll(/Content-Length: (\d+)/g)].map(([, length]) => Number(length));
    assert.deepEqual(lengths.slice(0, -1), sizes);
  });
});
