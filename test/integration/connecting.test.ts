/**
 * Reaching one of several addresses where some lead nowhere (RFC 8305): in a network of the test's own, whose kernel loses
 * packets, refuses routes and gives up, as real ones do. This whole file runs in it.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { HTTPConnection, type HTTPConnectionOptions, runBlocking, type SystemError } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';
import { coConnect } from '../../src/io/tcp.ts';
import { type NameServer, startNameServer } from '../support/dns-server.ts';
import { listen } from '../support/listen.ts';
import { ok } from '../support/messages.ts';
import { enterPrivateNetwork, ip } from '../support/private-network.ts';
import {
  expectEnd,
  expectHead,
  gate,
  mark,
  type Script,
  send,
  startScriptedServer,
} from '../support/scripted-server.ts';
import { startStalledListener } from '../support/stalled-listener.ts';
import { finish, suspend, thrownBy, waysOfWaiting } from '../support/waiting.ts';

const skip = enterPrivateNetwork(import.meta.url);

/** No machine is there, and no router says so: packets to these are lost. */
const LOST4 = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as const;
const LOST6 = ['2001:db8::1', '2001:db8::2', '2001:db8::3'] as const;
/** No machine answers when the kernel looks for that address (ARP). */
const ABSENT4 = '192.0.2.77';
const ABSENT6 = '2001:db8::77';
/** Routes that the kernel refuses to take, and what it says. */
const REFUSING: Readonly<Record<string, string>> = {
  '198.51.100.1': 'EHOSTUNREACH',
  '203.0.113.1': 'EACCES',
  '198.18.0.1': 'EINVAL',
  '240.0.0.1': 'ENETUNREACH',
  '3fff::1': 'ENETUNREACH',
};

/** A minute stands for "not within this test": what goes on without waiting goes on at once. */
const NEVER = 60_000;

before(() => {
  if (skip !== false) return;
  ip('link add v0 type veth peer name v1');
  ip('link set v1 up');
  ip('link set v0 up');
  ip('address add 10.9.0.1/24 dev v0');
  ip('-6 address add 2001:db8:1::1/64 dev v0 nodad');
  ip('route add 192.0.2.0/24 dev v0');
  ip('-6 route add 2001:db8::/64 dev v0');
  for (const address of [...LOST4, ...LOST6])
    ip(`neighbour add ${address} lladdr 02:00:00:00:00:01 dev v0 nud permanent`);
  ip('route add unreachable 198.51.100.0/24');
  ip('route add prohibit 203.0.113.0/24');
  ip('route add blackhole 198.18.0.0/24');
  for (const table of ['arp_cache', 'ndisc_cache']) {
    ip(`ntable change name ${table} dev v0 retrans 20 mcast_probes 1 ucast_probes 0 app_probes 0`);
  }
});

/** The sockets of this network in that state, as the kernel shows them: the peer, and what its timer is for. */
function sockets(state: 'syn-sent' | 'established'): { peer: string; timer: string }[] {
  const output = execFileSync('ss', ['-Hton', 'state', state], { encoding: 'latin1' });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, , , peer = '', timer = ''] = line.trim().split(/\s+/);
      return { peer: peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''), timer };
    });
}

function connecting(): string[] {
  return sockets('syn-sent').map(({ peer }) => peer);
}

function codesOf(errors: readonly SystemError[]): [string | undefined, string][] {
  return errors.map(({ address, code }) => [address, code]);
}

/** A port of loopback, in both families, on which no server listens. */
const CLOSED = 9;

