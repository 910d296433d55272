/** Situations of fetches, each of createFetch or of fetchSync, depending on the way of waiting. */

import { ConnectionClosed, ExcessBodyData, MissingBodyData } from '../client.ts';
import { kernel } from '../kernel/install.ts';
import { Caller, causeOf, shown } from './caller.ts';
import { NARROW, response, type Situation, type Stage, textOf } from './stage.ts';

/** Small bodies are sent before anything is read. */
function uploadOf({ random }: Stage): Buffer {
  return textOf('upload', random.chance(0.5) ? random.between(70_000, 100_000) : random.between(10_000, 60_000));
}

const redirectInUpload: Situation = {
  name: 'a redirect during an upload, whose body does not end',
  ways: ['blocking', 'future'],
  async play(stage) {
    const { random } = stage;
    const delay = random.between(0, 100);
    stage.serve(function* (talk) {
      const head = yield* stage.coHead(talk);
      if (head !== 'PUT /') {
        yield* talk.send(response(200, Buffer.from('there')));
        yield* stage.coHead(talk);
        return;
      }
      yield* talk.readBytes(2000);
      yield* talk.sleep(delay);
      const there = `HTTP/1.1 303 Scripted\r\nLocation: /there\r\nContent-Length: 100000\r\n\r\nthere`;
      yield* talk.send(Buffer.from(there));
      yield* talk.sleep(200_000);
    }, NARROW);
    using caller = new Caller(stage);
    const body = textOf('upload', random.between(70_000, 100_000));
    const told = () => caller.call('/', { method: 'PUT', body });
    await caller.expect('a redirect', told, { status: 200, text: 'there' }, 5000);
  },
};

const refusedInUpload: Situation = {
  name: 'an upload that is refused in its middle',
  ways: ['blocking', 'future'],
  async play(stage) {
    const { random } = stage;
    const [before, after] = [random.between(0, 100), random.between(0, 100)];
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.readBytes(2000);
      yield* talk.sleep(before);
      yield* talk.send(response(413, Buffer.from('too large'), ['Connection: close']));
      talk.wire.finish();
      yield* talk.sleep(20 + after);
    }, NARROW);
    using caller = new Caller(stage);
    const told = () => caller.call('/', { method: random.pick(['PUT', 'POST']), body: uploadOf(stage) });
    await caller.expect('the refusal', told, { status: 413, text: 'too large' }, 5000);
  },
};

/** If the body is longer than announced, the server has answered the announced part before there is more. */
const otherLength: Situation = {
  name: 'a body of another length than it was announced to be of',
  ways: ['blocking', 'future'],
  async play(stage) {
    const { random, world } = stage;
    const length = random.between(1, 2000);
    const part = random.between(1, length);
    const excess = random.chance(0.7) ? random.between(1, 2000) : -random.between(1, length);
    const bytes = textOf('upload', length + excess);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.readBytes(length);
      yield* talk.send(response(200, Buffer.from('taken')));
      yield* stage.coHead(talk);
    });
    const body = {
      *[Symbol.iterator](): Generator<Uint8Array, void> {
        for (let at = 0; at < length; at += part) yield bytes.subarray(at, Math.min(length, at + part));
        if (excess < 0) return;
        world.spend(20);
        yield bytes.subarray(length);
      },
    };
    using caller = new Caller(stage);
    const headers = { 'Content-Length': String(length) };
    try {
      const { status } = await caller.call('/', { method: 'PUT', headers, body });
      stage.problem(`${bytes.length} of ${length} bytes are sent with success: ${status}`);
    } catch (error) {
      const right = causeOf(error) instanceof (excess < 0 ? MissingBodyData : ExcessBodyData);
      stage.expect(right, `${bytes.length} of ${length} bytes are sent: ${shown(error)}`);
    }
  },
};

/** The rest of the request is made of the response to its beginning. */
const conversation: Situation = {
  name: 'an answer while the body is being made',
  ways: ['future'],
  async play(stage) {
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.readThrough('begin');
      yield* talk.send(Buffer.from('HTTP/1.1 200 Scripted\r\nContent-Length: 5\r\n\r\n'));
      yield* talk.readThrough('end');
      yield* talk.send(Buffer.from('ended'));
      yield* stage.coHead(talk);
    });
    using caller = new Caller(stage);
    let onHead = (): void => {};
    const answered = new Promise<void>((resolve) => {
      onHead = resolve;
    });
    const pieces = async function* (): AsyncGenerator<string, void> {
      yield 'begin';
      await answered;
      yield 'end';
    };
    const told = () => caller.begin('/', { method: 'POST', body: pieces(), onHead });
    await caller.expect('an answer', told, { status: 200, text: 'ended' });
  },
};

