import assert from 'node:assert/strict';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { ConnectionClosed } from 'dugong/http1';
import { fetchOverStream } from '../../examples/sans-io/fetch-over-stream.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { ok } from '../support/messages.ts';
import { runProgram } from '../support/run-program.ts';
import { close, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

test('the core speaks HTTP over in-memory pipes', async () => {
  const { status, stdout, stderr } = await runProgram('examples/sans-io/pipes.ts', []);
  assert.equal(stderr, '');
  assert.equal(stdout.toString(), '/a: 200, GET /a HTTP/1.1\n/b?c: 200, GET /b?c HTTP/1.1\n');
  assert.equal(status, 0);
});

test('the core speaks HTTP over a node:net socket', async () => {
  using server = startDummyServer();
  const paths = ['/send_100000_bytes', '/send_chunked?sizes=300,283,377', '/status/404'];
  const { status, stdout, stderr } = await runProgram(
    'examples/sans-io/node-socket.ts',
    paths.map((path) => `http://${server.authority}${path}`),
  );
  assert.equal(stderr, '');
  const lines = stdout.toString().trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 2), [`${paths[0]}: 200, 100000 bytes`, `${paths[1]}: 200, 960 bytes`]);
  assert.match(lines[2] ?? '', /^\/status\/404: 404, \d+ bytes$/);
  assert.equal(status, 0);
});

test('a server that ends the connection early is reported, with what is lost', async () => {
  const [whole, half] = [ok('one'), ok('two').slice(0, -1)];
  using server = startScriptedServer([[expectHead(), expectHead(), expectHead(), send(whole + half), close()]]);
  const { status, stdout, stderr } = await runProgram(
    'examples/sans-io/node-socket.ts',
    ['/1', '/2', '/3'].map((path) => `http://${server.authority}${path}`),
  );
  assert.equal(stdout.toString(), '/1: 200, 3 bytes\n');
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    'the response body was cut short; 2 requests not answered in full',
    '/2: may have been processed',
    '/3: may have been processed',
  ]);
  assert.equal(status, 1);
  server.check();
});

/** What comes of three requests: the documents, and the error that ends them. */
async function fetched(input: Readable, output: Writable): Promise<{ bodies: string[]; error: unknown }> {
  const bodies: string[] = [];
  try {
    for await (const { body } of fetchOverStream(input, output, 'x', ['/1', '/2', '/3'])) bodies.push(body.toString());
  } catch (error) {
    return { bodies, error };
  }
  return { bodies, error: undefined };
}

function assertClosed(error: unknown, lost: readonly string[]): asserts error is ConnectionClosed {
  assert.ok(error instanceof ConnectionClosed, String(error));
  const lostRequests = lost.map((path) => ({ method: 'GET', path, mayHaveBeenProcessed: true }));
  assert.deepEqual(error.lostRequests, lostRequests);
}

const failure = new Error('reset');

test('a stream of responses that is cut anywhere ends with ConnectionClosed, which knows the lost requests', async () => {
  const answers = ok('one') + ok('two') + ok('three');
  const ends = [ok('one').length, ok('one').length + ok('two').length];
  for (const at of [0, 1, ends[0] ?? 0, (ends[0] ?? 0) + 5, (ends[1] ?? 0) - 1, ends[1] ?? 0, answers.length - 1]) {
    for (const end of ['end', 'error', 'close'] as const) {
      const responses = new PassThrough();
      const requests = new PassThrough();
      responses.write(answers.slice(0, at));
      if (end === 'end') responses.end();
      // Not before what was written has been read.
      else if (at === 0) responses.destroy(end === 'error' ? failure : undefined);
      else responses.once('data', () => setImmediate(() => responses.destroy(end === 'error' ? failure : undefined)));
      const { bodies, error } = await fetched(responses, requests);
      const answered = ends.filter((length) => length <= at).length;
      assert.deepEqual(bodies, ['one', 'two'].slice(0, answered));
      assertClosed(error, ['/1', '/2', '/3'].slice(answered));
      if (end === 'error') assert.equal(error.cause, failure);
      assert.equal(error.bytesReceived, at);
    }
  }
});

test('a stream of requests that fails leaves what was answered before', async () => {
  const responses = new PassThrough();
  const requests = new Writable({
    write(_chunk, _encoding, done) {
      responses.end(ok('one'));
      done(failure);
    },
  });
  const { bodies, error } = await fetched(responses, requests);
  assert.deepEqual(bodies, ['one']);
  assertClosed(error, ['/2', '/3']);
  assert.deepEqual([error.cause, error.bytesSent], [failure, 0]);
});
