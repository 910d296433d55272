import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HTTPConnection, ProxyError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { ok, response } from '../support/messages.ts';
import { expectAnything, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';
import { ownRequestCases, type RequestCase } from './own-request-cases.ts';

const given = JSON.parse(
  readFileSync(new URL('../data/request-cases.json', import.meta.url), 'utf8'),
) as readonly RequestCase[];
const all = [...given, ...ownRequestCases];

/** `{toString: [first, later]}` stands for an object that says something else each time. */
function headerValue(value: unknown): unknown {
  const { toString: texts } = (value ?? {}) as { toString: unknown };
  if (!Array.isArray(texts)) return value;
  const left = [...(texts as string[])];
  return { toString: () => (left.length > 1 ? left.shift() : left[0]) };
}

describe('what a request may hold', () => {
  test('(all rows are here)', () => {
    assert.ok(given.length >= 67);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  });

  for (const { id, source, call, expect: expected, wire_has = [], wire_lacks = [] } of all) {
    test(`${id}: ${expected} [${source}]`, () => {
      const direct = call.proxy === undefined;
      const host = direct && /^\[?::1\]?$/.test(call.hostname ?? '') ? '::1' : '127.0.0.1';
      // There is no TLS here: what matters is what a proxy gets before it.
      const answer = call.ssl ? response('403 Forbidden', ['Content-Length: 0']) : ok('');
      using server = startScriptedServer([[expectHead(), send(answer), expectAnything()]], { host });
      const before = native.counts();
      const port = call.port === 'NaN' ? Number.NaN : (call.port ?? (call.proxy ? undefined : server.port));
      const proxy = call.proxy && { hostname: call.proxy[0], port: call.proxy[1] || server.port };
      const headers = call.headers?.map(([name, value]): [string, string] => [name, headerValue(value) as string]);
      const options = { ...(headers && { headers }), ...(call.body !== undefined && { body: call.body }) };
      let thrown: unknown;
      try {
        using connection = new HTTPConnection(call.hostname ?? '127.0.0.1', {
          port,
          proxy,
          tls: call.ssl,
          timeout: timeLimit(20_000),
        });
        connection.sendRequest(call.method ?? 'GET', call.path ?? '/', options);
        connection.readResponse();
      } catch (error) {
        thrown = error;
      }
      assert.deepEqual(native.counts(), before);
      if (expected === 'throws' || (expected === 'either' && thrown instanceof TypeError)) {
        assert.ok(thrown instanceof TypeError, `threw ${String(thrown)}`);
        assert.equal(server.connections(), 0);
        return;
      }
      // Whether these can be reached depends on the machine; what they become in Host, authority.test.ts says.
      if (id === 'host/ipv6-zone' || id === 'host/trailing-dot') return;
      if (call.ssl) assert.ok(thrown instanceof ProxyError, `threw ${String(thrown)}`);
      else assert.equal(thrown, undefined);
      const wire = server.received().toString('latin1');
      for (const text of wire_has)
        assert.ok(wire.includes(text), `${JSON.stringify(text)} is not in ${JSON.stringify(wire)}`);
      for (const text of wire_lacks)
        assert.ok(!wire.includes(text), `${JSON.stringify(text)} is in ${JSON.stringify(wire)}`);
      const announced = call.body !== undefined || /^(POST|PUT|PATCH)$/.test(call.method ?? '');
      assert.equal(wire.match(/^content-length:/gim)?.length ?? 0, announced ? 1 : 0);
      assert.equal(wire.match(/^host:/gim)?.length, 1);
    });
  }
});
