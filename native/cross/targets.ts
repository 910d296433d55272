/** The platforms that the package carries an addon for. */

export interface PrebuildTarget {
  /** Folder below prebuilds/. */
  readonly name: string;
  /** The compiler's name for it, with the oldest version of the system that is meant to load it. */
  readonly triple: string;
  readonly format: 'elf' | 'mach-o';
}

export const TARGETS: readonly PrebuildTarget[] = [
  { name: 'linux-x64-glibc', triple: 'x86_64-linux-gnu.2.28', format: 'elf' },
  { name: 'linux-arm64-glibc', triple: 'aarch64-linux-gnu.2.28', format: 'elf' },
  { name: 'linux-x64-musl', triple: 'x86_64-linux-musl', format: 'elf' },
  { name: 'linux-arm64-musl', triple: 'aarch64-linux-musl', format: 'elf' },
  { name: 'darwin-arm64', triple: 'aarch64-macos.11.0', format: 'mach-o' },
  { name: 'darwin-x64', triple: 'x86_64-macos.11.0', format: 'mach-o' },
];

const COMMON = [
  // Any CPU of the kind, not that of the machine that builds.
  '-mcpu=baseline',
  '-shared',
  '-fPIC',
  '-O2',
  '-std=c++17',
  '-fno-exceptions',
  '-fno-rtti',
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  '-DNAPI_VERSION=9',
];

/** The compiler's arguments that belong to the kind of file; `exportsMap` is the path of exports.map. */
export function flagsOf({ triple, format }: PrebuildTarget, exportsMap: string): string[] {
  const linking =
    format === 'mach-o'
      ? [
          // Node's functions are found when the addon is loaded.
          '-Wl,-undefined,dynamic_lookup',
          // In place of the path where it was built.
          '-Wl,-install_name,@rpath/dugong.node',
          '-Wl,-dead_strip',
          // The compiler does not know -s for such files, and would write down the paths of objects that have debug information.
          '-Wl,-x',
          '-Wl,-S',
          '-g0',
        ]
      : [
          // libc++ registers destructors with threads: its code must stay when the last worker that uses it ends.
          '-Wl,-z,nodelete',
          '-Wl,-z,relro',
          '-Wl,-z,now',
          '-Wl,-s',
          `-Wl,--version-script=${exportsMap}`,
        ];
  return ['-target', triple, ...COMMON, ...linking];
}
