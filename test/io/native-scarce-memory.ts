/**
 * Memory as a child process may find it, by libraries to be preloaded, which can be made where there is a C compiler, on Linux.
 * With one, OpenSSL's allocations fail, one at a time: the child says by umask(2) when, since nothing else of JavaScript's gets to
 * a library; or they succeed only after the heap went on elsewhere. With the other, the heap cannot grow where it is.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Only OpenSSL's allocations of the thread that has armed it: those of V8 could not fail without ending the process. */
const failingSource = `
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static __thread unsigned armed, succeeds, count, at;

/* Puts a page in the way of the heap and uses it up. */
static void goElsewhere(void) {
  void *end = (void *)(((unsigned long)sbrk(0) + 0xfff) & ~0xffful);
  mmap(end, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  errno = 0;
  for (int i = 0; errno == 0 && i < 10000; i++) {
    void *volatile used = malloc(100000);
    if (!used) abort();
  }
  if (errno != ENOMEM) abort();
}

static int fails(void) {
  if (!armed || ++count != at) return 0;
  if (succeeds) goElsewhere();
  errno = ENOMEM;
  return !succeeds;
}

static void *allocate(size_t size, const char *file, int line) { return fails() ? 0 : malloc(size); }
static void *reallocate(void *old, size_t size, const char *file, int line) { return fails() ? 0 : realloc(old, size); }
static void release(void *old, const char *file, int line) { free(old); }

/*
 * 2^30 + n: the n-th allocation from now on fails. 2^30 + 2^29 + n: it succeeds, and leaves ENOMEM in errno, as malloc(3) does where
 * the heap goes on elsewhere. 2^31: no more; returns how many there were.
 */
mode_t umask(mode_t mask) {
  mode_t (*original)(mode_t) = dlsym(RTLD_NEXT, "umask");
  unsigned counted = count;
  if (mask < 0x40000000u) return original(mask);
  armed = mask < 0x80000000u;
  count = 0;
  succeeds = (mask & 0x20000000u) != 0;
  at = mask & 0x1fffffffu;
  return counted;
}

__attribute__((constructor)) static void begin(void) {
  int (*set)(void *, void *, void *) = dlsym(RTLD_DEFAULT, "CRYPTO_set_mem_functions");
  if (set && !set(allocate, reallocate, release)) abort();
  /* A heap that is large enough from the start: later a page of V8's may happen to be in its way. */
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  for (int i = 0; i < 2; i++) {
    void *volatile used = malloc(100000);
    if (!used) abort();
  }
  mallopt(M_TOP_PAD, 128 << 10);
}
`;

/**
 * A page just above the heap, as a code range of V8's may be: malloc(3) finds other memory each time, and leaves ENOMEM in errno
 * although it has not failed.
 */
const blockedSource = `
#include <sys/mman.h>
#include <unistd.h>

__attribute__((constructor)) static void begin(void) {
  char *end = (char *)(((unsigned long)sbrk(0) + 0x41000) & ~0xffful);
  mmap(end, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}
`;

export interface PreloadedMemory extends Disposable {
  /** What the child process needs in its environment. */
  readonly environment: Record<string, string>;
}

export function scarceMemory(): PreloadedMemory {
  return preloaded(failingSource);
}

export function blockedHeap(): PreloadedMemory {
  return preloaded(blockedSource);
}

function preloaded(source: string): PreloadedMemory {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
  const [code, library] = [join(folder, 'memory.c'), join(folder, 'memory.so')];
  writeFileSync(code, source);
  execFileSync('cc', ['-shared', '-fPIC', '-D_GNU_SOURCE', '-o', library, code, '-ldl']);
  return { environment: { LD_PRELOAD: library }, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
