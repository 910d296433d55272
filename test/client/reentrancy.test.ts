/**
 * What the user's own code may do while the client calls it: `lookup`, `onInformational`, and what gives the pieces of a body.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BodyFollowing, type Coroutine, coAwait, coRace, coSleep, PollLoop } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { ok, response } from '../support/messages.ts';
import {
  close,
  expect,
  expectEnd,
  expectHead,
  gate,
  reset,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { connectionTo, thrownBy } from '../support/waiting.ts';

describe('lookup()', () => {
  test('may disconnect: the call raises ConnectionClosed, and nothing stays open', () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'))]]);
    const before = native.counts();
    let leave = true;
    const connection = connectionTo(server, {
      lookup: () => {
        if (leave) connection.disconnect();
        return [server.hostname];
      },
    });
    const named = new Proxy(connection, {});
    assert.equal(named, named);
    connection.disconnect();
    const other = connectionTo(
      { hostname: 'x.example', port: server.port },
      {
        lookup: () => {
          if (leave) other.disconnect();
          return [server.hostname];
        },
      },
    );
    assert.throws(() => other.connect(), { name: 'ConnectionClosed', message: /disconnect\(\)/ });
    assert.deepEqual(native.counts(), before);
    leave = false;
    other.sendRequest('GET', '/');
    assert.equal(other.readResponse().status, 200);
    other.disconnect();
  });
});
