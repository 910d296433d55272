/** Which C library this process has: an addon for one does not load with the other. Linux only. */

import { closeSync, openSync, readSync } from 'node:fs';

/** The type of the entry of the program header table that names the interpreter, and so the C library (elf(5)). */
const PT_INTERP = 3;

/** The interpreter that a program for 64 bits names; undefined if it needs none. */
function interpreter(executable: string): string | undefined {
  const file = openSync(executable, 'r');
  try {
    const read = (position: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      readSync(file, bytes, 0, length, position);
      return bytes;
    };
    const header = read(0, 64);
    const size = header.readUInt16LE(0x36);
    const table = read(Number(header.readBigUInt64LE(0x20)), size * header.readUInt16LE(0x38));
    for (let at = 0; at < table.length; at += size) {
      if (table.readUInt32LE(at) !== PT_INTERP) continue;
      return read(Number(table.readBigUInt64LE(at + 0x08)), Number(table.readBigUInt64LE(at + 0x20))).toString(
        'latin1',
      );
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** What Node itself says takes as long as importing the rest of this library: for processes that cannot read their executable. */
function reported(): 'glibc' | 'musl' {
  const { header } = process.report.getReport() as unknown as { header: Record<string, unknown> };
  return header['glibcVersionRuntime'] === undefined ? 'musl' : 'glibc';
}

export function libc(executable = '/proc/self/exe'): 'glibc' | 'musl' {
  let name: string | undefined;
  try {
    name = interpreter(executable);
  } catch {
    // Without /proc, or with --permission.
  }
  if (name === undefined) return reported();
  return name.includes('/ld-musl-') ? 'musl' : 'glibc';
}
