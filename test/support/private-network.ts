/**
 * Runs a test file in a network of its own: a namespace of Linux with nothing but loopback in it, where 127.0.0.1:53 is free
 * for a DNS server of the test's, and /etc/resolv.conf, /etc/hosts and /etc/nsswitch.conf are the test's. Nothing of it is visible
 * outside, and nothing outside can be reached from it. It does not know names or what is tested.
 */

import { execFileSync, type SpawnSyncReturns, type StdioOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loaderOptions } from './compiled.ts';
import { dieWithParent } from './daemon.ts';

/** Set for the second run of a test file, which is inside: the folder with its files of /etc. */
const INSIDE = 'DUGONG_TEST_PRIVATE_NETWORK';

const FILES: Readonly<Record<string, string>> = {
  'resolv.conf': 'nameserver 127.0.0.1\n',
  // Looked up before DNS is asked.
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
  // No other service is asked, whatever the machine has.
  'nsswitch.conf': 'hosts: files dns\n',
};

/** In the namespaces: the interface, a host name without a domain that would be tried behind names, the files, the program. */
const ENTER = `
  set -e
  ip link set lo up
  hostname client
  for file in ${Object.keys(FILES).join(' ')}; do
    if [ -e /etc/$file ]; then mount --bind "$${INSIDE}/$file" /etc/$file; fi
  done
  exec "$@"`;

/**
 * Called by a test file (`import.meta.url`) before anything else. In the network it returns false. Outside, it runs the
 * file again inside, with the same standard streams, and ends this process with the status of that run. Where such a network is
 * impossible, it returns the reason, for the tests' `skip`. @throws Error in CI, where the tests may not be skipped
 */
export function enterPrivateNetwork(file: string): string | false {
  if (process.env[INSIDE] !== undefined) return false;
  const trial = runInside(['true'], 'pipe');
  if (trial.status === 0) {
    process.exit(runInside([process.execPath, ...loaderOptions, fileURLToPath(file)], 'inherit').status ?? 1);
  }
  const reason = `no private network can be made here: ${trial.error?.message ?? trial.stderr.trim()}`;
  if (process.env.CI !== undefined) throw new Error(`${reason}, and CI must not skip these tests`);
  return reason;
}

/** Writes the resolver's configuration, which the C library reads at each lookup. Inside only. */
export function configureResolver(lines: readonly string[]): void {
  writeFileSync(join(process.env[INSIDE] as string, 'resolv.conf'), `${lines.join('\n')}\n`);
}

/** ip(8), inside only: `ip('route add unreachable 192.0.2.0/24')`. */
export function ip(command: string): void {
  execFileSync('ip', command.split(' '), { stdio: ['ignore', 'ignore', 'inherit'], env: withSbin() });
}

function runInside(command: readonly string[], stdio: StdioOptions): SpawnSyncReturns<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-network-'));
  try {
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
    const [program = '', ...args] = [...dieWithParent(), ...unshare(), 'sh', '-c', ENTER, 'sh', ...command];
    return spawnSync(program, args, { stdio, encoding: 'latin1', env: { ...withSbin(), [INSIDE]: folder } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As root directly; otherwise as root of a user namespace, which some systems forbid. */
function unshare(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return ['unshare', ...user, '--net', '--mount', '--uts'];
}

function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
}
