/** Situations of reading responses: how far, by which coroutine, and which bytes must not be taken for one. */

import { ConnectionClosed, type Coroutine, coSleep, DugongError, StateError, UnsupportedResponse } from '../client.ts';
import { chunked, coBoth, response, type Situation, textOf } from './stage.ts';

const twoReaders: Situation = {
  name: 'two readers of answers that are there',
  play(stage) {
    stage.serve(function* (talk) {
      for (let count = 0; count < 2; count++) yield* stage.coHead(talk);
      yield* talk.send(Buffer.concat([response(204), response(204)]));
      yield* stage.coHead(talk);
    });
    // The responses arrive before both calls, or between them while other code of the program runs.
    const between = stage.random.chance(0.5);
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/1');
        yield* connection.coSendRequest('GET', '/2');
        if (!between) yield* coSleep(1000);
        const reader = function* (busy: number): Coroutine<void> {
          if (busy > 0) stage.world.spend(busy);
          yield* stage.coInTime('a reader of what is there', connection.coReadResponse(), 5000);
        };
        yield* coBoth(reader(0), reader(between ? 1000 : 0));
      })(),
    ];
  },
};

/** Each reader would get a part of the bytes. */
const secondReader: Situation = {
  name: 'a second reader',
  play(stage) {
    const { random } = stage;
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.sleep(500);
      yield* talk.send(response(200, Buffer.from('answer')));
      yield* stage.coHead(talk);
    });
    const connection = stage.connection();
    const first = function* (): Coroutine<void> {
      yield* connection.coSendRequest('GET', '/');
      const answer = yield* stage.coInTime('the first reader', connection.coReadResponse());
      stage.expect(answer?.status === 200, `the first reader has ${answer?.status}`);
      stage.expect((yield* connection.coReadText()) === 'answer', 'the first reader has another body');
      connection.disconnect();
    };
    const second = function* (): Coroutine<void> {
      while (connection.pendingRequests().at(0)?.stage !== 'sent') yield* coSleep(1);
      yield* coSleep(random.between(0, 50));
      const error = yield* stage.coError('the second reader', connection.coReadResponse());
      stage.expect(error instanceof StateError, `the second reader: ${error}`);
    };
    // A loop of the program has no slots.
    return stage.way === 'own' || random.chance(0.5) ? [coBoth(first(), second())] : [first(), second()];
  },
};

const exactParts: Situation = {
  name: 'a body read to its last byte',
  play(stage) {
    const { random } = stage;
    const body = textOf('body', random.between(1, 3000));
    const size = random.between(1, 700);
    // A part of the framing.
    const late = random.between(1, 7);
    stage.serve(function* (talk) {
      for (let count = 0; count < 2; count++) {
        yield* stage.coHead(talk);
        const answer = chunked(200, body, size);
        yield* talk.send(answer.subarray(0, -late));
        yield* talk.sleep(50);
        yield* talk.send(answer.subarray(-late));
      }
      yield* stage.coHead(talk);
    });
    const into = random.chance(0.5);
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/1');
        yield* connection.coReadResponse();
        const target = Buffer.alloc(body.length);
        for (let end = 0; end < body.length; ) {
          const part = target.subarray(end, end + 500);
          if (into) end += yield* connection.coReadInto(part);
          else end += (yield* connection.coRead(part.length)).copy(part);
        }
        stage.expect(target.equals(body), 'the first body is another one');
        yield* connection.coSendRequest('GET', '/2');
        yield* connection.coReadResponse();
        stage.expect((yield* connection.coReadAll()).equals(body), 'the second body is another one');
      })(),
    ];
  },
};

