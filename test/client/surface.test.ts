import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AioFuture, HTTPConnection } from '../../src/index.ts';
import { ok } from '../support/messages.ts';
import { expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo } from '../support/waiting.ts';

type Method = (...parameters: unknown[]) => unknown;

function methodsOf(object: object): Map<string, Method> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object));
  const pairs = names.map((name): [string, unknown] => [name, Reflect.get(object, name)]);
  return new Map(
    pairs.filter((pair): pair is [string, Method] => typeof pair[1] === 'function' && pair[0] !== 'constructor'),
  );
}

/** The parameters' names, as written. */
function parametersOf(method: Method): string[] {
  const list = /\(([^)]*)\)/.exec(method.toString())?.[1] ?? '';
  return list.split(',').flatMap((parameter) => parameter.replace(/=.*/, '').trim() || []);
}

describe('the operations of a connection', () => {
  const connection = new HTTPConnection('localhost');
  const own = methodsOf(connection);
  const promised = methodsOf(connection.promises);
  const operations = [...own.keys()].filter((name) => name.startsWith('co') && own.has(blockingName(name)));
  const plain = [
    'responsePending',
    'reusable',
    'pendingRequests',
    'runBlocking',
    'cork',
    'uncork',
    'disconnect',
    'reset',
    'getPeerCertificate',
    'getCipher',
    'getProtocol',
    'getSession',
  ];

  test('exist three times: as coroutine, blocking, and as promise', () => {
    const expected = [
      ...['connect', 'sendRequest', 'write', 'endBody', 'readResponse', 'read', 'readAll', 'readInto', 'discard'],
      ...['readText', 'readRaw', 'writeRaw'],
    ];
    for (const name of expected) assert.ok(operations.map(blockingName).includes(name), name);
    // Iterables and streams have forms of their own.
    const single = [...promised.keys()].filter((name) => !['chunks', 'readable'].includes(name));
    assert.deepEqual(operations.map(blockingName).sort(), single.sort());
    const others = [...own.keys()].filter((name) => !operations.includes(name) && !promised.has(name));
    assert.deepEqual(others.sort(), plain.sort());
  });

  test('have the same parameters in all three forms; promises take options of the call in their last argument', () => {
    for (const operation of operations) {
      const name = blockingName(operation);
      const parameters = parametersOf(own.get(operation) as Method);
      assert.deepEqual(parametersOf(own.get(name) as Method), parameters, name);
      assert.deepEqual(parametersOf(promised.get(name) as Method), [...new Set([...parameters, 'options'])], name);
    }
  });

  test('do nothing before a coroutine’s first step, and begin at once as promises', async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
    using open = connectionTo(server);
    open.coSendRequest('GET', '/');
    open.coSendRequest('not a method', '/');
    assert.equal(open.responsePending(), false);
    const future = open.promises.sendRequest('GET', '/');
    assert.ok(future instanceof AioFuture && future instanceof Promise);
    assert.equal(open.responsePending(), true);
    await future;
    assert.equal((await open.promises.readResponse()).status, 200);
    await open.promises.discard();
    open.disconnect();
    server.check();
  });

  test('are usable by `using`: the connection is closed at the end of the block', () => {
    using server = startScriptedServer([[expectEnd()]]);
    {
      using open = connectionTo(server);
      open.connect();
    }
    server.check();
  });
});

function blockingName(name: string): string {
  return name.charAt(2).toLowerCase() + name.slice(3);
}
