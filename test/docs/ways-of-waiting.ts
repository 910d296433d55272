/**
 * What works under which way of waiting, found by trying: each row is a small program that is run in each of the ways. Run as a
 * program, this writes docs/ways-of-waiting.md; a test keeps the file current.
 */

import assert from 'node:assert/strict';
import { realpathSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  AioFuture,
  BodyFollowing,
  ConnectionClosed,
  type Coroutine,
  coAll,
  coAllSettled,
  coAwait,
  coMap,
  coRace,
  coSleep,
  coWithTimeout,
  createFetch,
  HTTPConnection,
  type HTTPConnectionOptions,
  PollLoop,
  runBlocking,
  type SendRequestOptions,
  select,
} from '../../src/index.ts';
import { fetchSync } from '../../src/sync/index.ts';
import { startDummyServer } from '../support/dummy-server.ts';
import { TestTrust } from '../support/https.ts';
import { ok, response } from '../support/messages.ts';
import { startTLSFront, startTunnelProxy } from '../support/proxy-server.ts';
import { expect, expectHead, gate, send, startScriptedServer, stopReading } from '../support/scripted-server.ts';
import { MORE_THAN_FITS } from '../support/socket-capacity.ts';

/** What a way of waiting is tried with. */
interface Trial {
  readonly name: string;
  run(): Coroutine<unknown>;
}

interface Section {
  readonly title: string;
  readonly trials: readonly Trial[];
}

const WAYS: readonly { readonly name: string; run(coroutine: Coroutine<unknown>): unknown }[] = [
  { name: 'blocking', run: (coroutine) => runBlocking(coroutine) },
  { name: 'your own loop', run: ownLoop },
  {
    name: '`PollLoop`',
    run: (coroutine) => {
      using loop = new PollLoop();
      return loop.runUntilComplete(loop.createTask(coroutine));
    },
  },
  { name: '`AioFuture`', run: (coroutine) => new AioFuture(coroutine) },
];

function ownLoop(coroutine: Coroutine<unknown>): unknown {
  for (let step = coroutine.next(); ; step = coroutine.next()) {
    if (step.done) return step.value;
    const { fd, mask, deadline } = step.value;
    if (fd < 0) step.value.poll();
    else select(mask & 1 ? [fd] : [], mask & 4 ? [fd] : [], [], deadline && Math.max(0, deadline - performance.now()));
  }
}

/** "yes", or the name of the error. */
async function outcome(trial: Trial, way: (typeof WAYS)[number]): Promise<string> {
  try {
    await way.run(trial.run());
    return 'yes';
  } catch (error) {
    return (error as Error).name;
  }
}

const server = startDummyServer();

/** One exchange; `coUse` reads what it wants of the response. */
function* coExchange(
  coUse: (connection: HTTPConnection) => Coroutine<unknown>,
  {
    method = 'GET',
    path = '/send_100000_bytes',
    ...options
  }: SendRequestOptions & { method?: string; path?: string } = {},
): Coroutine<unknown> {
  using connection = new HTTPConnection(server.hostname, { port: server.port });
  yield* connection.coSendRequest(method, path, options);
  yield* connection.coReadResponse();
  return yield* coUse(connection);
}

function sends(body: () => SendRequestOptions['body']): Trial['run'] {
  return () => coExchange((connection) => connection.coDiscard(), { method: 'PUT', path: '/echo', body: body() });
}

function reads(coUse: (connection: HTTPConnection) => Coroutine<unknown>): Trial['run'] {
  return () => coExchange(coUse);
}

function* coConnectTo(hostname: string, options: HTTPConnectionOptions): Coroutine<void> {
  using connection = new HTTPConnection(hostname, options);
  yield* connection.coConnect();
}

function* coTunnelled({ insideTLS }: { readonly insideTLS: boolean }): Coroutine<void> {
  const trust = new TestTrust();
  using origin = startScriptedServer([[expectHead(), send(ok('x'))]]);
  using front = startTLSFront(origin, trust.certificate);
  using plain = startTunnelProxy(front);
  using secure = startTLSFront(plain, trust.certificate);
  const proxy = insideTLS
    ? { hostname: secure.hostname, port: secure.port, tls: trust.context }
    : { hostname: plain.hostname, port: plain.port };
  using connection = new HTTPConnection('localhost', { port: front.port, tls: trust.context, proxy });
  yield* connection.coSendRequest('GET', '/');
  yield* connection.coReadResponse();
  yield* connection.coReadAll();
}

