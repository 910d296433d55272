/**
 * The cross-built addons as files, as far as they are in prebuilds/: what each asks of a system, and what it shows to other code.
 * Whether they run, .ci/foreign says.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { repository } from '../support/compiled.ts';

/** What Node looks for in an addon (Node-API). */
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** What the process has that loads the addon: Node-API, and the event loop. */
const OF_NODE = /^(?:napi|uv)_\w+$/;

/** Red Hat Enterprise Linux 8, Debian 10, Ubuntu 20.04: Node's own binaries need no less. */
const NEWEST_GLIBC = '2.28';

const MUSL = '/lib/ld-musl-x86_64.so.1';

/** What an addon may load. glibc has one more name for each machine: its loader, which has the function for thread-local storage. */
const GLIBC_LIBRARIES = ['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'];
const ELF: Readonly<Record<string, { readonly machine: string; readonly libraries: readonly string[] }>> = {
  'linux-x64-glibc': { machine: 'EM_X86_64', libraries: [...GLIBC_LIBRARIES, 'ld-linux-x86-64.so.2'] },
  'linux-arm64-glibc': { machine: 'EM_AARCH64', libraries: [...GLIBC_LIBRARIES, 'ld-linux-aarch64.so.1'] },
  'linux-x64-musl': { machine: 'EM_X86_64', libraries: ['libc.so'] },
  'linux-arm64-musl': { machine: 'EM_AARCH64', libraries: ['libc.so'] },
};

const MACH_O: Readonly<Record<string, { readonly cpu: string }>> = {
  'darwin-arm64': { cpu: 'ARM64' },
  'darwin-x64': { cpu: 'X86_64' },
};

/** `operator new` and `delete`: C++ has one of each in a process, so that they are weak symbols. */
const ALLOCATION = /^__Z(?:n|d)[aw]|^__Zd[al]Pv/;

const PREBUILDS = join(repository, 'prebuilds');
const manifest = join(PREBUILDS, 'manifest.json');

function fileOf(platform: string): string {
  return join(PREBUILDS, platform, 'dugong.node');
}

/** For a test's `skip` option. @throws Error in CI, where these tests may not be skipped */
function missing(...files: readonly string[]): string | false {
  const file = files.find((path) => !existsSync(path));
  if (file === undefined) return false;
  if (process.env.CI !== undefined) throw new Error(`${file} is missing, and CI must not skip its tests`);
  return `${file} is missing`;
}

const LLVM = ['readobj', 'nm', 'objdump'].map((name) => `/usr/bin/llvm-${name}-14`);

/** The lines that the LLVM tool prints. */
function llvm(tool: 'readobj' | 'nm' | 'objdump', ...args: readonly string[]): string[] {
  return execFileSync(`llvm-${tool}-14`, args, { encoding: 'latin1', maxBuffer: 2 ** 26 }).split('\n');
}

/** The first group of `pattern`, for each line that it matches. */
function found(lines: readonly string[], pattern: RegExp): string[] {
  return lines.map((line) => pattern.exec(line)?.[1]).filter((text) => text !== undefined);
}

/** The names of the symbols that `llvm-nm` lists, with their versions. */
function symbols(...args: readonly string[]): string[] {
  return found(llvm('nm', '--format=posix', ...args), /^(\S+) [A-Za-z]/);
}

/** Sorted, and so few that a comparison which fails can be shown. */
function few(names: readonly string[]): string[] {
  return names.toSorted().slice(0, 9);
}

function newest(versions: readonly string[]): string {
  return versions.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true })).at(-1) ?? '0';
}

