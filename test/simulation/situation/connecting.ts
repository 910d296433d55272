/** Situations during connecting: names, addresses, proxies, time limits, and coroutines that share the attempt. */

import {
  ConnectionClosed,
  ConnectionTimedOut,
  type Coroutine,
  coSleep,
  coWithTimeout,
  DNSUnavailable,
  HostnameNotResolvable,
  ProxyError,
  SystemError,
  TLSError,
} from '../client.ts';
import { failure } from '../kernel/lookups.ts';
import { type Path, path } from '../network/network.ts';
import { plainWire } from '../servers/actors.ts';
import { alert, HANDSHAKE_FAILURE } from '../tls/records.ts';
import { coSecure } from '../tls/secure.ts';
import { coBoth, NARROW, response, type Script, type Situation, type Stage, TLS, textOf } from './stage.ts';

function serveOK(stage: Stage, given: Partial<Path> = {}, place: string = `${stage.address()}:80`): void {
  stage.serve(
    function* (talk) {
      while ((yield* stage.coHead(talk)) !== undefined) yield* talk.send(response(200, Buffer.from('ok')));
    },
    given,
    { place },
  );
}

/** The phase in which a time limit ends `coroutine`. */
function* coPhase(stage: Stage, expected: string, coroutine: Coroutine<unknown>, ms: number): Coroutine<void> {
  const begin = stage.world.now;
  const error = yield* stage.coError(`a time limit while ${expected}`, coroutine);
  const phase = error instanceof ConnectionTimedOut ? error.phase : String(error);
  stage.expect(phase === expected, `a time limit while ${expected}: ${phase}`);
  const took = stage.world.now - begin;
  stage.expect(took >= ms && took < ms + 30, `a time limit of ${ms} ms while ${expected} comes after ${took} ms`);
}

const phases: Situation = {
  name: 'time limits in each phase',
  play(stage) {
    const { random } = stage;
    const ms = random.between(20, 500);
    const phase = random.pick(['resolve', 'connect', 'send', 'receive'] as const);
    if (phase === 'resolve') stage.resolved = { answer: [stage.address()], delay: 10_000 };
    stage.serve(
      function* (talk) {
        if (phase === 'receive') yield* stage.coHead(talk);
        yield* talk.sleep(10_000);
      },
      phase === 'connect' ? { connect: 'hole' } : phase === 'send' ? NARROW : {},
    );
    return [
      (function* () {
        const connecting = phase === 'resolve' || phase === 'connect';
        using connection = stage.connection(connecting ? { connectTimeout: ms } : {});
        if (connecting) return yield* coPhase(stage, phase, connection.coConnect(), ms);
        yield* connection.coConnect();
        if (phase === 'send') {
          const sending = connection.coSendRequest('PUT', '/', { body: textOf('upload', 10_000) });
          return yield* coPhase(stage, phase, coWithTimeout(sending, ms), ms);
        }
        yield* connection.coSendRequest('GET', '/');
        yield* coPhase(stage, phase, coWithTimeout(connection.coReadResponse(), ms), ms);
      })(),
    ];
  },
};

const addresses: Situation = {
  name: 'several addresses, one of which works',
  play(stage) {
    const { random } = stage;
    const all = random
      .shuffle([stage.address(1), stage.address6(1), stage.address6(2), stage.address6(3)])
      .slice(0, random.between(2, 4));
    const working = random.pick(all);
    stage.resolved = { answer: all, delay: 1 };
    const bad = () => ({ connect: random.pick(['refuse', 'hole', 'unreachable', 'timeout'] as const), patience: 3000 });
    for (const address of all)
      serveOK(stage, address === working ? { up: slow(random.between(0, 400)) } : bad(), `${address}:80`);
    const parallel = random.between(1, 2);
    return [
      (function* () {
        using connection = stage.connection();
        if (parallel === 1) yield* stage.coInTime('connecting', connection.coConnect(), 5000);
        else yield* coBoth(coConnected(stage, connection), coConnected(stage, connection));
        if (stage.problems.length > 0) return;
        yield* connection.coSendRequest('GET', '/');
        yield* connection.coReadResponse();
        yield* connection.coReadAll();
      })(),
    ];
  },
};

function* coConnected(stage: Stage, connection: { coConnect(): Coroutine<void> }): Coroutine<void> {
  yield* stage.coInTime('connecting together', connection.coConnect(), 5000);
}

function slow(latency: number) {
  return { ...path().up, latency };
}

