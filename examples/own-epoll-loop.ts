/**
 * A loop of one's own over epoll, as a program would have one that embeds coroutines of this library among other things that
 * it waits for: for each server one connection, and on it two coroutines, one that sends all requests and one that reads all
 * responses. What the loop knows of them is `PollNeeded {fd, mask, deadline}`.
 *
 *     node --import tsx examples/own-epoll-loop.ts http://localhost:8080/a http://localhost:8080/b http://localhost:8081/c
 *
 * Unlike select() in own-event-loop.ts, a Poller keeps what is waited for in the kernel: a turn costs by what is ready.
 */

import { type Coroutine, HTTPConnection, POLLIN, POLLOUT, Poller, type PollNeeded } from 'dugong';

const urls = process.argv.slice(2).map((url) => new URL(url));
if (urls.length === 0) {
  console.error('usage: own-epoll-loop.ts URL...');
  process.exit(2);
}

// --- the loop ------------------------------------------------------------------------------------------------------------

/** A coroutine that waits, and for what. */
interface Waiting {
  readonly coroutine: Coroutine<void>;
  readonly need: PollNeeded;
}

using poller = new Poller();
const waiting = new Set<Waiting>();
const byDescriptor = new Map<number, Waiting[]>();
/** Those that are to be resumed at a certain time at the latest. Few are, and only while they connect. */
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

/** From now on, these wait for the descriptor. */
function watch(fd: number, entries: Waiting[]): void {
  const mask = entries.reduce((all, { need }) => all | need.mask, 0);
  if (mask === 0) poller.remove(fd);
  else if (byDescriptor.has(fd)) poller.modify(fd, mask);
  else poller.add(fd, mask);
  if (mask === 0) byDescriptor.delete(fd);
  else byDescriptor.set(fd, entries);
}

/** It waits no longer, for whatever it was. */
function withdraw(entry: Waiting): void {
  const { fd } = entry.need;
  waiting.delete(entry);
  timed.delete(entry);
  const others = byDescriptor.get(fd)?.filter((other) => other !== entry);
  if (others !== undefined) watch(fd, others);
}

/** One turn: waits until something is ready or due, and goes on with those that waited for it. */
function turn(): void {
  const deadline = Math.min(...[...timed].map(({ need }) => need.deadline as number));
  const events = poller.wait(timed.size === 0 ? undefined : Math.max(0, deadline - performance.now()));
  const now = performance.now();
  const due = [...timed].filter(({ need }) => (need.deadline as number) <= now);
  // An error or a hang-up concerns everybody who waits for the descriptor.
  const ready = events.flatMap(({ fd, events: bits }) =>
    (byDescriptor.get(fd) ?? []).filter(({ need }) => bits & (need.mask | ~(POLLIN | POLLOUT))),
  );
  const resumed = new Set([...ready, ...due]);
  for (const entry of resumed) withdraw(entry);
  for (const { coroutine } of resumed) resume(coroutine);
}

// --- what it runs --------------------------------------------------------------------------------------------------------

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