describe('the cross-built addons', { skip: missing(manifest) }, () => {
  test('are those of the manifest, all of them', () => {
    const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files: Record<string, string> };
    const present = readdirSync(PREBUILDS, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.node'),
    );
    const hashes = present.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(PREBUILDS, path)))
        .digest('hex'),
    ]);
    assert.deepEqual(Object.fromEntries(hashes), files);
    const platforms = [...Object.keys(ELF), ...Object.keys(MACH_O)];
    if (process.env.CI !== undefined)
      assert.deepEqual(present.map((path) => path.split('/')[0]).sort(), platforms.sort());
  });

  test('have no paths of the machine that built them', () => {
    for (const platform of [...Object.keys(ELF), ...Object.keys(MACH_O)]) {
      if (missing(fileOf(platform))) continue;
      const bytes = readFileSync(fileOf(platform));
      const paths = ['/tmp/', '/work/', '/home/', '/root/', 'native/'];
      assert.deepEqual(
        paths.filter((path) => bytes.includes(path)),
        [],
        platform,
      );
    }
  });

  for (const [platform, { machine, libraries }] of Object.entries(ELF)) {
    const file = fileOf(platform);
    describe(platform, { skip: missing(file, ...LLVM) }, () => {
      test('is a library for its machine that needs the C library alone', () => {
        const header = llvm('readobj', '--file-header', '--needed-libs', file);
        assert.deepEqual(found(header, /^ {2}(?:Type|Machine): (\w+)/), ['SharedObject', machine]);
        const needed = header.slice(header.indexOf('NeededLibraries [') + 1).filter((line) => line.startsWith('  '));
        assert.deepEqual(
          needed.map((line) => line.trim()).filter((name) => !libraries.includes(name)),
          [],
        );
      });

      test('exports what Node looks for, and nothing else', () => {
        assert.deepEqual(few(symbols('-D', '--defined-only', file)), EXPORTS);
      });

      test('loads without what a runtime without libuv lacks', () => {
        const weak = found(llvm('nm', '--format=posix', '-D', '--undefined-only', file), /^(uv_\S+) w/);
        assert.deepEqual(weak.sort(), ['uv_metrics_info', 'uv_update_time', 'uv_walk']);
      });

      test('is closed to changes when it is loaded, and stays loaded', () => {
        const lines = llvm('readobj', '--dynamic-table', '--program-headers', '--sections', file).map((line) =>
          line.trim(),
        );
        const tags = found(lines, /^0x[0-9A-F]+ (\w+) /);
        for (const tag of ['RPATH', 'RUNPATH', 'TEXTREL']) assert.ok(!tags.includes(tag), tag);
        // Thread-local storage of the C library is scarce for what is loaded late, unless it is asked for at run time.
        assert.deepEqual(found(lines, /^0x0*1E FLAGS +(.*)/), ['BIND_NOW']);
        assert.deepEqual(found(lines, /^0x0*6FFFFFFB FLAGS_1 +(.*)/), ['NOW NODELETE']);
        assert.ok(lines.some((line) => line.startsWith('Type: PT_GNU_RELRO')));
        const stack = lines.slice(lines.findIndex((line) => line.startsWith('Type: PT_GNU_STACK')));
        assert.ok(!stack.slice(0, stack.indexOf('}')).some((line) => line.startsWith('PF_X')));
        assert.deepEqual(found(lines, /^Name: (\.symtab|\.debug\S*)/), []);
      });
    });
  }

  for (const platform of ['linux-x64-glibc', 'linux-arm64-glibc']) {
    const file = fileOf(platform);
    test(`${platform} needs glibc ${NEWEST_GLIBC} or an older one`, {
      skip: missing(file, ...LLVM),
    }, (t: TestContext) => {
      const needed = symbols('-D', '--undefined-only', file).filter((name) => !OF_NODE.test(name));
      const versions = found(needed, /@GLIBC_([0-9.]+)$/);
      assert.equal(newest([...versions, NEWEST_GLIBC]), NEWEST_GLIBC);
      // Each has a version but what the start files ask for, which may be missing.
      assert.deepEqual(
        needed.filter((name) => !name.includes('@GLIBC_') && name !== '__gmon_start__'),
        [],
      );
      t.diagnostic(`${platform}: GLIBC_${newest(versions)}`);
    });
  }

  for (const platform of ['linux-x64-musl', 'linux-arm64-musl']) {
    const file = fileOf(platform);
    test(`${platform} needs what musl has`, { skip: missing(file, MUSL, ...LLVM) }, () => {
      const libc = new Set(symbols('-D', '--defined-only', MUSL));
      const needed = symbols('-D', '--undefined-only', file).filter((name) => !OF_NODE.test(name));
      assert.deepEqual(
        needed.filter((name) => !libc.has(name)),
        [],
      );
    });
  }

  for (const [platform, { cpu }] of Object.entries(MACH_O)) {
    const file = fileOf(platform);
    describe(platform, { skip: missing(file, ...LLVM) }, () => {
      test('is a library for macOS 11 that loads libSystem alone', () => {
        const lines = llvm('objdump', '--macho', '--private-headers', file);
        const header = /^ *MH_MAGIC_64 +(\S+) +\S+ +\S+ +(\S+) /;
        assert.deepEqual(lines.map((line) => header.exec(line)?.slice(1)).filter(Boolean), [[cpu, 'DYLIB']]);
        assert.deepEqual(found(lines, /^ *(?:minos|platform) (.*)/), ['macos', '11.0']);
        assert.deepEqual(found(lines, /^ +name (\S+)/), [
          '/usr/lib/dyld',
          '@rpath/dugong.node',
          '/usr/lib/libSystem.B.dylib',
        ]);
        assert.deepEqual(found(lines, /^ *cmd (LC_RPATH)/), []);
        // macOS on ARM runs no code without a signature.
        if (cpu === 'ARM64') assert.equal(found(lines, /^ *cmd (LC_CODE_SIGNATURE)/).length, 1);
      });

      test('exports what Node looks for, and nothing else but the operators of allocation', () => {
        const exported = found(llvm('objdump', '--macho', '--exports-trie', file), /^0x\w+ +(\S+)/);
        const ours = exported.filter(
          (name) => !ALLOCATION.test(name) && !/^(?:__mh_dylib_header|___dso_handle)$/.test(name),
        );
        assert.deepEqual(
          few(ours),
          EXPORTS.map((name) => `_${name}`),
        );
      });

      test('finds Node’s functions in the process that loads it, and others in libSystem', () => {
        const bound = llvm('objdump', '--macho', '--bind', '--lazy-bind', file);
        const ofProcess = found(bound, / flat-namespace +_(\S+)/);
        assert.ok(ofProcess.length > 0);
        assert.deepEqual(
          ofProcess.filter((name) => !OF_NODE.test(name)),
          [],
        );
        assert.deepEqual(found(bound, / libSystem +_((?:napi|uv)_\S+)/), []);
        // Runtimes without libuv lack them. (uv_update_time is bound when it is called, which is never there.)
        for (const name of ['uv_walk', 'uv_metrics_info']) {
          assert.ok(
            bound.some((line) => line.endsWith(`_${name} (weak_import)`)),
            name,
          );
        }
      });
    });
  }
});
