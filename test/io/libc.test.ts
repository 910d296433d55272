import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { libc } from '../../src/io/libc.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REPORTED = (process.report.getReport() as unknown as { header: object }).header;
const OWN = 'glibcVersionRuntime' in REPORTED ? 'glibc' : 'musl';

/** The path of an executable for 64 bits whose second program header names an interpreter (elf(5)). */
function executable(context: TestContext, interpreter: string): string {
  const bytes = Buffer.alloc(10_000);
  bytes.write('\x7fELF');
  bytes.writeBigUInt64LE(64n, 0x20);
  bytes.writeUInt16LE(56, 0x36);
  bytes.writeUInt16LE(2, 0x38);
  const entry = 64 + 56;
  bytes.writeUInt32LE(6, 64);
  bytes.writeUInt32LE(3, entry);
  bytes.writeBigUInt64LE(9000n, entry + 8);
  bytes.writeBigUInt64LE(BigInt(interpreter.length), entry + 32);
  bytes.write(interpreter, 9000);
  const path = join(temporaryFolder(context), 'executable');
  writeFileSync(path, bytes);
  return path;
}

describe('the C library', () => {
  for (const [interpreter, library] of [
    ['/lib/ld-musl-x86_64.so.1', 'musl'],
    ['/lib/ld-musl-aarch64.so.1', 'musl'],
    ['/lib64/ld-linux-x86-64.so.2', 'glibc'],
  ] as const) {
    test(`is ${library} if the executable names ${interpreter}`, (context) => {
      assert.equal(libc(executable(context, interpreter)), library);
    });
  }

  test('is that of this process', () => assert.equal(libc(), OWN));

  test('is what Node reports if the executable cannot be read, or names none', (context) => {
    const folder = temporaryFolder(context);
    assert.equal(libc(join(folder, 'absent')), OWN);
    writeFileSync(join(folder, 'script'), '#!/bin/sh');
    assert.equal(libc(join(folder, 'script')), OWN);
  });
});