describe('a host of which one address leads nowhere', { skip }, () => {
  let dns: NameServer;
  before(() => {
    if (skip === false) dns = startNameServer();
  });
  const once: Script = [expectHead(), send(ok('reached')), expectEnd()];

  for (const { name, run } of waysOfWaiting) {
    test(`is reached by the other, after the delay; the loser is closed (${name})`, async () => {
      using server = startScriptedServer([once]);
      dns.serve({ 'dual.test': { A: ['127.0.0.1'], AAAA: [LOST6[0]] } });
      const before = native.counts();
      const attemptDelay = 40;
      using connection = new HTTPConnection('dual.test', { port: server.port, attemptDelay });
      const start = performance.now();
      await run(connection.coSendRequest('GET', '/'));
      assert.ok(performance.now() - start >= attemptDelay);
      assert.deepEqual(connecting(), []);
      assert.equal((await run(connection.coReadResponse())).status, 200);
      assert.equal(await run(connection.coReadText()), 'reached');
      assert.equal(native.counts().owned, before.owned + 1);
      connection.disconnect();
      assert.deepEqual(native.counts(), before);
    });
  }

  test('is waited for 250 ms by default', () => {
    const coroutine = coConnect([LOST6[0], '127.0.0.1'], CLOSED);
    const earliest = performance.now() + 250;
    const { deadline = 0 } = suspend(coroutine);
    assert.ok(deadline >= earliest && deadline <= performance.now() + 250);
    coroutine.return(undefined as never);
    assert.deepEqual(connecting(), []);
  });

  test('is connected to all the same if it answers at last', () => {
    using listener = startStalledListener();
    const coroutine = coConnect(['127.0.0.1', LOST4[0]], listener.port, { attemptDelay: 1 });
    assert.equal(suspend(coroutine).poll(), true);
    suspend(coroutine);
    assert.ok(connecting().includes(LOST4[0]));
    listener.accept();
    // By the next SYN, which the kernel sends after a second.
    const transport = finish(coroutine);
    assert.ok(!connecting().includes(LOST4[0]));
    transport.close();
  });
});

describe('attempts', { skip }, () => {
  test('take turns between the families, and all go on until one wins [RFC 8305 4, 5]', () => {
    const before = native.counts();
    const addresses = [LOST6[0], LOST6[1], LOST6[2], LOST4[0], LOST4[1]];
    // Longer than to look takes, so that no two begin between looks.
    const coroutine = coConnect(addresses, 80, { attemptDelay: 100 });
    const started: string[] = [];
    for (let count = 1; count <= addresses.length; count++) {
      let need = suspend(coroutine);
      while (connecting().length < count) {
        assert.equal(need.poll(NEVER), true);
        need = suspend(coroutine);
      }
      started.push(...connecting().filter((address) => !started.includes(address)));
    }
    assert.deepEqual(started, [LOST6[0], LOST4[0], LOST6[1], LOST4[1], LOST6[2]]);
    // There is nothing to start any more: no deadline.
    assert.equal(suspend(coroutine).deadline, undefined);
    assert.equal(native.counts().owned, before.owned + 6);
    coroutine.return(undefined as never);
    assert.deepEqual(connecting(), []);
    assert.deepEqual(native.counts(), before);
  });

  test('begin at once after one that fails, whatever the delay; every failure is kept, in order', () => {
    const before = native.counts();
    const options = { attemptDelay: NEVER };
    const refusing = Object.keys(REFUSING);
    const addresses = [...refusing, '127.0.0.1', '::1'];
    const error = thrownBy(() => runBlocking(coConnect(addresses, CLOSED, options))) as SystemError;
    assert.ok(error.cause instanceof AggregateError);
    const failures: [string, string][] = error.cause.errors.map(({ address, code }) => [address, code]);
    const expected = [...Object.entries(REFUSING), ['127.0.0.1', 'ECONNREFUSED'], ['::1', 'ECONNREFUSED']];
    assert.deepEqual([...failures].sort(), expected.sort());
    assert.deepEqual([error.address, error.code], failures.at(-1));
    assert.equal(error.syscall, 'connect');
    assert.deepEqual(native.counts(), before);
  });

  test('that fail later, since no machine has the address, make the next one begin at once, too', () => {
    for (const [absent, family] of [
      [ABSENT4, 4],
      [ABSENT6, 6],
    ] as const) {
      const before = native.counts();
      using server = startScriptedServer([[expectEnd()]], { host: family === 4 ? '127.0.0.1' : '::1' });
      const failures: SystemError[] = [];
      const transport = runBlocking(
        coConnect([absent, server.hostname], server.port, {
          attemptDelay: NEVER,
          onFailure: (failure) => failures.push(failure),
        }),
      );
      assert.deepEqual(codesOf(failures), [[absent, 'EHOSTUNREACH']]);
      transport.close();
      assert.deepEqual(native.counts(), before);
    }
  });

  test('end by the kernel’s patience if nothing else ends them: ETIMEDOUT', () => {
    writeFileSync('/proc/sys/net/ipv4/tcp_syn_retries', '1');
    const addresses = [LOST4[0], LOST6[0]];
    const error = thrownBy(() => runBlocking(coConnect(addresses, 80, { attemptDelay: 1 }))) as SystemError;
    writeFileSync('/proc/sys/net/ipv4/tcp_syn_retries', '6');
    assert.ok(error.cause instanceof AggregateError);
    assert.deepEqual(codesOf(error.cause.errors).sort(), addresses.map((address) => [address, 'ETIMEDOUT']).sort());
  });

  test('that had failed when the time was over are in the cause of ConnectionTimedOut', async () => {
    const lookup = (): string[] => ['240.0.0.1', '127.0.0.1', LOST4[0]];
    const connection = (options?: HTTPConnectionOptions) =>
      new HTTPConnection('x.test', { port: CLOSED, lookup, ...options });
    const before = native.counts();
    const check = ({ name, phase, cause }: Error & { phase?: string }): true => {
      assert.deepEqual([name, phase], ['ConnectionTimedOut', 'connect']);
      assert.ok(cause instanceof AggregateError);
      const expected = [
        ['240.0.0.1', 'ENETUNREACH'],
        ['127.0.0.1', 'ECONNREFUSED'],
      ];
      assert.deepEqual(codesOf(cause.errors), expected);
      return true;
    };
    assert.throws(() => connection({ connectTimeout: 50 }).connect(), check);
    assert.throws(() => connection({ timeout: 50 }).connect(), check);
    await assert.rejects(connection({ connectTimeout: 50 }).promises.connect(), check);
    await assert.rejects(connection().promises.connect({ timeout: 50 }), check);
    assert.deepEqual(native.counts(), before);
  });

  test('that are only slow leave a ConnectionTimedOut without a cause', () => {
    const lookup = (): string[] => [LOST4[0], LOST6[0]];
    const connection = new HTTPConnection('x.test', { lookup, attemptDelay: 5, connectTimeout: 50 });
    assert.equal((thrownBy(() => connection.connect()) as Error).cause, undefined);
    assert.deepEqual(connecting(), []);
  });
});

