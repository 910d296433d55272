/**
 * The library that has system calls of the addon fail (shim.c): how it is compiled and preloaded, and what is said to it, through a
 * file that both have. It needs a C compiler, and Linux.
 */

import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../support/compiled.ts';

/** In the order in which the library numbers them. */
export const CALLS = [
  'socket',
  'connect',
  'bind',
  'getsockopt',
  'setsockopt',
  'shutdown',
  'close',
  'send',
  'sendmsg',
  'recv',
  'poll',
  'epoll_create1',
  'epoll_ctl',
  'epoll_wait',
  'pipe2',
  'read',
  'write',
  'writev',
  'tee',
  'fcntl',
  'open',
  'getaddrinfo',
  'pthread_create',
] as const;
export type Call = (typeof CALLS)[number];

/** An errno without making the call, one after making it, a single byte, or a result. */
export const KINDS = { errno: 1, made: 2, short: 3, value: 4 } as const;
export type Kind = keyof typeof KINDS;

export interface Shim extends Disposable {
  /** What a child process needs in its environment. */
  readonly environment: Record<string, string>;
}

const SIZE = 80 * 4;

export function makeShim(): Shim {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-faults-'));
  const [library, control] = [join(folder, 'shim.so'), join(folder, 'control')];
  writeFileSync(control, Buffer.alloc(SIZE));
  const { LD_PRELOAD: before = '', ...rest } = process.env;
  const names = `-DCALL_NAMES=${CALLS.map((call) => `${call}_call`).join(',')}`;
  const source = join(repository, 'test/native-faults/shim.c');
  // A sanitizer's runtime, if preloaded, is not for the compiler.
  execFileSync('cc', ['-shared', '-fPIC', '-O1', names, '-o', library, source, '-ldl'], { env: rest });
  return {
    environment: { DUGONG_FAULTS: control, LD_PRELOAD: `${library} ${before}`.trim() },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** The child's side: says what is to go wrong, and hears what was called. */
export class Faults implements Disposable {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, 'r+');
  }

  /** From now on calls are counted, and the `at`-th `call` ends so. */
  arm(call: Call | undefined, at: number, kind: Kind = 'errno', number = 0): void {
    const block = Buffer.alloc(SIZE);
    const index = call === undefined ? -1 : CALLS.indexOf(call);
    // Counting comes last in the writing, since calls of other threads may come meanwhile.
    for (const [place, value] of [0, index, at, KINDS[kind], number].entries()) block.writeInt32LE(value, 4 * place);
    writeSync(this.#fd, block, 0, SIZE, 0);
    block.writeInt32LE(1, 0);
    writeSync(this.#fd, block, 0, 4, 0);
  }

  /** No more. How often it went wrong, and how many calls there were. */
  disarm(): { fired: number; counts: ReadonlyMap<Call, number> } {
    writeSync(this.#fd, Buffer.alloc(4), 0, 4, 0);
    const block = Buffer.alloc(SIZE);
    readSync(this.#fd, block, 0, SIZE, 0);
    return {
      fired: block.readInt32LE(20),
      counts: new Map(CALLS.map((call, index) => [call, block.readInt32LE(64 + 4 * index)])),
    };
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
