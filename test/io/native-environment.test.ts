/** The addon in worker threads, at their end and at the end of the process; nothing may leak. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import { openDescriptors } from '../support/open-descriptors.ts';
import { message, run, worker, workerPrelude } from './native-programs.ts';
import { available, slowGetaddrinfo } from './native-slow-getaddrinfo.ts';
import { EBADF, listen, loopTurns, POLLIN, watch } from './native-support.ts';

describe('a worker', () => {
  it('has the addon for itself, while others use it', async () => {
    await using server = await listen();
    const workers = [1, 2, 3].map((id) =>
      worker(
        `
        listenToReadiness();
        (async () => {
          const fd = connect(workerData.port);
          await watch(fd, 4);
          native.send(fd, Buffer.from('hello ' + workerData.id), 0, 7);
          const lookup = native.lookup('127.0.0.' + workerData.id, 4);
          native.pollOne(lookup, 1, -1);
          const found = native.lookupResult(lookup);
          parentPort.postMessage({ found, counts: native.counts() });
        })();
        `,
        { port: server.port, id },
      ),
    );
    const results = await Promise.all(workers.map(message));
    assert.deepEqual(
      results,
      [1, 2, 3].map((id) => ({ found: [`127.0.0.${id}`], counts: { owned: 2, watched: 0 } })),
    );
    assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
    await Promise.all(workers.map((each) => each.terminate()));
  });

  it('cannot use the sockets of another thread', async () => {
    const fd = native.socket(4);
    const thread = worker(
      `parentPort.postMessage([native.close(workerData), native.send(workerData, Buffer.alloc(1), 0, 1)]);`,
      fd,
    );
    const exited = once(thread, 'exit');
    assert.deepEqual(await message(thread), [-EBADF, -EBADF]);
    await exited;
    assert.equal(native.close(fd), 0);
  });

  it('closes what it has open when it ends', async () => {
    const code = `
      native.onReady(() => {});
      for (let i = 0; i < 50; i++) native.watch(native.socket(4), i % 3 === 0 ? 1 : 0);
      for (let i = 0; i < 20; i++) native.watch(native.lookup('127.0.0.1', 0), i % 3 === 0 ? 1 : 0);
      process.exit();
    `;
    await once(worker(code), 'exit');
    const before = [openDescriptors('socket:'), openDescriptors('pipe:')];
    for (let round = 0; round < 5; round++) await once(worker(code), 'exit');
    assert.deepEqual([openDescriptors('socket:'), openDescriptors('pipe:')], before);
  });

  it('may be terminated while it watches, with reports coming in all the time', async () => {
    await using server = await listen();
    for (let round = 0; round < 10; round++) {
      const thread = worker(
        `
        native.onReady((fd) => { native.watch(fd, 5); });
        for (let i = 0; i < 30; i++) native.watch(connect(workerData), 5);
        setImmediate(() => parentPort.postMessage('watching'));
        `,
        server.port,
      );
      assert.equal(await message(thread), 'watching');
      await thread.terminate();
    }
  });

  it('may be terminated while it waits for quiet sockets, some of them just closed', async () => {
    await using server = await listen();
    for (let round = 0; round < 10; round++) {
      const thread = worker(
        `
        listenToReadiness();
        (async () => {
          const fds = Array.from({ length: 20 }, () => connect(workerData));
          await Promise.all(fds.map((fd) => watch(fd, 4)));
          for (const fd of fds) native.watch(fd, 1);
          fds.forEach((fd, index) => { if (index % 3 === 0) native.close(fd); });
          parentPort.postMessage('waiting');
          for (;;);
        })();
        `,
        server.port,
      );
      assert.equal(await message(thread), 'waiting');
      await thread.terminate();
    }
  });

  it('may be terminated while it is blocked for ever', async () => {
    for (const wait of ['native.pollOne(-1, 0, -1)', 'native.poll(new Int32Array([-1, 1, 0]), 1e9)']) {
      const thread = worker(`parentPort.postMessage('blocked'); ${wait};`);
      assert.equal(await message(thread), 'blocked');
      assert.equal(await thread.terminate(), 1);
    }
  });

  it('that is blocked for ever does not hold up process.exit()', async () => {
    const code = `
      const { Worker } = require('node:worker_threads');
      const code = ${JSON.stringify(`${workerPrelude} parentPort.postMessage(''); native.pollOne(-1, 0, -1);`)};
      new Worker(code, { eval: true }).on('message', () => process.exit(0));
    `;
    await run(code);
  });

  it('may be the only one that ever loads the addon, again and again', async () => {
    await using server = await listen();
    const inWorker = `${workerPrelude}
      listenToReadiness();
      native.watch(connect(workerData), 1);
      for (let i = 0; i < 12; i++) native.lookup('name-' + i + '.invalid', 0);
      process.exit();
    `;
    const code = `
      const { Worker } = require('node:worker_threads');
      (async () => {
        for (let round = 0; round < 5; round++) {
          const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true, workerData: ${server.port} });
          await new Promise((resolve) => worker.on('exit', resolve));
        }
      })();
    `;
    await run(code, {}, '');
  });

  it('may end while a lookup runs, which then comes back to an addon that no one has loaded', {
    skip: !available && 'needs Linux and a C compiler',
  }, async () => {
    for (const ending of ['process.exit();', 'parentPort.postMessage(0); setInterval(() => {}, 1000);']) {
      using slow = slowGetaddrinfo();
      const inWorker = `${workerPrelude}
        for (let i = 0; i < 12; i++) native.lookup('127.0.0.' + i, 0);
        while (fs.readFileSync(process.env.SLOW_LOG, 'latin1').split('\\n').length < 13) native.pollOne(-1, 0, 1);
        ${ending}
      `;
      const code = `
        const { Worker } = require('node:worker_threads');
        const fs = require('node:fs');
        const worker = new Worker(${JSON.stringify(inWorker)}, { eval: true });
        worker.on('message', () => worker.terminate());
        worker.on('exit', () => {
          // The threads are to run to their end. They cannot be asked; only counted.
          const threads = () => fs.readdirSync('/proc/self/task').length;
          const before = threads();
          const gate = fs.openSync(process.env.SLOW_GATE, 'r+');
          const timer = setInterval(() => {
            if (threads() > before - 12) return;
            clearInterval(timer);
            fs.closeSync(gate);
          }, 5);
        });
      `;
      await run(code, slow.environment, '');
    }
  });
});

describe('the addon', () => {
  it('opens and closes 10,000 sockets without leaving one', () => {
    const before = openDescriptors();
    for (let round = 0; round < 10_000; round++) {
      const fd = native.socket(round % 2 === 0 ? 4 : 6);
      if (round % 4 === 0) assert.equal(native.watch(fd, POLLIN), 0);
      assert.equal(native.close(fd), 0);
    }
    assert.equal(openDescriptors(), before);
    assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
  });

  it('connects, watches and closes without leaving an fd', async () => {
    await using server = await listen();
    const cycle = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        await using pair = await server.pair();
        await watch(pair.fd, 4);
      }
    };
    await cycle(100);
    await loopTurns();
    const before = openDescriptors();
    await cycle(400);
    await loopTurns();
    assert.ok(!(openDescriptors() > before + 5));
    assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
  });

  it('counts what it owns and watches', () => {
    const fd = native.socket(4);
    const lookup = native.lookup('127.0.0.1', 0);
    native.watch(lookup, POLLIN);
    assert.deepEqual(native.counts(), { owned: 2, watched: 1 });
    native.watch(lookup, 0);
    assert.deepEqual(native.counts(), { owned: 2, watched: 0 });
    native.close(fd);
    native.close(lookup);
    assert.deepEqual(native.counts(), { owned: 0, watched: 0 });
  });

  it('may be loaded twice in one thread, each with its own sockets', async () => {
    const output = await run(`
      const { copyFileSync, rmSync } = fs;
      const copy = process.env.DUGONG_ADDON + '.' + process.pid + '.node';
      copyFileSync(process.env.DUGONG_ADDON, copy);
      const other = require(copy);
      rmSync(copy);
      const fd = native.socket(4);
      say(other.close(fd) + ' ' + native.close(fd));
    `);
    assert.equal(output, `${-EBADF} 0\n`);
  });
});