const noAddress: Situation = {
  name: 'several addresses, none of which works',
  play(stage) {
    const { random } = stage;
    const all = [stage.address(1), stage.address(2), stage.address6(1)].slice(0, random.between(1, 3));
    stage.resolved = { answer: all, delay: 1 };
    for (const address of all)
      serveOK(stage, { connect: 'refuse', down: slow(random.between(0, 300)) }, `${address}:80`);
    return [
      (function* () {
        using connection = stage.connection();
        const error = yield* stage.coError('connecting', connection.coConnect(), 5000);
        const code = error instanceof SystemError ? error.code : String(error);
        stage.expect(code === 'ECONNREFUSED', `connecting to where nothing listens: ${code}`);
      })(),
    ];
  },
};

const shared: Situation = {
  name: 'a dialling that is shared, and left by one',
  play(stage) {
    const { random } = stage;
    const all = [stage.address(1), stage.address6(1), stage.address(2)].slice(random.pick([0, 2]));
    stage.resolved = { answer: all, delay: random.between(1, 100) };
    for (const [index, address] of all.entries()) {
      const last = index === all.length - 1;
      serveOK(
        stage,
        last
          ? { up: slow(random.pick([1, 400])) }
          : { connect: random.pick(['refuse', 'hole'] as const), down: slow(random.between(0, 200)) },
        `${address}:80`,
      );
    }
    const connection = stage.connection();
    const limit = random.chance(0.5) ? random.between(1, 400) : 20_000;
    let left = 0;
    const part = (work: Coroutine<unknown>, ms: number) =>
      (function* (): Coroutine<void> {
        try {
          yield* ms === 20_000 ? stage.coInTime('sharing a dialling', work, ms) : stage.coLimited(work, ms);
        } finally {
          if (++left === 2) connection.disconnect();
        }
      })();
    return [
      part(connection.coSendRequest('GET', '/'), limit),
      part(
        (function* () {
          while (connection.pendingRequests().length === 0) yield* coSleep(1);
          yield* connection.coReadResponse();
          yield* connection.coReadAll();
        })(),
        20_000,
      ),
    ];
  },
};

const lateConnect: Situation = {
  name: 'a connection that is looked at late',
  clear: true,
  play(stage) {
    serveOK(stage);
    stage.resolved = { answer: [stage.address()], delay: 1 };
    const busyAt = stage.random.between(0, 1);
    return [
      (function* () {
        using connection = stage.connection({ connectTimeout: 1000 });
        const connecting = connection.coConnect();
        let count = 0;
        for (let step = connecting.next(); !step.done; step = connecting.next()) {
          // Other code of the program takes this long; the connection is established before it ends.
          if (count++ === 1) stage.world.spend(2000);
          else if (busyAt === 1) stage.world.spend(10);
          yield step.value;
        }
      })(),
    ];
  },
};

const resolver: Situation = {
  name: 'a name without an address',
  play(stage) {
    const unknown = stage.random.chance(0.5);
    stage.resolved = { answer: failure(unknown ? 'EAI_NONAME' : 'EAI_AGAIN'), delay: 5 };
    return [
      (function* () {
        using connection = stage.connection({ dnsTestHostnames: ['known.test'] });
        const error = yield* stage.coError('connecting', connection.coConnect());
        const right = error instanceof (unknown ? HostnameNotResolvable : DNSUnavailable);
        stage.expect(right, `a name that is ${unknown ? 'unknown' : 'not found out about'}: ${error}`);
      })(),
    ];
  },
};

const givenUp: Situation = {
  name: 'connecting that is given up',
  play(stage) {
    const { random } = stage;
    const all = [stage.address(1), stage.address6(1)];
    stage.resolved = { answer: all, delay: random.between(1, 200) };
    for (const address of all)
      serveOK(
        stage,
        random.pick([{ connect: 'hole' as const }, { up: slow(random.between(0, 200)) }]),
        `${address}:80`,
      );
    const limit = random.between(1, 600);
    return [
      (function* () {
        const connection = stage.connection();
        let connected = false;
        const connecting = function* (): Coroutine<void> {
          yield* connection.coConnect();
          connected = true;
        };
        yield* stage.coLimited(connecting(), limit);
        // Where it was given up, nothing is left to close.
        if (connected) connection.disconnect();
      })(),
    ];
  },
};

