/** The codes of errors of fetchSync, and of the causes of createFetch's: those that callers of Node's own functions compare. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { createFetch, isTempNetworkError } from 'dugong';
import { closeIdleConnections, fetchSync } from 'dugong/sync';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  type DugongError,
  type HostnameNotResolvable,
  SystemError,
} from '../../src/errors.ts';
import { inSystemWords } from '../../src/fetch/system-words.ts';
import { opensslMissing } from '../support/certificates.ts';
import { HTTPSServer, TestTrust } from '../support/https.ts';
import { ok } from '../support/messages.ts';
import { close, expectHead, reset, type Script, send, startScriptedServer } from '../support/scripted-server.ts';

type Lookup = (hostname: string) => readonly string[];
type Init = { readonly method: string; readonly body?: string };

/** Throws what the fetch of the whole answer fails of. */
const faces: readonly { name: string; fetch(url: string, lookup?: Lookup, init?: Init): Promise<unknown> }[] = [
  {
    name: 'fetchSync',
    async fetch(url, lookup = () => ['127.0.0.1'], init = { method: 'GET' }) {
      fetchSync(url, { ...init, proxy: false, connection: { lookup } });
    },
  },
  {
    name: "the cause of createFetch's",
    async fetch(url, lookup = () => ['127.0.0.1'], init = { method: 'GET' }) {
      const fetch = createFetch({ proxy: false, connection: { lookup } });
      try {
        await (await fetch(url, init)).text();
      } catch (error) {
        assert.ok(error instanceof TypeError);
        assert.equal(isTempNetworkError(error), isTempNetworkError(error.cause));
        throw error.cause;
      } finally {
        fetch.closeIdleConnections();
      }
    },
  },
];

const half = ok('0123456789').slice(0, -5);
const losses: readonly { name: string; script: Script }[] = [
  { name: 'closed in place of an answer', script: [expectHead(), close()] },
  { name: 'reset in place of an answer', script: [expectHead(), reset()] },
  { name: 'closed in the head', script: [expectHead(), send('HTTP/1.1 200 O'), close()] },
  { name: 'closed in the body', script: [expectHead(), send(half), close()] },
  { name: 'reset in the body', script: [expectHead(), send(half), reset()] },
];

for (const { name, fetch } of faces) {
  describe(`the code of an error (${name})`, () => {
    for (const { name, script } of losses) {
      test(`is ECONNRESET where the connection is ${name}`, async () => {
        using server = startScriptedServer([script]);
        const url = `http://localhost:${server.port}/a`;
        await assert.rejects(fetch(url), (error: DugongError) => {
          assert.ok(error instanceof ConnectionClosed);
          assert.equal(error.code, 'ECONNRESET');
          assert.equal(isTempNetworkError(error), true);
          assert.ok(error.message.startsWith(`GET ${url}: `), error.message);
          assert.ok(inspect(error).includes(error.message));
          assert.match(inspect(error), /code: 'ECONNRESET'/);
          return true;
        });
        closeIdleConnections();
      });
    }

    test('is ENOTFOUND where the name does not exist, with what Node says beside it', async () => {
      const failed = fetch('http://user:secret@name.invalid/', () => []);
      await assert.rejects(failed, (error: HostnameNotResolvable) => {
        const { name, code, errno, syscall, hostname } = error as HostnameNotResolvable & NodeJS.ErrnoException;
        assert.deepEqual(
          [name, code, errno, syscall, hostname],
          ['HostnameNotResolvable', 'ENOTFOUND', -3008, 'getaddrinfo', 'name.invalid'],
        );
        assert.ok(!inspect(error).includes('secret'));
        return true;
      });
    });

    test('is EAI_AGAIN where the resolver has no answer', async () => {
      const failed = fetch('http://name.invalid/', (hostname) => {
        throw new DNSUnavailable(hostname);
      });
      const expected = { name: 'DNSUnavailable', code: 'EAI_AGAIN', errno: -3001, syscall: 'getaddrinfo' };
      await assert.rejects(failed, { ...expected, hostname: 'name.invalid' });
    });

    test('is ENOTFOUND where the system says that the name is unknown, and cannot know', async () => {
      const cause = Object.assign(new Error('unknown'), { code: 'EAI_NONAME' });
      const failed = fetch('http://name.invalid/', (hostname) => {
        throw new DNSUnavailable(hostname, { cause });
      });
      await assert.rejects(failed, { name: 'DNSUnavailable', code: 'ENOTFOUND', hostname: 'name.invalid' });
    });

    test('is ECONNREFUSED where nothing listens', async () => {
      const expected = {
        name: 'SystemError',
        code: 'ECONNREFUSED',
        syscall: 'connect',
        address: '127.0.0.2',
        port: 10,
      };
      await assert.rejects(
        fetch('http://localhost:10/', () => ['127.0.0.2']),
        expected,
      );
    });

    test('is in an error that names the request, and no server beside it, where nothing listens', async () => {
      for (const body of ['small', 'x'.repeat(100_000)]) {
        const failed = fetch('http://localhost:10/a', () => ['127.0.0.2'], { method: 'POST', body });
        await assert.rejects(failed, { message: 'POST http://localhost:10/a: connect ECONNREFUSED 127.0.0.2:10' });
      }
    });

    test('is of this library where the system has no word for it: the answer is no HTTP', async () => {
      using server = startScriptedServer([[expectHead(), send('HTTP/1.1 OK\r\n\r\n'), close()]]);
      const expected = { name: 'InvalidResponse', code: 'DUGONG_INVALID_RESPONSE' };
      await assert.rejects(fetch(`http://localhost:${server.port}/`), expected);
    });

    test('is that of node:tls where a certificate is not accepted', { skip: opensslMissing() }, async () => {
      const { certificate } = new TestTrust();
      using server = new HTTPSServer([[]], certificate);
      const expected = { name: 'TLSError', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' };
      await assert.rejects(fetch(`https://localhost:${server.front.port}/`), expected);
    });
  });
}

describe('what the system said of a lost connection', () => {
  const lostBy = (code: string, errno: number): ConnectionClosed =>
    new ConnectionClosed('x', { phase: 'send', cause: new SystemError(code, { errno, syscall: 'write' }) });

  test('is the code that a fetch gives', () => {
    for (const [code, errno] of [
      ['EPIPE', -32],
      ['ETIMEDOUT', -110],
      ['EHOSTUNREACH', -113],
    ] as const) {
      const told = inSystemWords(lostBy(code, errno)) as ConnectionClosed & NodeJS.ErrnoException;
      assert.deepEqual([told.code, told.errno, told.syscall], [code, errno, 'write']);
    }
  });

  test('is not EINVAL, which callers would take for a mistake of their own', () => {
    assert.equal(inSystemWords(lostBy('EINVAL', -22)).code, 'ECONNRESET');
  });

  test('is nothing where a time limit of ours has passed', () => {
    assert.equal(inSystemWords(new ConnectionTimedOut(5, 'receive')).code, 'DUGONG_CONNECTION_TIMED_OUT');
  });
});
