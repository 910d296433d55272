import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HTTPConnection } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { ok } from '../support/messages.ts';
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
    readonly proxy?: unknown;
    readonly ssl?: true;
  };
  readonly expect: 'throws' | 'sent' | 'either';
  readonly wire_has?: readonly string[];
  readonly wire_lacks?: readonly string[];
}

const all = JSON.parse(
  readFileSync(new URL('../data/request-cases.json', import.meta.url), 'utf8'),
) as readonly RequestCase[];
/** Rows about proxies (some of them with TLS behind) wait for the issue that brings proxies and TLS. */
const plain = all.filter(({ call }) => call.proxy === undefined && call.ssl === undefined);

/** `{toString: [first, later]}` stands for an object that says something else each time. */
function headerValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('toString' in value)) return value;
  const texts = [...((value as { toString: unknown }).toString as unknown as string[])];
  return { toString: () => (texts.length > 1 ? texts.shift() : texts[0]) };
}

describe('what a request may hold', () => {
  test('(all rows but those about proxies are here)', () => {
    assert.ok(plain.length >= 50);
    assert.ok(all.filter((row) => !plain.includes(row)).every(({ id }) => /prox/.test(id)));
  });

  for (const { id, source, call, expect: expected, wire_has = [], wire_lacks = [] } of plain) {
    test(`${id}: ${expected} [${source}]`, () => {
      const host = call.hostname === '::1' ? '::1' : '127.0.0.1';
      using server = startScriptedServer([[expectHead(), send(ok('')), expectAnything()]], { host });
      const before = native.counts();
      const port = call.port === 'NaN' ? Number.NaN : (call.port ?? server.port);
      const headers = call.headers?.map(([name, value]): [string, string] => [name, headerValue(value) as string]);
      const options = { ...(headers && { headers }), ...(call.body !== undefined && { body: call.body }) };
      let thrown: unknown;
      try {
        using connection = new HTTPConnection(call.hostname ?? '127.0.0.1', { port, timeout: timeLimit(20_000) });
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
      assert.equal(thrown, undefined);
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
