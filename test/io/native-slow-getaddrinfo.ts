/**
 * Other forms of getaddrinfo(3), as libraries to be preloaded into a child process; where there is no C compiler, or no Linux,
 * they cannot be made. One waits until the test lets it go on: it says the hostname by appending a line to one file, then opens
 * a FIFO for reading, which blocks until the test opens it for writing; `quick.` before a name spares it that. The other fails as the name says.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const slowSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
  if (name && strncmp(name, "quick.", 6) == 0) return original(name + 6, service, hints, found);
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

/** `eai-CODE-ERRNO` fails with CODE (a positive number stands for its negative), and leaves ERRNO. */
const failingSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
  int code, number;
  if (name == NULL || sscanf(name, "eai-%d-%d", &code, &number) != 2) return original(name, service, hints, found);
  errno = number;
  return -code;
}
`;

export interface FailingGetaddrinfo extends Disposable {
  /** What a child process needs in its environment. */
  readonly environment: Record<string, string>;
}

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

export function failingGetaddrinfo(): FailingGetaddrinfo {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
  return {
    environment: { LD_PRELOAD: preloaded(folder, failingSource) },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

export function slowGetaddrinfo(): SlowGetaddrinfo {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
  const [log, gate] = ['log', 'gate'].map((name) => join(folder, name)) as [string, string];
  writeFileSync(log, '');
  execFileSync('mkfifo', [gate]);
  let opened = -1;
  return {
    environment: { LD_PRELOAD: preloaded(folder, slowSource), SLOW_LOG: log, SLOW_GATE: gate },
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

/** The value of LD_PRELOAD that adds what `source` compiles to. */
function preloaded(folder: string, source: string): string {
  const [code, library] = [join(folder, 'library.c'), join(folder, 'library.so')];
  writeFileSync(code, source);
  // A sanitizer's runtime, if preloaded, is for the child and not for the compiler.
  const { LD_PRELOAD: before = '', ...rest } = process.env;
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, code, '-ldl'], { env: rest });
  return `${before} ${library}`.trim();
}
