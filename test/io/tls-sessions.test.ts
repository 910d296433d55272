/** Sessions: resumed where that is safe, and not where it is not. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TLSError } from '../../src/errors.ts';
import { TLSContext } from '../../src/io/tls-context.ts';
import { type Certificate, makeAuthority, makeCertificate, opensslMissing } from '../support/certificates.ts';
import { startTLSServer, type TLSServer } from '../support/tls-server.ts';
import { thrownBy } from '../support/waiting.ts';
import { blocking, coReceive, coSendAll, secure } from './tls-support.ts';

const skip = opensslMissing();

describe('a session', { skip }, () => {
  let leaf: Certificate;
  let server: TLSServer;
  let ca: string;
  before(() => {
    const root = makeAuthority('root');
    leaf = makeCertificate({ issuer: root, san: 'DNS:localhost,DNS:other.test' });
    server = startTLSServer({ cert: leaf.cert, key: leaf.key });
    ca = root.cert;
  });
  after(() => server?.[Symbol.dispose]());

  /** One exchange, in which the tickets of TLS 1.3 come too. Whether the session was resumed. */
  function exchange(context: TLSContext, hostname?: string, port = server.port): boolean {
    const transport = secure(port, context, hostname);
    blocking(coSendAll(transport, 'finish 1\n'));
    assert.equal(blocking(coReceive(transport)).result, 0);
    const resumed = transport.isSessionReused();
    assert.equal(transport.getPeerCertificate()?.subject.CN, 'dugong test');
    transport.close();
    return resumed;
  }

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is resumed by the next connection of its context to the same server (${maxVersion})`, () => {
      const context = new TLSContext({ ca, maxVersion });
      // A server of node:tls gives two tickets of TLS 1.3 with the first handshake, and none with a resumed one.
      const results = [1, 2, 3].map(() => exchange(context));
      assert.deepEqual(results, [false, true, true]);
    });

    it(`is not resumed by another context, under another name, or on another port (${maxVersion})`, () => {
      const context = new TLSContext({ ca, maxVersion });
      exchange(context);
      assert.equal(exchange(new TLSContext({ ca, maxVersion })), false);
      assert.equal(exchange(context, 'other.test'), false);
      using twin = startTLSServer({ cert: leaf.cert, key: leaf.key });
      assert.equal(exchange(context, 'localhost', twin.port), false);
    });

    it(`can be carried to another context (${maxVersion})`, () => {
      const transport = secure(server.port, { ca, maxVersion });
      blocking(coSendAll(transport, 'hello'));
      blocking(coReceive(transport, 5));
      const session = transport.getSession();
      transport.close();
      assert.ok(session);
      const checked: string[] = [];
      const checkServerIdentity = (hostname: string) => void checked.push(hostname);
      assert.equal(exchange(new TLSContext({ ca, maxVersion, session })), true);
      const resumed = exchange(new TLSContext({ ca, maxVersion, session, checkServerIdentity }), 'else.test');
      // Servers of newer releases of Node 22 and 24 resume none under another name: the check is made in either case.
      assert.ok(resumed || /^v2[24]\./.test(process.version));
      assert.deepEqual(checked, ['else.test']);
      // What the certificate of the session is not for is refused, although OpenSSL verifies nothing again.
      const error = thrownBy(() => exchange(new TLSContext({ ca, maxVersion, session }), 'wrong.test'));
      assert.ok(error instanceof TLSError);
      assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
      const address = thrownBy(() => exchange(new TLSContext({ ca, maxVersion, session }), '127.0.0.1'));
      assert.equal((address as TLSError).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    });

    it(`that was made without verification does not stand in for one (${maxVersion})`, () => {
      const transport = secure(server.port, { rejectUnauthorized: false, ca: leaf.cert, maxVersion });
      blocking(coSendAll(transport, 'hello'));
      blocking(coReceive(transport, 5));
      const session = transport.getSession();
      transport.close();
      assert.ok(session);
      const error = thrownBy(() => exchange(new TLSContext({ ca, maxVersion, session })));
      assert.equal((error as TLSError).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    });
  }

  it('of TLS 1.3 is used once [RFC 8446 C.4]: each connection of many takes its own', () => {
    const context = new TLSContext({ ca });
    exchange(context);
    // Two tickets came with the first exchange; connections that end at once bring no new ones.
    const resumed = [1, 2, 3].map(() => {
      const transport = secure(server.port, context);
      const was = transport.isSessionReused();
      transport.close();
      return was;
    });
    assert.deepEqual(resumed, [true, true, false]);
  });

  it('is not kept for ever: the oldest go', () => {
    const context = new TLSContext({ ca, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
    exchange(context, 'first.test');
    for (let n = 0; n < 512; n++) exchange(context, `other-${n}.test`);
    assert.equal(exchange(context, 'first.test'), false);
    assert.equal(exchange(context, 'other-400.test'), true);
  });
});