const tooLarge: Situation = {
  name: 'a body that is too large for memory',
  play(stage) {
    const { random } = stage;
    const body = textOf('body', random.between(2000, 5000));
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(chunked(200, body, 600));
      yield* stage.coHead(talk);
    });
    const limit = random.between(100, 1500);
    return [
      (function* () {
        using connection = stage.connection({ limits: { bodyInMemory: limit } });
        yield* connection.coSendRequest('GET', '/');
        yield* connection.coReadResponse();
        for (let count = 0; count < 2; count++) {
          const error = yield* stage.coError('a body that is too large', connection.coReadAll());
          stage.expect(error instanceof UnsupportedResponse, `a body that is too large: ${error}`);
        }
        const parts: Buffer[] = [];
        for (let part = yield* connection.coRead(); part.length > 0; part = yield* connection.coRead())
          parts.push(part);
        stage.expect(Buffer.concat(parts).equals(body), 'in parts, the body is another one');
      })(),
    ];
  },
};

const largeBody: Situation = {
  name: 'a body that is received past the buffer',
  play(stage) {
    const { random } = stage;
    const body = textOf('body', random.between(20_000, 60_000));
    const cut = random.chance(0.4) ? random.between(17_000, body.length - 1) : undefined;
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      const whole = response(200, body);
      yield* talk.send(whole.subarray(0, whole.length - body.length));
      yield* talk.sleep(50);
      yield* talk.send(body.subarray(0, cut));
      if (cut !== undefined) return;
      yield* stage.coHead(talk);
      yield* talk.send(response(200, Buffer.from('next')));
      yield* stage.coHead(talk);
    });
    return [
      (function* () {
        using connection = stage.connection({ receiveBufferSize: random.pick([512, 65_536]) });
        yield* connection.coSendRequest('GET', '/');
        yield* connection.coReadResponse();
        try {
          const whole = yield* stage.coInTime('a large body', connection.coReadAll());
          stage.expect(whole?.equals(body) === true, `a large body has ${whole?.length} of ${body.length} bytes`);
          yield* connection.coSendRequest('GET', '/next');
          yield* connection.coReadResponse();
          yield* connection.coReadAll();
        } catch (error) {
          stage.expect(cut !== undefined && error instanceof ConnectionClosed, `a large body: ${error}`);
        }
      })(),
    ];
  },
};

/** A head that is longer than the receive buffer, in pieces. */
const smallBuffer: Situation = {
  name: 'a small receive buffer',
  play(stage) {
    const { random } = stage;
    const bodies = [1, 2, 3].map((count) => textOf(`body ${count}`, random.between(0, 300)));
    const answers = Buffer.concat(
      bodies.map((body) => response(200, body, [`X-Long: ${'x'.repeat(random.between(0, 400))}`])),
    );
    const piece = random.between(20, 300);
    stage.serve(function* (talk) {
      for (const _ of bodies) yield* stage.coHead(talk);
      for (let start = 0; start < answers.length; start += piece) {
        yield* talk.send(answers.subarray(start, start + piece));
        yield* talk.sleep(5);
      }
      yield* stage.coHead(talk);
    });
    return [
      (function* () {
        using connection = stage.connection({ receiveBufferSize: random.between(64, 512) });
        for (const index of bodies.keys()) yield* connection.coSendRequest('GET', `/${index}`);
        for (const body of bodies) {
          yield* connection.coReadResponse();
          stage.expect((yield* connection.coReadAll()).equals(body), 'a body is another one');
        }
      })(),
    ];
  },
};

const endAnnounced: Situation = {
  name: 'an end that is announced',
  play(stage) {
    const { random } = stage;
    const old = random.chance(0.5);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      const answer = old
        ? 'HTTP/1.0 200 Scripted\r\nContent-Length: 4\r\n\r\nlast'
        : 'HTTP/1.1 200 Scripted\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast';
      yield* talk.send(Buffer.from(answer));
      const next = yield* stage.coHead(talk);
      stage.expect(next === undefined, `behind an end that was announced comes ${next}`);
    });
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/last');
        yield* connection.coReadResponse();
        yield* connection.coReadAll();
        const error = yield* stage.coError('a request behind the end', connection.coSendRequest('GET', '/next'), 5000);
        stage.expect(error instanceof ConnectionClosed, `a request behind the end: ${error}`);
      })(),
    ];
  },
};

