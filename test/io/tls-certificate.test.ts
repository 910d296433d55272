/** The certificates that a TLS connection tells of, compared with what node:tls tells of the same server. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { TLSContext } from '../../src/io/tls-context.ts';
import { type Certificate, makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { startTLSServer } from '../support/tls-server.ts';
import { blocking, coReceive, coSendAll, secure } from './tls-support.ts';

const skip = opensslMissing();

let root: Certificate;
let leaf: Certificate;
let ca: string;
before(() => {
  if (skip !== false) return;
  root = makeAuthority('root');
  leaf = makeCertificate({ issuer: root, subject: '/CN=server', san: 'DNS:localhost,DNS:other.test,IP:127.0.0.1' });
  ca = root.cert;
});

/** What node:tls says of the server at this port. */
async function certificatesOfNode(port: number, options: ConnectionOptions) {
  const socket = connect({ ...options, port, host: '127.0.0.1', servername: 'localhost' });
  await once(socket, 'secureConnect');
  const [plain, detailed] = [socket.getPeerCertificate(), socket.getPeerCertificate(true)];
  socket.destroy();
  return { plain, detailed };
}

describe('the certificate of a server', { skip }, () => {
  it('gives the certificate as node:tls does, with its issuers on demand', () => {
    using chained = startTLSServer({ cert: leaf.cert + root.cert, key: leaf.key });
    const transport = secure(chained.port, { ca });
    const certificate = transport.getPeerCertificate();
    assert.equal(certificate?.subject.CN, 'server');
    assert.equal(certificate?.subjectaltname, 'DNS:localhost, DNS:other.test, IP Address:127.0.0.1');
    assert.equal('issuerCertificate' in (certificate ?? {}), false);
    const detailed = transport.getPeerCertificate(true);
    assert.equal(detailed?.issuerCertificate.subject.CN, 'root');
    assert.equal(detailed?.issuerCertificate.issuerCertificate, detailed?.issuerCertificate);
    transport.close();
    assert.equal(transport.getCipher()?.version !== undefined, true);
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`gives all of it as node:tls does: what was sent, in any order, and what is trusted (${maxVersion})`, async () => {
      const intermediate = makeAuthority('intermediate', { issuer: root });
      const names = { subject: '/CN=server', san: 'DNS:localhost' };
      const below = makeCertificate({ issuer: intermediate, ...names });
      const stranger = makeAuthority('stranger');
      const chains = [
        { leaf, sent: [], ca },
        { leaf: makeCertificate({ issuer: root, keyType: 'rsa', ...names }), sent: [], ca },
        { leaf: below, sent: [intermediate], ca },
        { leaf: below, sent: [root, stranger, intermediate], ca },
        { leaf: below, sent: [], ca: ca + intermediate.cert },
        { leaf, sent: [stranger], ca },
      ];
      for (const { leaf, sent, ca } of chains) {
        const cert = [leaf, ...sent].map(({ cert }) => cert).join('');
        using server = startTLSServer({ cert, key: leaf.key });
        const context = new TLSContext({ ca, maxVersion });
        const theirs = await certificatesOfNode(server.port, { ca, maxVersion });
        for (const resumed of [false, true]) {
          const transport = secure(server.port, context);
          blocking(coSendAll(transport, 'hello'));
          blocking(coReceive(transport, 5));
          assert.equal(transport.isSessionReused(), resumed);
          assert.deepEqual(transport.getPeerCertificate(), theirs.plain);
          assert.deepEqual(transport.getPeerCertificate(true), theirs.detailed);
          transport.close();
        }
      }
    });
  }

  it('links no certificate to one that did not issue it', () => {
    const stranger = makeAuthority('stranger');
    using server = startTLSServer({ cert: leaf.cert + stranger.cert, key: leaf.key });
    const transport = secure(server.port, { ca: stranger.cert, rejectUnauthorized: false });
    assert.equal('issuerCertificate' in (transport.getPeerCertificate(true) ?? {}), false);
    transport.close();
  });
});
