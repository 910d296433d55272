/** What a client does while its system calls fail. Each returns what it was answered, the same each time, and closes what it opened. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  AioFuture,
  BodyFollowing,
  type Coroutine,
  coAll,
  createFetch,
  HTTPConnection,
  type HTTPConnectionOptions,
  PollLoop,
  PollNeeded,
  runBlocking,
  TLSContext,
} from '../../src/index.ts';
import { closeIdleConnections, fetchSync } from '../../src/sync/index.ts';

/** Where the servers are, which run in another process. */
export interface Servers {
  readonly port: number;
  readonly tlsPort: number;
  readonly socketPath: string;
  readonly caFile: string;
  readonly keyLogFile: string;
}

export type Workload = () => unknown;

const UPLOAD = Buffer.alloc(120_000, 'upload ');

function opened<T>(connection: HTTPConnection, use: (connection: HTTPConnection) => T): T {
  try {
    return use(connection);
  } finally {
    connection.disconnect();
  }
}

async function openedAsync<T>(connection: HTTPConnection, use: (connection: HTTPConnection) => Promise<T>): Promise<T> {
  try {
    return await use(connection);
  } finally {
    connection.disconnect();
  }
}

function text(connection: HTTPConnection): string {
  const { status } = connection.readResponse();
  return `${status} ${summary(connection.readText())}`;
}

/** Short enough to be compared, and different where the text is. */
function summary(body: string): string {
  return `${body.length} ${createHash('sha256').update(body).digest('hex').slice(0, 16)}`;
}

function* coGet(connection: HTTPConnection, path: string): Coroutine<string> {
  yield* connection.coSendRequest('GET', path);
  const { status } = yield* connection.coReadResponse();
  return `${status} ${summary(yield* connection.coReadText())}`;
}

function pipeline(connection: HTTPConnection): string[] {
  for (const path of ['/bytes/10', '/chunked/20000', '/bytes/70000']) connection.sendRequest('GET', path);
  return [text(connection), text(connection), text(connection)];
}

function upload(connection: HTTPConnection): string {
  connection.sendRequest('PUT', '/upload', { body: new BodyFollowing(UPLOAD.length) });
  for (let at = 0; at < UPLOAD.length; at += 50_000) connection.write(UPLOAD.subarray(at, at + 50_000));
  return text(connection);
}

async function withPromises(connection: HTTPConnection): Promise<string[]> {
  const answers: string[] = [];
  for (const body of [undefined, UPLOAD]) {
    await connection.promises.sendRequest(body === undefined ? 'GET' : 'PUT', '/bytes/70000', { body });
    const { status } = await connection.promises.readResponse();
    answers.push(`${status} ${summary(await connection.promises.readText())}`);
  }
  return answers;
}