const proxyRefuses: Situation = {
  name: 'a proxy that refuses',
  play(stage) {
    const { random } = stage;
    const status = random.pick([302, 403, 407, 502]);
    const body = random.pick(['endless', 'length', 'none'] as const);
    const refuse: Script = function* (talk) {
      yield* stage.coHead(talk);
      if (body !== 'endless') {
        yield* talk.send(response(status, body === 'none' ? Buffer.alloc(0) : Buffer.from('refused')));
        yield* stage.coHead(talk);
        return;
      }
      yield* talk.send(Buffer.from(`HTTP/1.1 ${status} Scripted\r\n\r\nno`));
      yield* talk.sleep(200_000);
    };
    stage.serve(refuse, {}, { clear: true });
    const proxy = `http://${stage.hostname}:80`;
    return [
      (function* () {
        using connection = stage.connection({ proxy, tls: TLS, port: 443 });
        const error = yield* stage.coError('a proxy that refuses', connection.coConnect(), 5000);
        stage.expect(error instanceof ProxyError, `a proxy that refuses by ${status}: ${error}`);
      })(),
    ];
  },
};

const fullUnixSocket: Situation = {
  name: 'a Unix socket whose queue is full',
  ways: ['blocking'],
  play(stage) {
    const socketPath = `/run/${stage.hostname}`;
    serveOK(stage, { connect: 'hole' }, socketPath);
    const ms = stage.random.between(100, 2000);
    const connection = stage.connection({ socketPath, timeout: ms });
    const begin = stage.world.now;
    try {
      connection.connect();
      stage.problem('connecting to a full queue succeeds');
    } catch (error) {
      const took = stage.world.now - begin;
      const right = error instanceof ConnectionTimedOut && took < ms + 100;
      stage.expect(right, `a full queue, after ${took} of ${ms} ms: ${error}`);
    }
    connection.disconnect();
    return undefined;
  },
};

const narrowTLS: Situation = {
  name: 'TLS over a narrow line',
  play(stage) {
    const { random } = stage;
    const body = textOf('upload', random.between(1, 500));
    const buffers = () => ({ send: random.between(16, 100), receive: random.between(16, 100) });
    stage.serve(
      function* (talk) {
        if (
          !(yield* coSecure({ name: stage.hostname, flights: random.pick([3, 4]), padding: random.between(0, 300) })(
            talk,
          ))
        )
          return;
        yield* stage.coHead(talk);
        stage.expect((yield* talk.readBytes(body.length)).equals(body), 'the server has another body');
        yield* talk.send(response(200, body));
        yield* stage.coHead(talk);
      },
      { client: buffers(), server: buffers() },
      { clear: true },
    );
    return [
      (function* () {
        using connection = stage.connection({ tls: TLS });
        yield* stage.coInTime('TLS over a narrow line', connection.coConnect());
        yield* connection.coSendRequest('PUT', '/', { body });
        yield* connection.coReadResponse();
        stage.expect((yield* connection.coReadAll()).equals(body), 'the answer is another one');
      })(),
    ];
  },
};

const endsTLS: Situation = {
  name: 'TLS that ends',
  play(stage) {
    const { random } = stage;
    const how = random.pick(['refused', 'truncated', 'alert', 'gone'] as const);
    stage.serve(
      function* (talk) {
        const options = { name: stage.hostname, refuses: how === 'refused', truncates: how === 'truncated' };
        if (how === 'gone') return;
        if (!(yield* coSecure(options)(talk))) return;
        yield* stage.coHead(talk);
        if (how === 'alert') plainWire(talk.endpoint).put(alert(HANDSHAKE_FAILURE));
        else yield* talk.send(Buffer.from('HTTP/1.1 200 Scripted\r\n\r\nthe beginning'));
        talk.wire.finish();
        yield* stage.coHead(talk);
      },
      {},
      { clear: true },
    );
    return [
      (function* () {
        using connection = stage.connection({ tls: TLS });
        const error = yield* stage.coError(
          'TLS that ends',
          (function* () {
            yield* connection.coSendRequest('GET', '/');
            yield* connection.coReadResponse();
            yield* connection.coReadAll();
          })(),
        );
        const right =
          how === 'refused' || how === 'alert' ? error instanceof TLSError : error instanceof ConnectionClosed;
        stage.expect(right, `TLS that is ${how}: ${error}`);
      })(),
    ];
  },
};

export const CONNECTING: readonly Situation[] = [
  phases,
  addresses,
  noAddress,
  shared,
  lateConnect,
  resolver,
  givenUp,
  proxyRefuses,
  narrowTLS,
  endsTLS,
  fullUnixSocket,
];
