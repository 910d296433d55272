/**
 * Waits in many ways, each for a short time, under fakes as test frameworks install them: no clock goes on and no timer of Node's
 * goes off. Prints a line for each way that came to its end, not early. Arguments: when the fakes are installed, "before" or "after"
 * the library is loaded, and the port of a server on 127.0.0.1 that answers nothing.
 */

import nodeTimers from 'node:timers';

const [, , when, port] = process.argv;
const realTime = process.hrtime.bigint;
const TIME = 40;

function installFakes(): void {
  const stopped = performance.now();
  const date = Date.now();
  const time = process.hrtime();
  const never = (): unknown => ({ ref() {}, unref() {}, refresh() {} });
  const timers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'];
  for (const holder of [globalThis, nodeTimers]) {
    for (const name of timers) Object.defineProperty(holder, name, { value: never, configurable: true });
  }
  Object.defineProperty(performance, 'now', { value: () => stopped });
  Object.defineProperty(Object.getPrototypeOf(performance), 'now', { value: () => stopped });
  Object.defineProperty(globalThis, 'performance', { value: { now: () => stopped } });
  Date.now = () => date;
  process.hrtime = Object.assign(() => time, { bigint: () => 0n });
  process.nextTick = never;
}

if (when === 'before') installFakes();
const dugong = await import('../../src/index.ts');
const { fetchSync } = await import('../../src/sync/index.ts');
if (when === 'after') installFakes();

const { AioFuture, BodyFollowing, coAll, coSleep, coWithTimeout, HTTPConnection, PollLoop, poll, runBlocking } = dugong;

function connection(options: { timeout?: number; continueTimeout?: number }): InstanceType<typeof HTTPConnection> {
  return new HTTPConnection('127.0.0.1', { port: Number(port), ...options });
}

async function timesOut(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    if ((error as Error).name === 'ConnectionTimedOut') return;
    throw error;
  }
  throw new Error('it did not time out');
}

function* coAsk(
  asked: InstanceType<typeof HTTPConnection>,
): Generator<InstanceType<typeof dugong.PollNeeded>, unknown, void> {
  yield* asked.coSendRequest('GET', '/');
  return yield* asked.coReadResponse();
}

const expecting = { body: new BodyFollowing(3), expect100: true };

const ways: Record<string, () => unknown> = {
  'coSleep, blocked': () => runBlocking(coSleep(TIME)),
  'coSleep, AioFuture': () => new AioFuture(coSleep(TIME)),
  'coSleep in a combinator, AioFuture': () => new AioFuture(coAll([coSleep(TIME), coSleep(1)])),
  'coSleep, PollLoop'() {
    using loop = new PollLoop();
    loop.runUntilComplete(loop.createTask(coSleep(TIME)));
  },
  'poll()': () => poll([], TIME),
  'a timeout, blocked': () => timesOut(() => runBlocking(coAsk(connection({})), { timeout: TIME })),
  'a timeout, AioFuture': () => timesOut(() => new AioFuture(coAsk(connection({})), { timeout: TIME })),
  'coWithTimeout, blocked': () => timesOut(() => runBlocking(coWithTimeout(coAsk(connection({})), TIME))),
  'coWithTimeout, AioFuture': () => timesOut(() => new AioFuture(coWithTimeout(coAsk(connection({})), TIME))),
  'a connection, blocked'() {
    const silent = connection({ timeout: TIME });
    silent.sendRequest('GET', '/');
    return timesOut(() => silent.readResponse());
  },
  async 'a connection, promises'() {
    const silent = connection({});
    await silent.promises.sendRequest('GET', '/');
    await timesOut(() => silent.promises.readResponse({ timeout: TIME }));
  },
  'continueTimeout, blocked'() {
    const silent = connection({ continueTimeout: TIME });
    silent.sendRequest('PUT', '/', expecting);
    silent.readResponse();
  },
  async 'continueTimeout, promises'() {
    const silent = connection({ continueTimeout: TIME });
    await silent.promises.sendRequest('PUT', '/', expecting);
    await silent.promises.readResponse();
  },
  fetchSync: () => timesOut(() => fetchSync(`http://127.0.0.1:${port}/`, { timeout: TIME, proxy: false })),
  async 'disconnect() while a promise waits'() {
    const silent = connection({});
    await silent.promises.sendRequest('GET', '/');
    const reading = silent.promises.readResponse();
    await new AioFuture(coSleep(TIME));
    silent.disconnect();
    await reading.catch(() => {});
  },
};

for (const [name, wait] of Object.entries(ways)) {
  const begun = realTime();
  await wait();
  const early = Number(realTime() - begun) / 1e6 < TIME - 1;
  console.log(early ? `${name}: early` : name);
}
console.log('all');
process.exit();