/** The server closes each connection at its second request. */
const fickle: Situation = {
  name: 'a server that closes what it was to keep',
  ways: ['blocking', 'future'],
  async play(stage) {
    const { random } = stage;
    let posts = 0;
    stage.serve(function* (talk) {
      for (let count = 0; ; count++) {
        const head = yield* stage.coHead(talk);
        if (head?.startsWith('POST')) posts++;
        if (head === undefined || count > 0) return;
        yield* talk.send(response(200, Buffer.from('taken')));
      }
    });
    using caller = new Caller(stage);
    let lost = 0;
    for (let count = 1; count <= 2; count++) {
      await caller.expect('a GET', () => caller.call('/'), { status: 200, text: 'taken' }, 1000);
      if (random.chance(0.5)) await caller.sleep(random.between(1, 500));
      try {
        await caller.call('/', { method: 'POST', body: Buffer.from('once') });
      } catch (error) {
        lost++;
        stage.expect(causeOf(error) instanceof ConnectionClosed, `a POST: ${shown(error)}`);
      }
      stage.expect(posts === count, `${posts} of ${count} POSTs have arrived`);
    }
    stage.expect(lost === 1, `${lost} POSTs are lost to a server that is known to close what it was to keep`);
  },
};

const slowBody: Situation = {
  name: 'a body that comes slowly',
  ways: ['blocking', 'future'],
  async play(stage) {
    const { random } = stage;
    const bodyTimeout = random.between(500, 1000);
    const body = textOf('body', random.between(5, 20)).map((byte) => 97 + (byte % 26));
    const silent = random.chance(0.3);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(Buffer.from(`HTTP/1.1 200 Scripted\r\nContent-Length: ${body.length}\r\n\r\n`));
      for (let at = 0; at < body.length; at++) {
        yield* talk.sleep(silent && at === 3 ? 100_000 : bodyTimeout / 2);
        yield* talk.send(body.subarray(at, at + 1));
      }
      yield* stage.coHead(talk);
    });
    using caller = new Caller(stage, { bodyTimeout });
    const told = () => caller.call('/');
    const text = Buffer.from(body).toString('latin1');
    if (silent) await caller.expectTimeOut('a body that stops', told, bodyTimeout);
    else await caller.expect('a slow body', told, { status: 200, text });
  },
};

/** The server takes only the beginning of an upload, and may send all the time. */
const deafServer: Situation = {
  name: 'a server that does not read',
  ways: ['blocking', 'future'],
  async play(stage) {
    const { random } = stage;
    const talks = random.chance(0.5);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.readBytes(2000);
      if (talks) while (yield* talk.send(Buffer.from('HTTP/1.1 103 Scripted\r\n\r\n'))) yield* talk.sleep(50);
      yield* talk.sleep(200_000);
    }, NARROW);
    const headersTimeout = random.between(500, 1000);
    using caller = new Caller(stage, { headersTimeout });
    const body = textOf('upload', random.between(10_000, 100_000));
    await caller.expectTimeOut('an upload', () => caller.call('/', { method: 'PUT', body }), headersTimeout);
  },
};

/** The response arrives in time, and the thread is busy until the limit is over. */
const lateLook: Situation = {
  name: 'an answer that is looked at late',
  ways: ['future'],
  async play(stage) {
    const { random } = stage;
    const inBody = random.chance(0.5);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(response(200));
      yield* stage.coHead(talk);
      const [head, body] = ['HTTP/1.1 200 Scripted\r\nContent-Length: 4\r\n\r\n', 'late'];
      if (inBody) yield* talk.send(Buffer.from(head));
      yield* talk.sleep(50);
      yield* talk.send(Buffer.from(inBody ? body : head + body));
      yield* stage.coHead(talk);
    });
    using caller = new Caller(stage, { headersTimeout: 1000, bodyTimeout: 1000 });
    await caller.expect('the first answer', () => caller.call('/'), { status: 200, text: '' });
    stage.later(20, () => stage.world.spend(2000));
    await caller.expect('an answer that is there', () => caller.call('/'), { status: 200, text: 'late' });
  },
};

