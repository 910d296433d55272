import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { abort } from './abort.ts';
import { listen } from './listen.ts';

describe('abort()', () => {
  const server = createServer({ pauseOnConnect: true });
  before(() => listen(server, { host: '127.0.0.1', port: 0 }));
  after(() => server.close());

  /** A connection: our end, and the peer's, which reads nothing. */
  async function pair(): Promise<[ours: Socket, theirs: Socket]> {
    const ours = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [theirs] = (await once(server, 'connection')) as [Socket];
    return [ours, theirs];
  }

  /** How many sockets the event loop has. */
  const open = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

  test('resets a connection', async () => {
    const [ours, theirs] = await pair();
    const closed = once(theirs, 'close').then(
      () => 'an orderly end',
      (error: NodeJS.ErrnoException) => error.code,
    );
    abort(ours);
    theirs.resume();
    assert.equal(await closed, 'ECONNRESET');
  });

  test('closes one whose FIN is under way', async () => {
    const [ours, theirs] = await pair();
    const before = open();
    ours.end('the last words');
    const closed = once(ours, 'close');
    abort(ours);
    await closed;
    assert.equal(open(), before - 1);
    theirs.destroy();
  });
});
