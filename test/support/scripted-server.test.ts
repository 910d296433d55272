import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loaderOptions } from './compiled.ts';
import {
  type Address,
  close,
  delay,
  end,
  expect,
  expectAnything,
  expectBytes,
  expectEnd,
  expectHead,
  gate,
  loop,
  mark,
  reset,
  send,
  sendForever,
  startScriptedServer,
  stopReading,
} from './scripted-server.ts';
import { timeLimit } from './time-limit.ts';

/** A node:net client whose failures do not end the test and whose writes can be awaited. */
async function dial(server: Address): Promise<Socket> {
  const socket = connect({ host: server.hostname, port: server.port, allowHalfOpen: true });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', () => resolve());
  });
  return socket;
}

/** Resolves when the kernel has taken the bytes. */
function write(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Settles when the connection is over, in any way (libuv makes an end of some resets). */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once('end', () => socket.destroy());
    socket.once('close', () => resolve());
  });
}

/** The bytes until the other side closes. */
async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
  });
  await once(socket, 'end');
  return text;
}

describe('a scripted server', () => {
  test('plays its steps in order and passes its check', async () => {
    using server = startScriptedServer([
      [expect('ping'), send('pong'), expectHead(), expectBytes(3), end(), expectEnd()],
    ]);
    const client = await dial(server);
    await write(client, 'pingHEAD\r\n\r\nabc');
    assert.equal(await readToEnd(client), 'pong');
    client.end();
    await closing(client);
    server.check();
    assert.deepEqual(server.heads(), ['HEAD\r\n\r\n']);
    assert.equal(server.received().toString(), 'pingHEAD\r\n\r\nabc');
  });

  test('gives connections their scripts in the order in which they come', async () => {
    using server = startScriptedServer([
      [send('first'), close()],
      [send('second'), close()],
    ]);
    const texts: string[] = [];
    for (let count = 0; count < 2; count++) {
      const client = await dial(server);
      texts.push(await readToEnd(client));
      client.destroy();
    }
    assert.deepEqual(texts, ['first', 'second']);
    assert.equal(server.connections(), 2);
    server.check();
  });

  test('tells its address to scripts that need it, and has the authority of an IPv6 address in brackets', async () => {
    using server = startScriptedServer(({ authority }) => [[expect(`Host: ${authority}`), close()]], { host: '::1' });
    assert.equal(server.hostname, '::1');
    const client = await dial(server);
    await write(client, `Host: [::1]:${server.port}`);
    await readToEnd(client);
    client.destroy();
    server.check();
  });

  test('listens on a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dugong-scripted-'));
    try {
      const path = join(folder, 'socket');
      using server = startScriptedServer([[expect('x'), send('y'), reset()]], { socketPath: path });
      const client = connect(path);
      await write(client, 'x');
      assert.equal(await readToEnd(client), 'y');
      server.check();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('repeats steps', async () => {
    using server = startScriptedServer([[loop(3, [expect('a'), send('b')]), close()]]);
    const client = await dial(server);
    await write(client, 'aaa');
    assert.equal(await readToEnd(client), 'bbb');
    client.destroy();
    server.check();
  });

  test('sends in small pieces when asked to', async () => {
    using server = startScriptedServer([[send('abcdef', { chunk: 1, every: 1 }), delay(1), close()]]);
    assert.equal(await readToEnd(await dial(server)), 'abcdef');
    server.check();
  });

  test('opens a gate and reports a mark while the event loop of the test stands still', async () => {
    using server = startScriptedServer([
      [expect('go'), mark('asked'), gate('answer'), send('ok'), mark('answered'), close()],
    ]);
    const client = await dial(server);
    await write(client, 'go');
    server.waitFor('asked');
    server.open('answer');
    server.waitFor('answered');
    assert.equal(await readToEnd(client), 'ok');
    client.destroy();
    server.check();
  });

  test('reports a mark to a test that awaits it', async () => {
    using server = startScriptedServer([[expect('x'), mark('seen')]]);
    const reached = server.reached('seen');
    const client = await dial(server);
    await write(client, 'x');
    await reached;
    await server.reached('seen');
    client.destroy();
    server.check();
  });

  test('lets its own side be closed while it goes on reading', async () => {
    using server = startScriptedServer([[end(), expect('still here'), expectEnd()]]);
    const client = await dial(server);
    assert.equal(await readToEnd(client), '');
    client.end('still here');
    await closing(client);
    server.check();
  });

  test('aborts a connection so that the client sees a reset', async () => {
    using server = startScriptedServer([[expect('x'), reset()]]);
    const client = await dial(server);
    const failed = once(client, 'error');
    await write(client, 'x');
    const [error] = await failed;
    assert.equal(error.code, 'ECONNRESET');
    server.check();
  });

  test('makes the peer wait after stopReading, and then takes everything', async () => {
    const large = Buffer.alloc(32 * 2 ** 20, 'x');
    using server = startScriptedServer([
      [stopReading(), mark('stopped'), gate('read'), expectAnything(), expectEnd(), send('done'), close()],
    ]);
    const client = await dial(server);
    server.waitFor('stopped');
    let written = false;
    const writing = write(client, large).then(() => {
      written = true;
    });
    client.end();
    await assert.rejects(Promise.race([writing, rejectWhenStalled(client)]), /stalled/);
    assert.equal(written, false);
    server.open('read');
    await writing;
    assert.equal(await readToEnd(client), 'done');
    server.check();
  });

  test('sends for ever, no faster than it is read, until the peer goes away', async () => {
    using server = startScriptedServer([[sendForever('abc')]]);
    const client = await dial(server);
    const [bytes] = (await once(client, 'data')) as [Buffer];
    assert.equal(bytes.subarray(0, 7).toString(), 'abcabca');
    client.destroy();
    server.check();
  });

  test('keeps the order of repeated bytes over the bounds of its writes', async () => {
    using server = startScriptedServer([[expect('x'), sendForever('abcde', { chunk: 7, limit: 70 })]]);
    const client = await dial(server);
    let text = '';
    client.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    await write(client, 'x');
    await closing(client);
    assert.ok('abcde'.repeat(14).startsWith(text));
    assert.throws(() => server.check(), /the peer took all 70 bytes and did not go away/);
  });

  test('lets a peer leave in the middle of what is sent if the script says so', async () => {
    using server = startScriptedServer([
      [expect('x'), gate('gone'), send(Buffer.alloc(2 ** 24), { peerMayLeave: true })],
    ]);
    const client = await dial(server);
    await write(client, 'x');
    client.destroy();
    await closing(client);
    server.open('gone');
    server.check();
  });

  test('accepts anything after expectAnything, and does not keep it', async () => {
    using server = startScriptedServer([[expect('a'), expectAnything(), mark('anything'), expectEnd()]]);
    const client = await dial(server);
    await write(client, 'a');
    await server.reached('anything');
    await write(client, Buffer.alloc(2 ** 20));
    client.destroy();
    await closing(client);
    server.check();
    assert.equal(server.received().toString(), 'a');
  });
});