function* coFollowingBody(): Coroutine<void> {
  using connection = new HTTPConnection(server.hostname, { port: server.port });
  yield* connection.coSendRequest('PUT', '/echo', { body: new BodyFollowing(), expect100: true });
  yield* connection.coReadResponse();
  yield* connection.coWrite(Buffer.from('body'));
  yield* connection.coEndBody({ trailers: { 'X-Trailer': 'yes' } });
  yield* connection.coReadResponse();
  yield* connection.coDiscard();
}

/** The server reads nothing of it. */
function* coRefusedUpload(): Coroutine<void> {
  using refusing = startScriptedServer([
    [expectHead(), stopReading(), send(response('413 Content Too Large', ['Content-Length: 0'])), gate('never')],
  ]);
  using connection = new HTTPConnection(refusing.hostname, { port: refusing.port });
  try {
    yield* connection.coSendRequest('PUT', '/', { body: Buffer.alloc(MORE_THAN_FITS) });
    assert.fail('the kernel has taken all of it');
  } catch (error) {
    if (!(error instanceof ConnectionClosed)) throw error;
  }
  const { status } = yield* connection.coReadResponse();
  assert.equal(status, 413);
}

function* coRaw(): Coroutine<void> {
  using switching = startScriptedServer([
    [
      expectHead(),
      send(response('101 Switching Protocols', ['Connection: upgrade', 'Upgrade: x'])),
      expect('a'),
      send('b'),
    ],
  ]);
  using connection = new HTTPConnection(switching.hostname, { port: switching.port });
  yield* connection.coSendRequest('GET', '/', { upgrade: 'x' });
  yield* connection.coReadResponse();
  yield* connection.coWriteRaw(Buffer.from('a'));
  yield* connection.coReadRaw(1);
}

const get = (): Coroutine<unknown> => coExchange((connection) => connection.coReadAll());
const nested = (depth: number): Coroutine<unknown> => (depth === 0 ? get() : coAll([nested(depth - 1), coSleep(0)]));

async function* pieces(): AsyncGenerator<string> {
  yield 'one';
  yield 'two';
}

const SECTIONS: readonly Section[] = [
  {
    title: 'Operations of a connection',
    trials: [
      {
        name: '`coConnect`, a name to be resolved',
        run: () => coConnectTo('localhost', { port: server.port, family: 4 }),
      },
      { name: 'TLS through the tunnel of a proxy', run: () => coTunnelled({ insideTLS: false }) },
      { name: 'the same inside of TLS with the proxy', run: () => coTunnelled({ insideTLS: true }) },
      { name: '`coSendRequest`, `coReadResponse`, `coReadAll`', run: reads((connection) => connection.coReadAll()) },
      { name: '`coRead`', run: reads((connection) => connection.coRead(10)) },
      { name: '`coReadInto`', run: reads((connection) => connection.coReadInto(Buffer.alloc(10))) },
      { name: '`coReadText`', run: reads((connection) => connection.coReadText()) },
      { name: '`coDiscard`', run: reads((connection) => connection.coDiscard()) },
      { name: '`expect100`, `coWrite`, `coEndBody`', run: coFollowingBody },
      { name: 'a refusal ends the sending of a large body', run: coRefusedUpload },
      { name: '`coReadRaw`, `coWriteRaw`', run: coRaw },
    ],
  },
  {
    title: 'Combinators, also inside each other',
    trials: [
      { name: '`coAll`', run: () => coAll([get(), get()]) },
      { name: '`coAllSettled`', run: () => coAllSettled([get(), get()]) },
      { name: '`coRace`', run: () => coRace([get(), coSleep(100_000)]) },
      { name: '`coMap`', run: () => coMap([1, 2, 3], 2, get) },
      { name: '`coSleep`', run: () => coSleep(1) },
      { name: '`coWithTimeout`', run: () => coWithTimeout(get(), 100_000) },
      { name: '`coAll`, twenty deep', run: () => nested(20) },
    ],
  },
  {
    title: 'Request bodies',
    trials: [
      { name: 'string', run: sends(() => 'text') },
      { name: 'bytes', run: sends(() => Buffer.from('bytes')) },
      { name: 'iterable', run: sends(() => ['one', 'two']) },
      { name: 'async iterable', run: sends(pieces) },
      { name: '`Readable`', run: sends(() => Readable.from(pieces())) },
      { name: '`ReadableStream`', run: sends(() => new Blob(['x']).stream() as unknown as AsyncIterable<Uint8Array>) },
      { name: '`Blob`', run: sends(() => new Blob(['x'])) },
    ],
  },
  {
    title: 'What is not I/O',
    trials: [
      { name: '`coAwait(promise)`', run: () => coAwait(Promise.resolve(1)) },
      { name: '`coAwait` inside `coAll`', run: () => coAll([coAwait(Promise.resolve(1)), coSleep(1)]) },
    ],
  },
];

