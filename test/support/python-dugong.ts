/**
 * Shared by the tests of the Python original's behaviour: rows with the names of its tests, each run in clear and over
 * TLS, with the document that those tests use.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HTTPConnection, HTTPConnectionOptions } from '../../src/index.ts';
import { dummyBytes } from './dummy-bytes.ts';
import { ok } from './messages.ts';
import { plainAndTLS } from './plain-and-tls.ts';
import { expectEnd, expectHead, type Script, type ScriptedServer, type Step, send } from './scripted-server.ts';
import { atSomePace } from './time-limit.ts';

/** One test. After it, no request is pending, and the server has received only what it expects. */
export interface Row {
  /** The original's name of the test, and what differs here. */
  readonly name: string;
  /** The server's steps; it then expects the end. See also `next`. */
  readonly script: Script;
  /** The server's steps on the next connection. */
  readonly next?: Script;
  /** The options; a function for short times, which the factor stretches. */
  readonly options?: HTTPConnectionOptions | ((factor: number) => HTTPConnectionOptions);
  run(connection: HTTPConnection, scripted: ScriptedServer): void;
}

export function runRows(title: string, rows: readonly Row[]): void {
  for (const { name: carrier, skip, serve } of plainAndTLS) {
    describe(`${title} as in python-dugong (${carrier})`, { skip }, () => {
      for (const { name, script, next, options, run } of rows) {
        const play = (given?: HTTPConnectionOptions): void => {
          using server = serve([script, ...(next === undefined ? [] : [next])].map((each) => [...each, expectEnd()]));
          const connection = server.connect(given);
          run(connection, server.scripted);
          assert.equal(connection.responsePending(), false);
          connection.disconnect();
          server.scripted.check();
        };
        test(name, () =>
          typeof options === 'function' ? atSomePace((factor) => play(options(factor))) : play(options),
        );
      }
    });
  }
}

/** The first bytes of the document, in parts of these sizes. */
export function parts(...sizes: number[]): Buffer[] {
  let rest = dummyBytes(sizes.reduce((sum, size) => sum + size, 0));
  return sizes.map((size) => {
    const part = rest.subarray(0, size);
    rest = rest.subarray(size);
    return part;
  });
}

/** A response with the first `length` bytes of the document. */
export function whole(length: number): string {
  return ok(dummyBytes(length));
}

/** Answers the next request, whatever it is. */
export function answer(text: string): Step[] {
  return [expectHead(), send(text)];
}

export function get(connection: HTTPConnection, path: string = '/'): ReturnType<HTTPConnection['readResponse']> {
  connection.sendRequest('GET', path);
  return connection.readResponse();
}

/** All bytes that `readInto` returns, through a buffer of this size. */
export function readInAll(connection: HTTPConnection, size: number): Buffer {
  const all: Buffer[] = [];
  const buffer = Buffer.alloc(size);
  for (let count = connection.readInto(buffer); count > 0; count = connection.readInto(buffer)) {
    all.push(Buffer.from(buffer.subarray(0, count)));
  }
  return Buffer.concat(all);
}