/** All of them by name. The server answers an upload with its digest. */
export function workloads({ port, tlsPort, socketPath, caFile, keyLogFile }: Servers): Record<string, Workload> {
  const ca = readFileSync(caFile, 'latin1');
  const plain = (options: HTTPConnectionOptions = {}) => new HTTPConnection('127.0.0.1', { port, ...options });
  // A context each, so that no session is resumed that another case has left.
  const secure = (options: HTTPConnectionOptions = {}) =>
    new HTTPConnection('localhost', {
      port: tlsPort,
      lookup: () => ['127.0.0.1'],
      tls: new TLSContext({ ca }),
      ...options,
    });
  const named = (options: HTTPConnectionOptions = {}) =>
    new HTTPConnection('localhost', { port, family: 4, dnsTestHostnames: [], ...options });
  return {
    'pipelined GETs, blocking': () => opened(plain(), pipeline),
    'upload, blocking': () => opened(plain(), upload),
    'GET and upload, promises': () => openedAsync(plain(), withPromises),
    'TLS, blocking': () => opened(secure(), (connection) => [pipeline(connection), upload(connection)]),
    'TLS, promises': () => openedAsync(secure(), withPromises),
    'TLS 1.2, blocking': () => opened(secure({ tls: new TLSContext({ ca, maxVersion: 'TLSv1.2' }) }), pipeline),
    'TLS with a file of secrets': () => {
      process.env.SSLKEYLOGFILE = keyLogFile;
      try {
        return opened(secure({ tls: new TLSContext({ ca }) }), (connection) =>
          runBlocking(coGet(connection, '/bytes/10')),
        );
      } finally {
        delete process.env.SSLKEYLOGFILE;
      }
    },
    'host name, blocking': () => opened(named(), (connection) => runBlocking(coGet(connection, '/bytes/10'))),
    'host name, AioFuture': () =>
      openedAsync(named(), async (connection) => new AioFuture(coGet(connection, '/bytes/10'))),
    'combinators, blocking': () => {
      const connections = [plain(), plain(), named()];
      try {
        return runBlocking(coAll(connections.map((connection) => coGet(connection, '/bytes/70000'))));
      } finally {
        for (const connection of connections) connection.disconnect();
      }
    },
    'combinators, AioFuture': async () => {
      const connections = [plain(), plain()];
      try {
        return await new AioFuture(coAll(connections.map((connection) => coGet(connection, '/bytes/70000'))));
      } finally {
        for (const connection of connections) connection.disconnect();
      }
    },
    PollLoop: () => {
      const connections = [plain(), plain()];
      const loop = new PollLoop();
      try {
        const tasks = connections.map((connection) => loop.createTask(coGet(connection, '/chunked/20000')));
        return loop.runUntilComplete(tasks);
      } finally {
        loop.close();
        for (const connection of connections) connection.disconnect();
      }
    },
    'Unix socket': () => opened(plain({ socketPath }), pipeline),
    'local address and keep-alive probes': () => opened(plain({ localAddress: '127.0.0.1', keepAlive: 60 }), pipeline),
    'connection refused': () => {
      try {
        return opened(plain({ port: 1, localAddress: '127.0.0.1' }), pipeline);
      } catch (error) {
        if ((error as { code?: string }).code === 'ECONNREFUSED') return 'refused';
        throw error;
      }
    },
    'time-out': () => {
      try {
        return opened(plain({ timeout: 20 }), (connection) =>
          runBlocking(coGet(connection, '/never'), { timeout: 20 }),
        );
      } catch (error) {
        if ((error as { code?: string }).code === 'DUGONG_CONNECTION_TIMED_OUT') return 'timed out';
        throw error;
      }
    },
    signal: async () => {
      // A listener keeps no event loop alive.
      const alive = setInterval(() => {}, 1000);
      const heard = new Promise((resolve) => process.once('SIGUSR2', resolve)).finally(() => clearInterval(alive));
      process.kill(process.pid, 'SIGUSR2');
      let outcome: unknown = 'not interrupted';
      const deadline = performance.now() + 60_000;
      const need = new PollNeeded(-1, 0, { deadline });
      try {
        // It may return early.
        while (performance.now() < deadline) need.poll();
      } catch (error) {
        outcome = (error as { code?: string }).code;
      }
      await heard;
      return outcome;
    },
    fetchSync: () => {
      try {
        const url = `http://127.0.0.1:${port}`;
        const put = { method: 'PUT', body: UPLOAD };
        return [summary(fetchSync(`${url}/bytes/70000`).text()), summary(fetchSync(`${url}/upload`, put).text())];
      } finally {
        closeIdleConnections();
      }
    },
    createFetch: async () => {
      const fetch = createFetch();
      try {
        const url = `http://localhost:${port}`;
        const put = { method: 'PUT', body: UPLOAD };
        const bodies = [
          await (await fetch(`${url}/bytes/70000`)).text(),
          await (await fetch(`${url}/upload`, put)).text(),
        ];
        return bodies.map(summary);
      } finally {
        fetch.closeIdleConnections();
      }
    },
  };
}
