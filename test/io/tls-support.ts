/** What the tests of TLS share: a handshake with a server on loopback under any host name, by us and by node:https. */

import { Agent, type AgentOptions, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Coroutine } from '../../src/coroutine.ts';
import { waitFor } from '../../src/coroutine.ts';
import { DugongError } from '../../src/errors.ts';
import { WOULD_BLOCK } from '../../src/io/system-error.ts';
import { coConnect } from '../../src/io/tcp.ts';
import { coHandshake, type TLSTransport } from '../../src/io/tls.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import type { TLSOptions } from '../../src/io/tls-options.ts';
import { runBlocking } from '../../src/schedule/run-blocking.ts';
import { timeLimit } from '../support/time-limit.ts';

/** The context itself, or a new one with these options. */
export function contextFor(tls: TLSContext | TLSOptions): TLSContext {
  return tls instanceof TLSContext ? tls : new TLSContext(tls);
}

/** Connects to a port of 127.0.0.1 and shakes hands with `hostname`. */
export function* coSecure(
  port: number,
  tls: TLSContext | TLSOptions,
  hostname: string = 'localhost',
): Coroutine<TLSTransport> {
  const context = contextFor(tls);
  const transport = yield* coConnect(['127.0.0.1'], port);
  return yield* coHandshake(transport, context, { hostname, port });
}

/** The same, with this thread blocked. */
export function secure(port: number, tls: TLSContext | TLSOptions, hostname?: string): TLSTransport {
  return blocking(coSecure(port, tls, hostname));
}

export function blocking<T>(coroutine: Coroutine<T>): T {
  return runBlocking(coroutine, { timeout: timeLimit(20_000) });
}

/** Sends all of `bytes`, over and over with what is left. */
export function* coSendAll(transport: TLSTransport, bytes: string | Uint8Array): Coroutine<void> {
  const buffer = Buffer.from(bytes as string);
  for (let sent = 0; sent < buffer.length; ) {
    const result = transport.send([buffer.subarray(sent)]);
    if (result === WOULD_BLOCK) yield* waitFor(transport.sendNeeds);
    else if (result < 0) throw transport.failure ?? new Error(`send: ${result}`);
    else sent += result;
  }
}

/** Receives until there are `length` bytes, the stream ends, or it fails: what came, and what the last call returned. */
export function* coReceive(
  transport: TLSTransport,
  length: number = Number.POSITIVE_INFINITY,
): Coroutine<{ bytes: Buffer; result: number }> {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.alloc(Math.min(65_536, length - total));
    const result = transport.receive(chunk, 0, chunk.length);
    if (result > 0) {
      chunks.push(chunk.subarray(0, result));
      total += result;
    }
    if (result === WOULD_BLOCK) yield* waitFor(transport.receiveNeeds);
    else if (result <= 0 || total === length) return { bytes: Buffer.concat(chunks), result };
  }
}

/** 'accepted', or the code of the error (the name of a TypeError). */
export function verdict(port: number, tls: TLSOptions, hostname?: string): string {
  try {
    secure(port, tls, hostname).close();
    return 'accepted';
  } catch (error) {
    if (error instanceof DugongError) return error.code;
    if (error instanceof TypeError) return 'TypeError';
    throw error;
  }
}

/** The same question to node:https. */
export function httpsVerdict(port: number, options: AgentOptions, hostname: string): Promise<string> {
  class LoopbackAgent extends Agent {
    override createConnection(...[given, done]: Parameters<Agent['createConnection']>): Socket {
      return super.createConnection({ ...given, socket: connect(port, '127.0.0.1') } as typeof given, done) as Socket;
    }
  }
  return new Promise<string>((resolve) => {
    const agent = new LoopbackAgent({ ...options, keepAlive: false });
    const sent = request({ hostname, port, agent }, (response) => {
      response.resume();
      resolve('accepted');
    });
    sent.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    sent.end();
  }).catch((error: Error & { code?: string }) => error.code ?? error.message);
}
