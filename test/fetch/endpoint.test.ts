import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { checkedRouting, type Endpoint, endpointOf, type FetchRouting } from '../../src/fetch/endpoint.ts';

function endpoint(url: string, routing: FetchRouting = {}): Endpoint {
  return endpointOf(new URL(url), checkedRouting(routing));
}

const key = (url: string, routing?: FetchRouting): string => endpoint(url, routing).key;

/** Of the environment, none of whose proxies count here unless a test says so. */
const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
let before: (readonly [name: string, value: string | undefined])[];
beforeEach(() => {
  before = VARIABLES.map((name) => [name, process.env[name]]);
  for (const name of VARIABLES) delete process.env[name];
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe('connections can be shared', () => {
  test('by URLs of one origin, and by no others', () => {
    assert.equal(key('http://x.test/a'), key('http://X.test:80/b?c'));
    const others = ['http://x.test', 'https://x.test', 'http://x.test:81', 'http://y.test'].map((url) => key(url));
    assert.equal(new Set(others).size, 4);
  });

  test('with the same TLS options: the same object, or none', () => {
    const tls = { servername: 'z.test' };
    assert.equal(key('https://x.test', { tls }), key('https://x.test', { tls }));
    assert.notEqual(key('https://x.test', { tls }), key('https://x.test', { tls: { ...tls } }));
    assert.equal(key('https://x.test'), key('https://x.test'));
    assert.equal(key('http://x.test', { tls }), key('http://x.test'));
  });

  test('through the same proxy with the same credentials', () => {
    const through = (proxy: FetchRouting['proxy']): string => key('http://x.test', { proxy });
    assert.equal(through('http://p.test:1'), through(new URL('http://p.test:1')));
    const different = ['http://p.test:1', 'http://p.test:2', 'http://u:p@p.test:1', 'https://p.test:1', false] as const;
    assert.equal(new Set(different.map(through)).size, different.length);
  });

  test('with the same options of connections, whatever their order; functions are the same if they are identical', () => {
    const lookup = (): string[] => [];
    const connecting = (connection: FetchRouting['connection']): string => key('http://x.test', { connection });
    assert.equal(connecting({ family: 4, lookup }), connecting({ lookup, family: 4 }));
    assert.notEqual(connecting({ family: 4, lookup }), connecting({ family: 6, lookup }));
    assert.notEqual(connecting({ lookup }), connecting({ lookup: () => [] }));
  });
});

describe('the proxy', () => {
  test('is that of the environment, of the moment, unless the caller says otherwise', () => {
    const direct = key('http://x.test');
    process.env['http_proxy'] = 'http://p.test:1';
    const first = key('http://x.test');
    assert.equal(first, key('http://x.test', { proxy: 'http://p.test:1' }));
    assert.equal(key('http://x.test', { proxy: false }), direct);
    process.env['http_proxy'] = 'http://p.test:2';
    assert.notEqual(key('http://x.test'), first);
    process.env['no_proxy'] = 'x.test';
    assert.equal(key('http://x.test'), direct);
  });

  test('is none where a Unix socket leads', () => {
    const connection = { socketPath: '/socket' };
    const direct = key('http://x.test', { connection });
    assert.equal(key('http://x.test', { connection, proxy: 'http://p.test:1' }), direct);
  });
});

test('options that are none of a fetch are refused', () => {
  for (const routing of [
    { tls: 'x' },
    { tls: true },
    { proxy: 'ftp://p.test' },
    { connection: { port: 1 } },
    { connection: { onSignal: 'continue' } },
  ]) {
    assert.throws(() => checkedRouting(routing as unknown as FetchRouting), TypeError);
  }
});

test('a connection is made, and not connected, when it is asked for', () => {
  const { connect } = endpoint('http://x.test:81/a');
  const connection = connect();
  assert.notEqual(connect(), connection);
  assert.equal(connection.connectedAt, undefined);
});
