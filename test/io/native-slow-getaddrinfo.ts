/**
 * A getaddrinfo(3) that waits until the test lets it go on: a library to be preloaded into a child process. It says the
 * hostname by appending a line to one file, then opens a FIFO for reading, which blocks until the test opens it for writing.
 * Undefined where it cannot be made (no C compiler, not Linux).
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
  char line[300] = "";
  strncat(line, name ? name : "", 290);
  strcat(line, "\\n");
  int log = open(getenv("SLOW_LOG"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (write(log, line, strlen(line)) < 0) abort();
  close(log);
  close(open(getenv("SLOW_GATE"), O_RDONLY | O_CLOEXEC));
  return original(name, service, hints, found);
}
`;

export interface SlowGetaddrinfo extends Disposable {
  /** What a child process needs in its environment. */
  readonly environment: Record<string, string>;
  /** The names asked for until now. */
  names(): string[];
  /** Lets all of them go on, also those to come. */
  release(): void;
}

export const available: boolean =
  process.platform === 'linux' && spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0;

export function slowGetaddrinfo(): SlowGetaddrinfo {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
  const [code, library, log, gate] = ['slow.c', 'slow.so', 'log', 'gate'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  writeFileSync(code, source);
  writeFileSync(log, '');
  // A sanitizer's runtime, if preloaded, is for the child and not for the compiler.
  const { LD_PRELOAD: preload = '', ...rest } = process.env;
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, code, '-ldl'], { env: rest });
  execFileSync('mkfifo', [gate]);
  let opened = -1;
  return {
    environment: { LD_PRELOAD: `${preload} ${library}`.trim(), SLOW_LOG: log, SLOW_GATE: gate },
    names: () => readFileSync(log, 'latin1').split('\n').slice(0, -1),
    release() {
      opened = openSync(gate, 'r+');
    },
    [Symbol.dispose]() {
      if (opened >= 0) closeSync(opened);
      rmSync(folder, { recursive: true });
    },
  };
}