describe('the check of a scripted server', () => {
  test('shows both byte strings where they differ, and keeps what came', async () => {
    using server = startScriptedServer([[send('hello'), expect('GET /a\r\n'), send('never')]]);
    const client = await dial(server);
    client.resume();
    const closed = closing(client);
    await write(client, 'GET /b\r\n');
    await closed;
    assert.throws(
      () => server.check(),
      (error: Error) => {
        assert.match(error.message, /^connection 0: step 2 of 3 \(expect\): bytes differ at offset 5/);
        assert.match(error.message, / {2}expected "GET \/a\\r\\n"\n {2}received "GET \/b\\r\\n"\n {17}\^/);
        return true;
      },
    );
    assert.equal(server.received().toString(), 'GET /b\r\n');
  });

  test('reports a mismatch before all the expected bytes have come', async () => {
    using server = startScriptedServer([[expect('abcdef')]]);
    const client = await dial(server);
    client.resume();
    await write(client, 'abX');
    await closing(client);
    assert.throws(() => server.check(), /differ at offset 2/);
  });

  test('reports a peer that closes too early', async () => {
    using server = startScriptedServer([[expect('abcdef')]]);
    const client = await dial(server);
    client.end('abc');
    client.resume();
    await closing(client);
    assert.throws(() => server.check(), /expected 6 bytes, but the peer closed after 3 bytes: "abc"/);
  });

  test('reports bytes that come after the end of the script', async () => {
    using server = startScriptedServer([[expect('abc')]]);
    const client = await dial(server);
    await write(client, 'abcdef');
    assert.throws(() => server.check(), /connection 0: the script is finished\n {2}3 bytes came after the end/);
    client.destroy();
  });

  test('reports bytes where the end was expected', async () => {
    using server = startScriptedServer([[expectEnd()]]);
    const client = await dial(server);
    client.resume();
    await write(client, 'more');
    await closing(client);
    assert.throws(() => server.check(), /the peer goes on: "more"/);
  });

  test('reports a connection for which there is no script', async () => {
    using server = startScriptedServer([]);
    const client = await dial(server);
    client.resume();
    await closing(client);
    assert.throws(() => server.check(), /connections for which there was no script: 1/);
  });

  test('gives up after its time limit and says where each script stands', () => {
    using server = startScriptedServer([[gate('never')]], { limit: 50 });
    assert.throws(() => server.check(), /no answer to check within[\s\S]*connection 0: was never made/);
  });

  test('says in which round of a loop a script failed', async () => {
    using server = startScriptedServer([[loop(2, [expect('a')])]]);
    const client = await dial(server);
    client.end('ab');
    client.resume();
    await closing(client);
    assert.throws(() => server.check(), /step 1 of 1, round 2, step 1 of 1 \(expect\)/);
  });

  test('ends the wait for a mark that a failed script cannot reach', async () => {
    using server = startScriptedServer([[expect('a'), mark('seen')]]);
    const client = await dial(server);
    await write(client, 'b');
    assert.throws(() => server.waitFor('seen'), /mark 'seen' was not reached[\s\S]*differ at offset 0/);
    await assert.rejects(server.reached('seen'), /mark 'seen' was not reached/);
  });
});

describe('stopping a scripted server', () => {
  test('frees its port, resets its connections and may be repeated', async () => {
    const server = startScriptedServer([[gate('never')]]);
    const client = await dial(server);
    client.resume();
    const closed = closing(client);
    server.stop();
    server.stop();
    await closed;
    await assert.rejects(once(connect(server.port, server.hostname), 'connect'), { code: 'ECONNREFUSED' });
    assert.throws(() => server.received(), /has been stopped/);
  });

  test('is not needed for the process to end', () => {
    const module = fileURLToPath(new URL('./scripted-server.ts', import.meta.url));
    const code = `import { startScriptedServer, gate } from ${JSON.stringify(module)}; startScriptedServer([[gate('never')]]);`;
    const argv = [...loaderOptions, '--input-type=module', '--eval', code];
    const child = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: timeLimit(30_000) });
    assert.equal(child.status, 0, child.stderr);
  });
});

/** Rejects when two turns of a second each have brought no progress: the kernel's buffers are full. */
async function rejectWhenStalled(socket: Socket): Promise<never> {
  for (;;) {
    const before = socket.bytesWritten - socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, timeLimit(200)));
    if (socket.bytesWritten - socket.writableLength === before) throw new Error('stalled');
  }
}
