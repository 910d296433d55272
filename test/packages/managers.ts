/** The package managers, with what is special about each. How they are run is no affair of this module. */

export interface Manager {
  /** As --manager names it. */
  readonly name: string;
  /** What the npm registry has it as. */
  readonly from: string;
  /** What is special about how it installs, for a table. */
  readonly form?: string;
  readonly program: string;
  /** The arguments that add dugong to a project. */
  readonly add: readonly string[];
  /** Files that a project needs besides its package.json and the home's .npmrc. */
  readonly files?: (registry: string) => Readonly<Record<string, string>>;
  /** The program, and its arguments, that run a JavaScript program of the project, if it is not node itself. */
  readonly runs?: readonly string[];
  /** The program, and its arguments, that run dugong's command, if its file is not where most managers put it. */
  readonly command?: readonly string[];
  /** The program, and its arguments, that run a package which is not installed. */
  readonly fetches?: readonly string[];
  /** The program, and its arguments, that run a JavaScript program in place of Node, without libuv. */
  readonly runtime?: readonly string[];
}

/** yarn 4 does not read .npmrc. */
function yarnrc(linker: string): NonNullable<Manager['files']> {
  return (registry) => ({
    '.yarnrc.yml': [
      `npmRegistryServer: ${registry}`,
      'unsafeHttpWhitelist: ["127.0.0.1"]',
      'enableTelemetry: false',
      `nodeLinker: ${linker}`,
      '',
    ].join('\n'),
    // The folder is a project of its own by that.
    'yarn.lock': '',
  });
}

const npm = { program: 'npm', add: ['install', 'dugong'], fetches: ['npx', '--yes'] };
const pnpm = { program: 'pnpm', add: ['add', 'dugong'], fetches: ['pnpm', 'dlx'] };
const yarn4 = { from: '@yarnpkg/cli-dist@4', program: 'yarn', add: ['add', 'dugong'] };

export const MANAGERS: readonly Manager[] = [
  { name: 'npm@11', from: 'npm@11', ...npm },
  { name: 'npm@12', from: 'npm@12', ...npm },
  { name: 'pnpm@10', from: 'pnpm@10', ...pnpm },
  { name: 'pnpm@12', from: 'pnpm@12', ...pnpm },
  { name: 'yarn@1', from: 'yarn@1', program: 'yarn', add: ['add', 'dugong'] },
  { name: 'yarn@4', form: 'node-modules', ...yarn4, files: yarnrc('node-modules'), fetches: ['yarn', 'dlx'] },
  {
    name: 'yarn@4-pnp',
    form: "Plug'n'Play",
    ...yarn4,
    files: yarnrc('pnp'),
    runs: ['yarn', 'node'],
    command: ['yarn', 'run', 'dugong'],
  },
  { name: 'bun@1', from: 'bun@1', program: 'bun', add: ['add', 'dugong'], fetches: ['bunx'], runtime: ['bun'] },
  {
    name: 'deno@2',
    from: 'deno@2',
    program: 'deno',
    add: ['add', 'npm:dugong'],
    files: () => ({ 'deno.json': '{ "nodeModulesDir": "auto" }\n' }),
    runtime: ['deno', 'run', '--allow-all'],
  },
];