describe('a connection', { skip }, () => {
  const peers: { address: string | undefined; socket: Socket }[] = [];
  let server: Server;
  let port: number;
  before(async () => {
    if (skip !== false) return;
    server = createServer((socket) => {
      peers.push({ address: socket.remoteAddress, socket });
      socket.on('error', () => {});
    });
    port = await listen(server, { host: '::', port: 0 });
  });
  after(() => {
    for (const { socket } of peers) socket.destroy();
    server?.close();
  });

  test('comes from localAddress, and tries addresses of its family alone', async () => {
    const lookup = (): string[] => [LOST6[0], '::1', '127.0.0.1', LOST4[0]];
    for (const [localAddress, seen] of [
      ['127.0.0.9', '::ffff:127.0.0.9'],
      ['10.9.0.1', '::ffff:10.9.0.1'],
      ['2001:db8:1::1', '2001:db8:1::1'],
    ] as const) {
      using connection = new HTTPConnection('x.test', { port, lookup, localAddress, attemptDelay: 5 });
      const arrival = new Promise((resolve) => server.once('connection', resolve));
      await connection.promises.connect();
      await arrival;
      assert.equal(peers.at(-1)?.address, seen);
      assert.deepEqual(connecting(), []);
    }
  });

  test('is probed when it is quiet, if keepAlive says so', async () => {
    for (const [keepAlive, timer] of [
      [undefined, /^$/],
      // Some of them may be over when it is looked at.
      [100, /^timer:\(keepalive,1min(3[0-9]|40)sec,0\)$/],
      [32_767, /^timer:\(keepalive,54[56]min,0\)$/],
    ] as const) {
      using connection = new HTTPConnection('10.9.0.1', { port, keepAlive });
      await connection.promises.connect();
      const [ours] = sockets('established').filter(({ peer }) => peer === '10.9.0.1');
      assert.match(ours?.timer ?? '', timer);
    }
  });

  test('whose peer has vanished is found dead by the probes', () => {
    for (const name of ['intvl', 'probes']) writeFileSync(`/proc/sys/net/ipv4/tcp_keepalive_${name}`, '1');
    const address = LOST4[2];
    ip(`address add ${address}/32 dev lo`);
    using other = startScriptedServer([[expectHead(), mark('asked'), gate('never')]], { host: '0.0.0.0' });
    using connection = new HTTPConnection(address, { port: other.port, keepAlive: 1, localAddress: '10.9.0.1' });
    connection.sendRequest('GET', '/');
    other.waitFor('asked');
    ip(`address del ${address}/32 dev lo`);
    const error = thrownBy(() => connection.readResponse()) as Error;
    assert.equal(error.name, 'ConnectionClosed');
    assert.equal((error.cause as SystemError).code, 'ETIMEDOUT');
  });
});
