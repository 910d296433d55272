import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HTTPConnection, ProxyError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { ok, response } from '../support/messages.ts';
import { expectAnything, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';

/** A row of request-cases.json: what must be refused, or sent in one form only. */
interface RequestCase {
  readonly id: string;
  readonly source: string;
  readonly call: {
    readonly hostname?: string;
    readonly port?: number | 'NaN';
    readonly method?: string;
    readonly path?: string;
    readonly headers?: readonly [string, unknown][];
    readonly body?: string;
    /** Host and port; a scripted server takes the place of port 0. */
    readonly proxy?: readonly [string, number];
    readonly ssl?: true;
  };
  readonly expect: 'throws' | 'sent' | 'either';
  readonly wire_has?: readonly string[];
  readonly wire_lacks?: readonly string[];
}

const all = JSON.parse(
  readFileSync(new URL('../data/request-cases.json', import.meta.url), 'utf8'),
) as readonly RequestCase[];

/** `{toString: [first, later]}` stands for an object that says something else each time. */
function headerValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('toString' in value)) return value;
  const texts = [...((value as { toString: unknown }).toString as unknown as string[])];
  return { toString: () => (texts.length > 1 ? texts.shift() : texts[0]) };
}

describe('what a request may hold', () => {
  test('(all rows are here)', () => assert.ok(all.length >= 55));

  for (const { id, source, call, expect: expected, wire_has = [], wire_lacks = [] } of all) {
    test(`${id}: ${expected} [${source}]`, () => {
      const host = call.hostname === '::1' ? '::1' : '127.0.0.1';
      // There is no TLS here: what matters is what a proxy is told before it.
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
      assert.equal(wire.match(/^content-length:/gim)?.length ?? 0, call.body === undefined ? 0 : 1);
      assert.equal(wire.match(/^host:/gim)?.length, 1);
    });
  }
});