/** The request that waits the longest is aborted together with the one that it waits for. */
const queue: Situation = {
  name: 'an abort of what waits for a connection',
  ways: ['future'],
  async play(stage) {
    const { random } = stage;
    stage.serve(function* (talk) {
      for (let head = yield* stage.coHead(talk); head !== undefined; head = yield* stage.coHead(talk)) {
        if (head === 'GET /never') yield* talk.sleep(200_000);
        yield* talk.send(response(200, Buffer.from(head)));
      }
    });
    using caller = new Caller(stage, { maxConnectionsPerOrigin: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = ['/never', '/second', '/third'].slice(0, random.between(2, 3)).map((target) =>
      caller.begin(target, { signal }).then(
        () => stage.problem(`${target} is answered although it was aborted`),
        (error: unknown) => stage.expect(error === signal.reason, `${target} is aborted: ${shown(error)}`),
      ),
    );
    const last = caller.begin('/last');
    stage.later(random.between(10, 100), () => controller.abort());
    await Promise.all(aborted);
    await caller.expect('what waits behind it', () => last, { status: 200, text: 'GET /last' }, 5000);
  },
};

/** Milliseconds between looks at idle connections, and a margin. */
const LOOK = 1100;

const idle: Situation = {
  name: 'idle connections',
  ways: ['blocking', 'future'],
  async play(stage) {
    const { random } = stage;
    const idleTimeout = stage.way === 'blocking' ? 4000 : random.between(1000, 5000);
    const why = random.pick(['its server has closed', 'whose time is over', 'whose server said when'] as const);
    const closes = random.between(1, 1000);
    const fields = why === 'whose server said when' ? ['Keep-Alive: timeout=1'] : [];
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(response(200, Buffer.from('kept'), fields));
      if (why === 'its server has closed') yield* talk.sleep(closes);
      else yield* stage.coHead(talk);
    });
    using caller = new Caller(stage, { idleTimeout });
    const before = kernel.counts().owned;
    await caller.expect('an answer', () => caller.call('/'), { status: 200, text: 'kept' });
    stage.expect(kernel.counts().owned > before, 'the connection is not kept');
    await caller.sleep((why === 'whose time is over' ? idleTimeout : 1000) + LOOK);
    stage.expect(kernel.counts().owned === before, `an idle connection stays open ${why}`);
  },
};

const fewIdle: Situation = {
  name: 'more idle connections than are kept',
  ways: ['future'],
  async play(stage) {
    const maxIdleConnections = stage.random.between(0, 3);
    stage.serve(function* (talk) {
      while ((yield* stage.coHead(talk)) !== undefined) yield* talk.send(response(200));
    });
    using caller = new Caller(stage, { maxIdleConnections });
    const before = kernel.counts().owned;
    await Promise.all(['/1', '/2', '/3', '/4'].map((target) => caller.call(target)));
    const kept = kernel.counts().owned - before;
    stage.expect(kept === maxIdleConnections, `${kept} idle connections are kept, of ${maxIdleConnections} at most`);
  },
};

/** The idle time ends between two looks. */
const stale: Situation = {
  name: 'an idle connection whose time is over',
  ways: ['future'],
  async play(stage) {
    const idleTimeout = stage.random.between(1100, 1500);
    stage.serve(function* (talk, connection) {
      while ((yield* stage.coHead(talk)) !== undefined) yield* talk.send(response(200, Buffer.from(`${connection}`)));
    });
    using caller = new Caller(stage, { idleTimeout });
    await caller.expect('the first', () => caller.call('/'), { status: 200, text: '1' });
    await caller.sleep(idleTimeout / 2);
    await caller.expect('the second', () => caller.call('/'), { status: 200, text: '1' });
    await caller.sleep(idleTimeout + stage.random.between(50, 300));
    await caller.expect('the third', () => caller.call('/'), { status: 200, text: '2' });
  },
};

export const FETCHING: readonly Situation[] = [
  redirectInUpload,
  refusedInUpload,
  otherLength,
  conversation,
  fickle,
  slowBody,
  deafServer,
  lateLook,
  queue,
  idle,
  fewIdle,
  stale,
];
