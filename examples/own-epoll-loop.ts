/**
 * A loop of your own over epoll, for a program that runs coroutines of this library among other things that it waits for: one
 * connection to each server, and on it two coroutines, one that sends all requests and one that reads all responses. The loop
 * knows only what they yield, `PollNeeded {fd, mask, deadline}`.
 *
 *     node --import tsx examples/own-epoll-loop.ts http://localhost:8080/a http://localhost:8080/b http://localhost:8081/c
 *
 * Unlike select() in own-event-loop.ts, a Poller keeps the waits in the kernel: the cost of a turn depends on what is ready.
 */

import { type Coroutine, HTTPConnection, POLLIN, POLLOUT, Poller, type PollNeeded } from 'dugong';

const urls = process.argv.slice(2).map((url) => new URL(url));
if (urls.length === 0) {
  console.error('usage: own-epoll-loop.ts URL...');
  process.exit(2);
}

// --- the loop ------------------------------------------------------------------------------------------------------------

/** A waiting coroutine and its need. */
interface Waiting {
  readonly coroutine: Coroutine<void>;
  readonly need: PollNeeded;
}

using poller = new Poller();
const waiting = new Set<Waiting>();
const byDescriptor = new Map<number, Waiting[]>();
/** Waits with a deadline. There are few, mostly of coroutines that connect. */
const timed = new Set<Waiting>();

/** Runs a coroutine until it waits or ends. */
function resume(coroutine: Coroutine<void>): void {
  const step = coroutine.next();
  if (step.done) return;
  const entry = { coroutine, need: step.value };
  const { fd, deadline } = entry.need;
  waiting.add(entry);
  if (fd >= 0) watch(fd, [...(byDescriptor.get(fd) ?? []), entry]);
  if (deadline !== undefined) timed.add(entry);
}

/** From now on, `entries` wait for the descriptor. */
function watch(fd: number, entries: Waiting[]): void {
  const mask = entries.reduce((all, { need }) => all | need.mask, 0);
  if (mask === 0) poller.remove(fd);
  else if (byDescriptor.has(fd)) poller.modify(fd, mask);
  else poller.add(fd, mask);
  if (mask === 0) byDescriptor.delete(fd);
  else byDescriptor.set(fd, entries);
}

/** Removes a wait. */
function withdraw(entry: Waiting): void {
  const { fd } = entry.need;
  waiting.delete(entry);
  timed.delete(entry);
  const others = byDescriptor.get(fd)?.filter((other) => other !== entry);
  if (others !== undefined) watch(fd, others);
}

/** One turn: waits until something is ready or due, and resumes the coroutines that waited for it. */
function turn(): void {
  const deadline = Math.min(...[...timed].map(({ need }) => need.deadline as number));
  const events = poller.wait(timed.size === 0 ? undefined : Math.max(0, deadline - performance.now()));
  const now = performance.now();
  const due = [...timed].filter(({ need }) => (need.deadline as number) <= now);
  // An error or a hang-up concerns every coroutine that waits for the descriptor.
  const ready = events.flatMap(({ fd, events: bits }) =>
    (byDescriptor.get(fd) ?? []).filter(({ need }) => bits & (need.mask | ~(POLLIN | POLLOUT))),
  );
  const resumed = new Set([...ready, ...due]);
  for (const entry of resumed) withdraw(entry);
  for (const { coroutine } of resumed) resume(coroutine);
}

// --- the coroutines ------------------------------------------------------------------------------------------------------

function* coSend(connection: HTTPConnection, paths: readonly string[]): Coroutine<void> {
  for (const path of paths) yield* connection.coSendRequest('GET', path);
}

function* coRead(connection: HTTPConnection, paths: readonly string[]): Coroutine<void> {
  using _ = connection;
  for (const path of paths) {
    const { status } = yield* connection.coReadResponse();
    const body = yield* connection.coReadAll();
    console.log(`${status} ${body.length} bytes from ${connection.hostname}:${connection.port}${path}`);
  }
}

let nodeLoopTurns = 0;
setImmediate(() => nodeLoopTurns++);

for (const origin of new Set(urls.map((url) => url.origin))) {
  const connection = new HTTPConnection(origin);
  const paths = urls.filter((url) => url.origin === origin).map(({ pathname, search }) => pathname + search);
  resume(coSend(connection, paths));
  resume(coRead(connection, paths));
}
while (waiting.size > 0) turn();

console.log(`turns of Node's event loop meanwhile: ${nodeLoopTurns}`);
