/**
 * Programs that do nothing but wait in a certain way, to see when they end: the case and the port of a server are arguments.
 */

import { AioFuture, coAll, coSleep, HTTPConnection, POLLIN, type PollNeeded } from 'dugong';
import { SharedNeed, waitFor } from '../../src/coroutine.ts';

const [kind, port] = process.argv.slice(2);
const connection = new HTTPConnection('127.0.0.1', { port: Number(port) });
const { promises } = connection;
const LONG = 1_000_000;

function say(text: string): () => void {
  return () => console.log(text);
}

const programs: Record<string, () => Promise<void>> = {
  /** The connection stays open, and nothing is waited for. */
  async idle() {
    await promises.sendRequest('GET', '/');
    await promises.readResponse();
    say('answered')();
  },
  async waiting() {
    await promises.sendRequest('GET', '/');
    promises.readResponse().then(say('answered'));
  },
  async unreferenced() {
    await promises.sendRequest('GET', '/');
    promises.readResponse().unref().then(say('answered'));
  },
  async 'referenced again'() {
    await promises.sendRequest('GET', '/');
    promises.readResponse().unref().ref().then(say('answered'));
  },
  /** Only one of two that wait for the same descriptor keeps the process alive. */
  async 'one of two'() {
    await promises.sendRequest('GET', '/');
    const reader = connection.coReadResponse();
    const { fd } = reader.next().value as PollNeeded;
    new AioFuture(reader).then(say('answered'));
    new AioFuture(waitFor(new SharedNeed(fd, POLLIN))).unref();
  },
  async timers() {
    new AioFuture(coAll([coSleep(LONG)]), { timeout: LONG }).unref();
    new AioFuture(coSleep(LONG)).unref();
    say('not waiting')();
  },
};

await programs[kind ?? '']?.();
