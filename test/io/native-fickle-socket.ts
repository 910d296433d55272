/**
 * A recv(2) and a send(2) that often say EAGAIN or EINTR for no reason, and take or give fewer bytes than they could: a library to
 * be preloaded into a child process, whose seed decides what happens when. It can be made where there is a C compiler, on Linux.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

static unsigned next(unsigned below) {
  static unsigned seed;
  if (seed == 0) seed = atoi(getenv("FICKLE_SEED"));
  return rand_r(&seed) % below;
}

static int fails(void) {
  unsigned draw = next(6);
  if (draw > 1) return 0;
  errno = draw == 0 ? EAGAIN : EINTR;
  return 1;
}

static size_t some(size_t length) {
  static const size_t sizes[] = {1, 5, 100, 1000, 16000};
  unsigned draw = next(8);
  return draw < 5 && sizes[draw] < length ? sizes[draw] : length;
}

ssize_t recv(int fd, void *data, size_t length, int flags) {
  ssize_t (*original)(int, void *, size_t, int) = dlsym(RTLD_NEXT, "recv");
  return fails() ? -1 : original(fd, data, some(length), flags);
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
  ssize_t (*original)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
  return fails() ? -1 : original(fd, data, some(length), flags);
}
`;

export interface FickleSocket extends Disposable {
  /** What a child process needs in its environment. */
  environment(seed: number): Record<string, string>;
}

export const available: boolean =
  process.platform === 'linux' && spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0;

export function fickleSocket(): FickleSocket {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
  const [code, library] = [join(folder, 'fickle.c'), join(folder, 'fickle.so')];
  writeFileSync(code, source);
  // A sanitizer's runtime, if preloaded, is for the child and not for the compiler.
  const { LD_PRELOAD: preload = '', ...rest } = process.env;
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, code, '-ldl'], { env: rest });
  return {
    environment: (seed) => ({ LD_PRELOAD: `${preload} ${library}`.trim(), FICKLE_SEED: `${seed}` }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
