/**
 * An SSL_read_ex() that fails and says nothing of why, as a library to be preloaded into a child process: it stands between the addon
 * and dlsym(3), by which the addon finds OpenSSL's functions. It can be made where there is a C compiler and glibc.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static int readNothing(void *ssl, void *data, size_t length, size_t *read) { return 0; }
/* SSL_ERROR_WANT_READ, whatever the BIO said. */
static int wantRead(const void *ssl, int result) { return 2; }

void *dlsym(void *handle, const char *name) {
  static void *(*original)(void *, const char *);
  static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5"};
  for (int i = 0; !original && i < 3; i++) original = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
  if (!original) abort();
  if (strcmp(name, "SSL_read_ex") == 0) return readNothing;
  if (strcmp(name, "SSL_get_error") == 0 && getenv("SILENT_WANTS")) return wantRead;
  /* A call in tail position, since RTLD_NEXT depends on the caller. */
  return original(handle, name);
}
`;

export interface SilentOpenSSL extends Disposable {
  /** What a child process needs in its environment. SSL_get_error() says what it finds, or that there is more to be read. */
  environment(kind: 'unknown' | 'wants to read'): Record<string, string>;
}

export function silentOpenSSL(): SilentOpenSSL {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
  const [code, library] = [join(folder, 'silent.c'), join(folder, 'silent.so')];
  writeFileSync(code, source);
  execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, code, '-ldl']);
  return {
    environment: (kind) => ({ LD_PRELOAD: library, ...(kind === 'unknown' ? {} : { SILENT_WANTS: '1' }) }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
