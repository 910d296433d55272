/** Bulk transfers from several servers, over few connections, and by other routes. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coSleep, Transfer, type TransferJob, type TransferResult } from '../../src/index.ts';
import { makeCertificate, opensslMissing } from '../support/certificates.ts';
import { documentAt, type PipelineServer, startPipelineServer } from '../support/pipeline-server.ts';
import { startTLSFront, startTunnelProxy } from '../support/proxy-server.ts';
import { assertDocuments, inOrder, quick, SinkLog, transferred } from '../support/transfers.ts';

const NAMED = { san: 'IP:127.0.0.1' };

function jobsAt(url: string, count: number, size = 100): TransferJob[] {
  return Array.from({ length: count }, (_, index) => ({ url: `${url}/d${index}/${size + index}` }));
}

/** Servers that are stopped together. */
class Servers implements Disposable {
  readonly all: readonly PipelineServer[];

  constructor(count: number) {
    this.all = Array.from({ length: count }, () => startPipelineServer());
  }

  [Symbol.dispose](): void {
    for (const server of this.all) server.stop();
  }
}

describe('a transfer from several servers', () => {
  test('is not slowed by one that holds its responses', async () => {
    using slow = startPipelineServer({ holds: true });
    using fast = startPipelineServer();
    const jobs = [...jobsAt(slow.url, 50), ...jobsAt(fast.url, 500)];
    const results: TransferResult[] = [];
    for await (const result of new Transfer(quick()).promises.run(jobs)) {
      results.push(result);
      // The slow one answers once the other has answered everything.
      if (results.length === 500) slow.change({});
    }
    assertDocuments(inOrder(results));
  });

  test('serves more of them than there may be connections', async () => {
    using servers = new Servers(12);
    const jobs = Array.from({ length: 300 }, (_, n) => ({ url: `${servers.all[n % 12]?.url}/d${n}/100` }));
    const transfer = new Transfer(quick({ totalConnections: 3 }));
    let most = 0;
    const results: TransferResult[] = [];
    for await (const result of transfer.promises.run(jobs)) {
      most = Math.max(most, transfer.counts.connections.length);
      results.push(result);
    }
    assertDocuments(inOrder(results, transfer));
    assert.ok(most <= 3, `${most} connections`);
  });

  test('serves the others while one that pauses would have the only connection', async () => {
    using busy = startPipelineServer({ retryAfter: '60' });
    using other = startPipelineServer();
    const jobs = [{ url: `${busy.url}/busy/1/x` }, ...jobsAt(other.url, 5)];
    const transfer = new Transfer(quick({ totalConnections: 1 }));
    let results = 0;
    for await (const { outcome } of transfer.promises.run(jobs)) {
      assert.equal(outcome, 'done');
      if (++results === 5) break;
    }
    assert.equal(busy.seen().length, 1);
  });

  test('keeps to the connections to one server, over all its jobs', async () => {
    using server = startPipelineServer();
    const results = await transferred(jobsAt(server.url, 300), { connections: 3 });
    assertDocuments(results);
    assert.ok(server.connections().all <= 3, `${server.connections().all} connections`);
  });

  test('fails the jobs of one that refuses connections, and no other', async () => {
    using server = startPipelineServer();
    const gone = startPipelineServer();
    gone.stop();
    const jobs = [...jobsAt(gone.url, 200), ...jobsAt(server.url, 50), ...jobsAt(gone.url, 200)];
    const results = await transferred(jobs, { attempts: 2 });
    assertDocuments(results.slice(200, 250));
    for (const { outcome, error, mayHaveBeenProcessed } of [...results.slice(0, 200), ...results.slice(250)]) {
      assert.deepEqual([outcome, mayHaveBeenProcessed], ['failed', false]);
      assert.equal((error as { code?: string }).code, 'ECONNREFUSED');
    }
  });

  test('fails the jobs of one that goes away in the middle, and no other', async () => {
    using server = startPipelineServer();
    const leaving = startPipelineServer({ closeAfter: 5, announced: true });
    const jobs = [...jobsAt(leaving.url, 200), ...jobsAt(server.url, 50)];
    const transfer = new Transfer(quick({ attempts: 2, connections: 1 }));
    const results: TransferResult[] = [];
    for await (const result of transfer.promises.run(jobs)) {
      results.push(result);
      if (result.url.startsWith(leaving.url)) leaving.stop();
    }
    inOrder(results, transfer);
    assertDocuments(results.slice(200));
    const failed = results.slice(0, 200).filter(({ outcome }) => outcome === 'failed');
    assert.ok(failed.length > 100, `${failed.length} failed`);
  });

  test('follows redirects from one to another', async () => {
    using one = startPipelineServer();
    const { url } = one;
    const results = await transferred([{ url: `${url}/to/to/to/d1/100` }, { url: `${url}/to/d1/100` }], {
      redirects: 2,
    });
    assert.deepEqual(
      results.map(({ outcome, redirects }) => [outcome, redirects.length]),
      [
        ['failed', 2],
        ['done', 1],
      ],
    );
  });
});

