/** Each case of tls-matrix.ts, with this client and with node:https. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { opensslMissing } from '../support/certificates.ts';
import { startRawServer, startTLSServer, type TLSServer } from '../support/tls-server.ts';
import { matrix, matrixDocument, matrixServers } from './tls-matrix.ts';
import { httpsVerdict, verdict } from './tls-support.ts';

const skip = opensslMissing();

function oneOf(expected: string | readonly string[], actual: string): void {
  const all = typeof expected === 'string' ? [expected] : expected;
  assert.ok(all.includes(actual), `${actual} instead of ${all.join(' or ')}`);
}

describe('a server is accepted or refused, with a reason', { skip }, () => {
  const servers = new Map<string, TLSServer>();
  let ca = '';
  before(() => {
    const made = matrixServers();
    ca = made.ca;
    for (const [name, options] of made.tls) servers.set(name, startTLSServer(options));
    for (const [name, answer] of made.raw) servers.set(name, startRawServer(answer));
  });
  after(() => {
    for (const server of servers.values()) server[Symbol.dispose]();
  });

  for (const { row, server, host, options, ours, https } of matrix) {
    const given = options === undefined ? '' : ` ${JSON.stringify(options)}`;
    it(`${row}: ${server}, as ${JSON.stringify(host)}${given}: ${ours}`, async () => {
      const { port } = servers.get(server) as TLSServer;
      oneOf(ours, verdict(port, { ca, ...options }, host));
      // What node:https takes for false is another matter.
      const rejectUnauthorized = options?.rejectUnauthorized ?? true;
      oneOf(https, await httpsVerdict(port, { ca, rejectUnauthorized }, host));
    });
  }

  it('sends nothing in the clear to one that does not speak TLS', async () => {
    for (const name of ['plain HTTP', 'an alert: handshake_failure']) {
      const server = servers.get(name) as TLSServer;
      const [first] = await server.seenAtLeast(1);
      // A record of a handshake, and a fatal alert at most after it.
      assert.equal(first?.received?.slice(0, 3), '\x16\x03\x01');
      assert.doesNotMatch(first?.received ?? '', /HTTP/);
    }
  });
});

it('docs/tls-matrix.md holds these cases', () => {
  const file = new URL('../../docs/tls-matrix.md', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), matrixDocument(), 'run: node --import tsx test/io/tls-matrix.ts');
});