const stale: Situation = {
  name: 'an answer that was there before',
  play(stage) {
    const body = textOf('body', 200);
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(Buffer.concat([response(200, body), response(299, Buffer.from('stale'))]));
      if ((yield* stage.coHead(talk)) === undefined) return;
      yield* talk.send(response(200, Buffer.from('second')));
      yield* stage.coHead(talk);
    });
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/first');
        yield* coSleep(100);
        yield* connection.coReadResponse();
        try {
          yield* connection.coSendRequest('GET', '/second');
          stage.expect((yield* connection.coReadAll()).equals(body), 'the first body is another one');
          const { status } = yield* connection.coReadResponse();
          stage.expect(status === 200, `the second answer is ${status}, which was there before it was asked for`);
          yield* connection.coReadAll();
        } catch (error) {
          stage.expect(error instanceof ConnectionClosed, `an answer that was there before: ${error}`);
        }
      })(),
    ];
  },
};

const oldServer: Situation = {
  name: 'chunks for a server of HTTP/1.0',
  play(stage) {
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(Buffer.from('HTTP/1.0 200 Scripted\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold'));
      const next = yield* stage.coHead(talk);
      stage.expect(next === undefined, `a server of HTTP/1.0 gets ${next} with chunks`);
    });
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coSendRequest('GET', '/');
        yield* connection.coReadResponse();
        yield* connection.coReadAll();
        yield* stage.coError('chunks', connection.coSendRequest('PUT', '/', { body: ['a', 'b'] }));
      })(),
    ];
  },
};

const disconnecting: Situation = {
  name: 'an informational response at which the program disconnects',
  play(stage) {
    const { random } = stage;
    const early = Buffer.from('HTTP/1.1 103 Early\r\n\r\n');
    stage.serve(function* (talk) {
      yield* stage.coHead(talk);
      yield* talk.send(Buffer.concat([early, response(200, Buffer.from('final'))]));
      yield* stage.coHead(talk);
    });
    const delay = random.pick([0, 100]);
    return [
      (function* () {
        const connection = stage.connection({ onInformational: () => connection.disconnect() });
        yield* connection.coSendRequest('GET', '/');
        yield* coSleep(delay);
        const error = yield* stage.coError('reading over a connection that is closed', connection.coReadResponse());
        stage.expect(error instanceof DugongError, `reading over a connection that is closed: ${error}`);
        connection.disconnect();
      })(),
    ];
  },
};

/** The lost requests include some of which bytes have left, and some of which none have. */
const lost: Situation = {
  name: 'what is lost',
  clear: true,
  play(stage) {
    const { random } = stage;
    const body = textOf('upload', random.between(3000, 9000));
    stage.serve(
      function* (talk) {
        yield* stage.coHead(talk);
        yield* talk.sleep(200);
        talk.endpoint.reset();
      },
      { client: { send: 1024, receive: 1024 }, server: { send: 1024, receive: 512 } },
    );
    return [
      (function* () {
        using connection = stage.connection();
        yield* connection.coConnect();
        connection.cork();
        yield* connection.coSendRequest('PUT', '/first', { body });
        yield* connection.coSendRequest('GET', '/second');
        connection.uncork();
        const error = yield* stage.coError('the answer', connection.coReadResponse());
        if (!(error instanceof ConnectionClosed)) return stage.problem(`what is lost: ${error}`);
        const said = error.lostRequests
          .map(({ path, mayHaveBeenProcessed }) => `${path} ${mayHaveBeenProcessed}`)
          .join();
        stage.expect(said === '/first true,/second false', `lost: ${said}`);
      })(),
    ];
  },
};

export const READING: readonly Situation[] = [
  twoReaders,
  secondReader,
  exactParts,
  tooLarge,
  largeBody,
  smallBuffer,
  endAnnounced,
  stale,
  oldServer,
  disconnecting,
  lost,
];
