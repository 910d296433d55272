/** What the command says when things go wrong half way, or for reasons that only the user can do away with. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { HTTPSServer } from '../support/https.ts';
import { ok } from '../support/messages.ts';
import { type ProgramResult, runProgram } from '../support/run-program.ts';
import { close, expectHead, gate, mark, send, startScriptedServer } from '../support/scripted-server.ts';
import { startTLSServer } from '../support/tls-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'dugong-outcomes-'));
after(() => rmSync(folder, { recursive: true }));

function dugong(args: readonly string[], onStart?: (pid: number) => void): Promise<ProgramResult> {
  return runProgram('src/cli/main.ts', args, onStart === undefined ? {} : { onStart });
}

describe('a file that could not be written to its end', () => {
  const part = ok('0123456789').slice(0, -5);

  test('is named when the connection is lost; what came is in it', async () => {
    using server = startScriptedServer([[expectHead(), send(part), close()]]);
    const file = join(folder, 'lost');
    const { status, stderr } = await dugong(['-o', file, `http://${server.authority}/`]);
    assert.equal(status, 3);
    assert.ok(stderr.endsWith(`\n        ${file} is incomplete\n`), stderr);
    assert.equal(readFileSync(file, 'latin1'), '01234');
  });

  test('is named after SIGINT', async () => {
    using server = startScriptedServer([[expectHead(), send(part), mark('sent'), gate('never')]]);
    const file = join(folder, 'interrupted');
    let pid = 0;
    const running = dugong(['-o', file, `http://${server.authority}/`], (started) => {
      pid = started;
    });
    await server.reached('sent');
    while (!existsSync(file) || readFileSync(file).length === 0) await new Promise(setImmediate);
    process.kill(pid, 'SIGINT');
    const { status, stderr } = await running;
    assert.equal(status, 130);
    assert.equal(stderr, `dugong: interrupted\n        ${file} is incomplete\n`);
  });

  test('is not named if nothing of the document has come', async () => {
    using server = startScriptedServer([[expectHead(), close()]]);
    const { status, stderr } = await dugong(['-d', 'x', '-o', join(folder, 'never'), `http://${server.authority}/`]);
    assert.equal(status, 3);
    assert.doesNotMatch(stderr, /incomplete/);
  });

  test('is named with the cause and the way out when the disk is full', {
    skip: process.platform === 'linux' ? false : '/dev/full is a device of Linux',
  }, async () => {
    using server = startScriptedServer([[expectHead(), send(ok('x'), { peerMayLeave: true })]]);
    const { status, stderr } = await dugong(['-o', '/dev/full', `http://${server.authority}/`]);
    assert.equal(status, 5);
    assert.match(stderr, /^dugong: \/dev\/full: ENOSPC: .*\n {8}make room, /);
  });
});

describe('the way out of an error of TLS', { skip: opensslMissing() }, () => {
  const authority = makeAuthority('command');
  const certificate = makeCertificate({ subject: '/CN=server', san: 'DNS:other.example', issuer: authority });
  const ca = join(folder, 'ca.pem');

  test('fits its cause', async () => {
    writeFileSync(ca, authority.cert);
    using server = new HTTPSServer([], certificate);
    const url = `https://${server.front.authority}/`;
    const cases: [string[], RegExp][] = [
      [[url], /\n {8}if you trust the server nevertheless, give its certificate with --cacert\n$/],
      [
        ['--cacert', ca, url],
        /\(ERR_TLS_CERT_ALTNAME_INVALID\).*\n {8}the server needs another certificate; --insecure/,
      ],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = await dugong(args);
      assert.match(stderr, message);
      assert.equal(status, 3);
    }
  });

  test('is a certificate of the client where the server wants one, with TLS 1.3 after the handshake', async () => {
    writeFileSync(ca, authority.cert);
    const { cert, key } = makeCertificate({ san: 'DNS:localhost', issuer: authority });
    using server = startTLSServer({ cert, key, ca: authority.cert, requestCert: true, minVersion: 'TLSv1.3' });
    const { status, stderr } = await dugong(['--cacert', ca, `https://localhost:${server.port}/`]);
    assert.match(stderr, /CERTIFICATE_REQUIRED.*\n {8}the server wants a certificate of its client/);
    assert.equal(status, 3);
  });

  test('is the command line where --cacert names no certificates', async () => {
    const key = join(folder, 'key.pem');
    writeFileSync(key, certificate.key);
    const { status, stderr } = await dugong(['--cacert', key, 'https://localhost/']);
    assert.equal(stderr.split('\n')[0], `dugong: --cacert ${key}: no certificates in PEM form (no start line)`);
    assert.equal(status, 2);
  });
});
