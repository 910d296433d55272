/** Which proxy the command takes, and what it says of one that it cannot use. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { ok } from '../support/messages.ts';
import { startTLSFront, startTunnelProxy } from '../support/proxy-server.ts';
import { environmentWithoutProxies, type ProgramResult, runProgram } from '../support/run-program.ts';
import { expectHead, loop, type ScriptedServer, send, startScriptedServer } from '../support/scripted-server.ts';

function dugong(args: readonly string[], env: Record<string, string> = {}): Promise<ProgramResult> {
  return runProgram('src/cli/main.ts', args, { env: { ...environmentWithoutProxies(), ...env } });
}

/** Answers so many requests on one connection with its name. */
function answering(name: string, count = 1): ScriptedServer {
  return startScriptedServer([[loop(count, [expectHead(), send(ok(name))])]]);
}

async function printed(args: readonly string[], env?: Record<string, string>): Promise<string> {
  const { status, stdout, stderr } = await dugong(args, env);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout.toString();
}

describe('dugong', () => {
  test('goes through the proxy of the environment, but for the hosts of no_proxy', async () => {
    using proxy = answering('by proxy\n', 2);
    using server = answering('directly\n');
    const env = { http_proxy: `http://user:s3cret@${proxy.authority}`, no_proxy: '127.0.0.0/8' };
    const urls = ['http://origin.example/a', `http://${server.authority}/b`, 'http://origin.example/c'];
    assert.equal(await printed(urls, env), 'by proxy\ndirectly\nby proxy\n');
    const [head = ''] = proxy.heads();
    assert.match(
      head,
      /^GET http:\/\/origin\.example\/a HTTP\/1\.1\r\n[\s\S]*Proxy-Authorization: Basic dXNlcjpzM2NyZXQ=/,
    );
    assert.doesNotMatch(server.heads()[0] ?? '', /proxy/i);
  });

  test('prefers what the command line says: another proxy, or none', async () => {
    using first = answering('by the first');
    using second = answering('by the second');
    using server = answering('directly');
    using excepted = answering('directly, too');
    const env = { all_proxy: first.authority };
    const url = `http://${server.authority}/`;
    assert.equal(await printed(['-x', second.authority, url], { ...env, no_proxy: '*' }), 'by the second');
    assert.equal(await printed(['--noproxy', '*', url], env), 'directly');
    const args = ['-x', second.authority, '--noproxy', '127.0.0.0/8', `http://${excepted.authority}/`];
    assert.equal(await printed(args, env), 'directly, too');
    assert.equal(await printed([url], env), 'by the first');
  });

  test('takes the addresses of --resolve by the port to connect to: of the server, or of the proxy', async () => {
    using proxy = answering('by proxy');
    using server = answering('directly');
    const portOf = ({ authority }: ScriptedServer) => new URL(`http://${authority}`).port;
    const rules = [proxy, server].map((each) => `*:${portOf(each)}:127.0.0.1`);
    const args = rules.flatMap((each) => ['--resolve', each]);
    assert.equal(await printed([...args, `http://origin.test:${portOf(server)}/`]), 'directly');
    assert.equal(await printed([...args, '-x', `proxy.test:${portOf(proxy)}`, 'http://origin.test/']), 'by proxy');
  });

  test('asks no proxy of a kind that it does not know: status 2, and what would be right', async () => {
    const { status, stderr } = await dugong(['http://127.0.0.1:1/'], {
      http_proxy: 'socks5h://user:s3cret@127.0.0.1:1',
    });
    assert.match(stderr, /the proxy in http_proxy or all_proxy must be a URL .*; socks5h: is not supported\n$/);
    assert.doesNotMatch(stderr, /s3cret/);
    assert.equal(status, 2);
  });
});

describe('dugong, with a proxy that speaks TLS,', { skip: opensslMissing() }, () => {
  const trust = new TestTrust();
  const trusting = { NODE_EXTRA_CA_CERTS: trust.authority.certFile };

  test('goes through it for http and https, and trusts it by the certificates of Node', async () => {
    using server = trust.serve([[expectHead(), send(ok('in the tunnel\n'))]]);
    using tunnel = startTunnelProxy(server.front);
    using proxy = startTLSFront(tunnel, trust.certificate);
    using plain = answering('in absolute-form\n');
    using plainProxy = startTLSFront(plain, trust.certificate);
    const env = {
      ...trusting,
      https_proxy: `https://user:s3cret@localhost:${proxy.port}`,
      http_proxy: `https://user:s3cret@localhost:${plainProxy.port}`,
    };
    const args = ['--cacert', trust.authority.certFile, 'https://origin.example/', 'http://origin.example/'];
    assert.equal(await printed(args, env), 'in the tunnel\nin absolute-form\n');
    for (const head of [tunnel.heads()[0], plain.heads()[0]]) {
      assert.match(head ?? '', /^Proxy-Authorization: Basic dXNlcjpzM2NyZXQ=\r$/m);
    }
    assert.doesNotMatch(server.origin.heads()[0] ?? '', /proxy/i);
  });

  test('says that the proxy is not trusted, and what to do: status 5', async () => {
    using behind = startScriptedServer([]);
    using proxy = startTLSFront(behind, trust.certificate);
    const url = `https://user:s3cret@localhost:${proxy.port}`;
    // What is said of servers goes for them alone.
    const args = ['--cacert', trust.authority.certFile, '--insecure', '-x', url, 'https://origin.example/'];
    const { status, stderr } = await dugong(args);
    assert.match(
      stderr,
      /^dugong: https:\/\/origin\.example\/: the certificate of the proxy localhost is not accepted/,
    );
    assert.match(stderr, /\n {8}if you trust the proxy nevertheless, .* NODE_EXTRA_CA_CERTS\n$/);
    assert.doesNotMatch(stderr, /s3cret/);
    assert.equal(status, 5);
    assert.equal(behind.connections(), 0);
  });
});