describe('a long body', () => {
  const bodySize = 50_000_000;

  for (const known of [true, false]) {
    test(`at the head does not keep those behind waiting, if it is ${known ? '' : 'not '}known what it must be`, async () => {
      using server = startPipelineServer();
      const log = new SinkLog();
      const long = log.sink('long');
      let isOver = false;
      let begun = 0;
      let small = 0;
      let smallBefore = 0;
      const jobs: TransferJob[] = [
        ...Array.from({ length: 20 }, (_, n): TransferJob => ({ url: `${server.url}/first${n}/10`, sink: 'discard' })),
        {
          url: `${server.url}/long/${bodySize}`,
          size: known ? bodySize : undefined,
          sink: {
            begin: () => {
              begun++;
            },
            // It is slow until the others are done.
            *write() {
              while (small < 9 && !isOver) yield* coSleep(20);
            },
            commit: () => {
              smallBefore = small;
            },
            abandon: () => long.abandon(),
          },
        },
        ...jobsAt(server.url, 9),
      ];
      const transfer = new Transfer(quick({ connections: 2 }));
      const results: TransferResult[] = [];
      for await (const result of transfer.promises.run(jobs)) {
        if (result.index > 20) small++;
        results.push(result);
      }
      isOver = true;
      inOrder(results, transfer);
      for (const { outcome, error } of results) assert.equal(outcome, 'done', String(error));
      assert.equal(results[20]?.bytes, bodySize);
      assert.equal(smallBefore, 9);
      assert.ok(begun <= 2, `begun ${begun} times`);
      for (const { index, body } of results.slice(21)) {
        assert.equal(body?.toString(), documentAt(`/d${index - 21}/${100 + index - 21}`));
      }
    });
  }
});

describe('a transfer by another route', { skip: opensslMissing() }, () => {
  test('through TLS', async () => {
    const certificate = makeCertificate(NAMED);
    using server = startPipelineServer();
    using front = startTLSFront(server, certificate);
    const results = await transferred(jobsAt(`https://127.0.0.1:${front.port}`, 100), {
      tls: { ca: certificate.cert },
    });
    assertDocuments(results);
    assert.ok(Math.max(...server.seen().map(({ ahead }) => ahead)) > 1);
  });

  test('through a proxy, which gets whole URLs', async () => {
    using server = startPipelineServer();
    const jobs = jobsAt('http://documents.invalid', 100);
    const results = await transferred(jobs, { proxy: server.url });
    for (const { url, body } of results) assert.equal(body?.toString('latin1'), documentAt(url));
    assert.ok(server.connections().all <= 2);
  });

  test('through TLS that is not trusted: its jobs fail, once for all', async () => {
    const certificate = makeCertificate(NAMED);
    using server = startPipelineServer();
    using front = startTLSFront(server, certificate);
    const results = await transferred(jobsAt(`https://127.0.0.1:${front.port}`, 50));
    for (const { outcome } of results) assert.equal(outcome, 'failed');
    assert.deepEqual(front.handshakes(), []);
  });

  test('through a proxy whose tunnels end at once: its jobs fail', async () => {
    using server = startPipelineServer({ refuses: true });
    const certificate = makeCertificate(NAMED);
    using front = startTLSFront(server, certificate);
    using proxy = startTunnelProxy(front);
    const results = await transferred(jobsAt(`https://127.0.0.1:${front.port}`, 3), {
      proxy: `http://127.0.0.1:${proxy.port}`,
      tls: { ca: certificate.cert },
      attempts: 3,
    });
    for (const { outcome } of results) assert.equal(outcome, 'failed');
    assert.ok(proxy.heads().length < 20, `${proxy.heads().length} tunnels`);
  });
});