/** Calls that wait by themselves. */
interface Form {
  readonly name: string;
  call(connection: HTTPConnection): unknown;
}

const url = `http://${server.authority}/send_100000_bytes`;
const awaitedFetch = createFetch({ proxy: false });

function ask(connection: HTTPConnection): HTTPConnection {
  connection.sendRequest('GET', '/send_100000_bytes');
  connection.readResponse();
  return connection;
}

async function collected(body: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of body);
}

const FORMS: readonly Form[] = [
  { name: '`connection.readAll()` and its like', call: (connection) => ask(connection).readAll() },
  {
    name: '`connection.chunks()`, a body as an iterable',
    call: (connection) => {
      for (const _ of ask(connection).chunks());
    },
  },
  { name: '`runBlocking(coAll([...]))`', call: () => runBlocking(coAll([get(), get()])) },
  {
    name: '`loop.runUntilComplete(tasks)`',
    call: () => {
      using loop = new PollLoop();
      loop.runUntilComplete([loop.createTask(get()), loop.createTask(get())]);
    },
  },
  { name: '`fetchSync(url)`', call: () => fetchSync(url, { proxy: false }).text() },
  {
    name: '`connection.promises.readAll()` and its like',
    call: async (connection) => {
      await connection.promises.sendRequest('GET', '/send_100000_bytes');
      await connection.promises.readResponse();
      await connection.promises.readAll();
    },
  },
  { name: '`connection.promises.chunks()`', call: (connection) => collected(afterHead(connection, 'chunks')) },
  { name: '`connection.promises.readable()`', call: (connection) => collected(afterHead(connection, 'readable')) },
  { name: '`new AioFuture(coAll([...]))`', call: () => new AioFuture(coAll([get(), get()])) },
  { name: '`createFetch()`', call: async () => (await awaitedFetch(url)).text() },
];

async function* afterHead(connection: HTTPConnection, form: 'chunks' | 'readable'): AsyncGenerator<unknown> {
  const { promises } = connection;
  await promises.sendRequest('GET', '/send_100000_bytes');
  await promises.readResponse();
  yield* promises[form]();
}

/** What Node's event loop does while the call waits: nothing before a call has returned, all that it can before a promise is kept. */
async function loopMeanwhile({ call }: Form): Promise<string> {
  using connection = new HTTPConnection(server.hostname, { port: server.port });
  const returned = call(connection);
  if (!(returned instanceof Promise)) return 'stands still';
  await returned;
  return 'goes on';
}

/** The document, from a run of all trials. */
export async function waysOfWaitingDocument(): Promise<string> {
  const tables: string[] = [];
  for (const { title, trials } of SECTIONS) {
    const rows: string[][] = [];
    for (const trial of trials) {
      const outcomes: string[] = [];
      for (const way of WAYS) outcomes.push(await outcome(trial, way));
      rows.push([trial.name, ...outcomes]);
    }
    tables.push(`## ${title}\n\n${table(['', ...WAYS.map(({ name }) => name)], rows)}`);
  }
  const forms: string[][] = [];
  for (const form of FORMS) forms.push([form.name, await loopMeanwhile(form)]);
  awaitedFetch.closeIdleConnections();
  return `# What works under which way of waiting

Generated by \`test/docs/ways-of-waiting.ts\`, which runs every line in every way. "yes" means that it works; otherwise the table
names the error. A promise can be awaited only while Node's event loop turns. Elsewhere it is refused, because the wait would never
end.

${tables.join('\n\n')}

## Calls that wait by themselves

These calls choose the way of waiting and work anywhere. Meanwhile, the thread's event loop does this:

${table(['', "Node's event loop"], forms)}
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../../docs/ways-of-waiting.md', import.meta.url), await waysOfWaitingDocument());
}
