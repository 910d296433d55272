import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Given } from '../../src/cli/given.ts';
import { routingOf } from '../../src/cli/routing.ts';
import { transferSetup } from '../../src/cli/transfer-options.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { HTTPHeaders, TLSContext } from '../../src/index.ts';

const before = { ...process.env };
beforeEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'NO_PROXY']) Reflect.deleteProperty(process.env, name);
});
afterEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'NO_PROXY']) {
    if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[name];
  }
});

describe('the way to a server', () => {
  test('has options only for what was given', () => {
    assert.deepEqual(routingOf({}), { connection: {} });
    assert.deepEqual(routingOf({ ipv6: true, unixSocket: '/s', connectTimeout: 5 }).connection, {
      socketPath: '/s',
      family: 6,
      connectTimeout: 5,
    });
    assert.ok(routingOf({ insecure: true }).tls instanceof TLSContext);
  });

  test('goes through the proxy that is given, but for the hosts that are excepted', () => {
    assert.equal(routingOf({ proxy: 'p:3128' }).proxy, 'p:3128');
    assert.equal(routingOf({ proxy: '' }).proxy, false);
    assert.equal(routingOf({ noproxy: '*', proxy: 'p:3128' }).proxy, false);
    assert.equal(routingOf({ noproxy: 'a,b', proxy: 'p:3128' }).proxy, undefined);
    const { no_proxy, http_proxy, https_proxy } = process.env;
    assert.deepEqual([no_proxy, http_proxy, https_proxy], ['a,b', 'p:3128', 'p:3128']);
  });

  test('takes addresses for names', () => {
    const { lookup } = routingOf({ resolve: ['a.test:80:127.0.0.1,[::1]'] }).connection ?? {};
    assert.deepEqual(lookup?.('A.test', 0, 80), ['127.0.0.1', '::1']);
    assert.deepEqual(lookup?.('a.test', 6, 80), ['::1']);
  });

  test('takes the address of the rule that names host and port most closely [curl(1), --resolve]', () => {
    const rules = [
      '*:*:127.0.0.1',
      '*:80:127.0.0.2',
      'a.test:*:127.0.0.3',
      '+a.test:0080:127.0.0.9',
      'a.test:80:127.0.0.4',
    ];
    const found = (resolve: string[], host: string, port: number) =>
      routingOf({ resolve }).connection?.lookup?.(host, 0, port);
    assert.deepEqual(found(rules, 'a.test', 80), ['127.0.0.4']);
    assert.deepEqual(found(rules, 'a.test', 81), ['127.0.0.3']);
    assert.deepEqual(found(rules, 'b.test', 80), ['127.0.0.2']);
    assert.deepEqual(found(rules, 'b.test', 81), ['127.0.0.1']);
    assert.ok(!Array.isArray(found(['a.test:80:127.0.0.1'], 'a.test', 81)));
  });

  const wrong: readonly (readonly [given: Given, message: RegExp])[] = [
    [{ resolve: ['a.test:127.0.0.1'] }, /--resolve a\.test:127\.0\.0\.1: must be like/],
    [{ resolve: ['a.test:80:b.test'] }, /must be like/],
    [{ proxy: 'socks5://u:secret@p' }, /^-x: the proxy must be/],
    [{ key: 'k' }, /--cert names the certificate/],
    [{ cacert: '/nonexistent' }, /^--cacert \/nonexistent: ENOENT/],
    [{ cert: '/dev/null' }, /^--cert, --key: no certificate with its key in PEM form/],
  ];
  for (const [given, message] of wrong) {
    test(`cannot be ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => routingOf(given),
        (error: Error) => error instanceof UsageError && message.test(error.message) && !/secret/.test(error.message),
      );
    });
  }
});

describe('the options of the engine', () => {
  const setup = async (given: Given, follows = false) =>
    (await transferSetup(given, { signal: new AbortController().signal, follows })).options;

  test('are those of the flags', async () => {
    const { connections, depth, attempts, timeout, maxSize, bytesPerSecond, redirects } = await setup({
      ...{ connections: 4, pipeline: 8, retry: 2, maxTime: 5, maxFilesize: 6, limitRate: 7 },
    });
    assert.deepEqual([connections, depth, attempts, timeout, maxSize, bytesPerSecond], [4, 8, 3, 5, 6, 7]);
    assert.equal(redirects, 0);
  });

  test('take the credentials of ~/.netrc, unless -H takes Authorization away [curl(1), --header]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dugong-netrc-'));
    const file = join(folder, 'netrc');
    writeFileSync(file, 'machine x.test login a password b');
    process.env['NETRC'] = file;
    try {
      const authorization = async (given: Given): Promise<string | undefined> => {
        const headers = new HTTPHeaders();
        const url = new URL('http://x.test/');
        (await setup(given)).beforeRequest?.({ method: 'GET', url, headers, job: { url } });
        return headers.get('Authorization');
      };
      assert.equal(await authorization({ netrc: true }), 'Basic YTpi');
      assert.equal(await authorization({ netrc: true, header: ['authorization:'] }), undefined);
    } finally {
      Reflect.deleteProperty(process.env, 'NETRC');
      rmSync(folder, { recursive: true });
    }
  });

  test('follow redirects if told so', async () => {
    assert.equal((await setup({ location: true })).redirects, 20);
    assert.equal((await setup({ location: true, maxRedirs: 3 })).redirects, 3);
    assert.equal((await setup({}, true)).redirects, 20);
  });
});
