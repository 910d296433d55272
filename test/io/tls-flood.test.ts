import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { native } from '../../src/io/native.ts';
import { startRawServer } from '../support/tls-server.ts';
import { verdict } from './tls-support.ts';

/** As many records of TLS 1.2 as fit into `length` bytes, each full of HelloRequests, which a client in a handshake ignores. */
function helloRequests(length: number): Buffer {
  const fragment = Buffer.alloc(16_384);
  const record = Buffer.concat([Buffer.from([22, 3, 3, 0x40, 0]), fragment]);
  return Buffer.alloc(Math.floor(length / record.length) * record.length, record);
}

describe('a server that says nothing of use in the handshake', () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is given up when it has said too much of it (${maxVersion}) [RFC 5246 7.4.1.1]`, () => {
      using server = startRawServer({
        bytes: helloRequests(native.TLS_MOST_WITHOUT_CONTENT + 50_000),
        ending: 'keep-open',
      });
      assert.equal(verdict(server.port, { maxVersion }), 'ERR_TLS_TOO_MUCH_WITHOUT_CONTENT');
    });
  }
});
