import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import ts from 'typescript';
import { serveDocuments } from '../../src/cli/demo-server.ts';
import { inThisForm, repository } from '../support/compiled.ts';
import { runProgram } from '../support/run-program.ts';
import { type CodeBlock, codeBlocks, documents, MARK, sources } from './code-blocks.ts';

const blocks = [...documents(), ...sources()].flatMap(codeBlocks);

const { config } = ts.readConfigFile(join(repository, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, repository);

/** A block may leave something unused, and JavaScript cannot say which types its parameters have. */
const forJavaScript: ts.CompilerOptions = {
  ...options,
  allowJs: true,
  checkJs: true,
  noImplicitAny: false,
  noUnusedLocals: false,
  isolatedDeclarations: false,
  declaration: false,
};

/** The messages of the compiler about programs that exist only here. */
function complaints(programs: ReadonlyMap<string, string>, compilerOptions: ts.CompilerOptions): string[] {
  const host = ts.createCompilerHost(compilerOptions);
  const { readFile, fileExists } = host;
  host.readFile = (name) => programs.get(name) ?? readFile.call(host, name);
  host.fileExists = (name) => programs.has(name) || fileExists.call(host, name);
  const program = ts.createProgram([...programs.keys()], { ...compilerOptions, noEmit: true }, host);
  return [...programs.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    return ts.getPreEmitDiagnostics(program, file).map(({ messageText, start = 0 }) => {
      const line = file?.text.slice(0, start).split('\n').length;
      return `${name} line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/** The file of a block: CommonJS if it calls require(). */
function fileName({ name, language, code }: CodeBlock): string {
  const javaScript = /\brequire\(/.test(code) ? 'cjs' : 'mjs';
  return `${name.replaceAll(/[:./]/g, '-')}.${language === 'js' ? javaScript : 'ts'}`;
}

const MODULES: Readonly<Record<string, string>> = {
  dugong: 'src/index.ts',
  'dugong/http1': 'src/http1/index.ts',
  'dugong/sync': 'src/sync/index.ts',
  'dugong/sync-fetch': 'src/sync/sync-fetch.ts',
  'dugong/sync-request': 'src/sync/sync-request.ts',
};

/** The quoted name of an entry as that of the module itself. */
function library(quoted: string): string {
  const path = MODULES[quoted.slice(1, -1)];
  return path === undefined ? quoted : `'${join(repository, inThisForm(path))}'`;
}

describe('the code in the documents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dugong-docs-'));
  let server: Server;
  let port = '';
  before(async () => {
    // Some blocks show another client beside this one.
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    const served = await serveDocuments(300, 0);
    server = served.server;
    port = new URL(served.origin).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('is found', () => assert.ok(blocks.length >= 10));

  for (const [language, compilerOptions] of [
    ['ts', options],
    ['js', forJavaScript],
  ] as const) {
    test(`compiles as strictly as the library itself: ${language}`, () => {
      const programs = blocks
        .filter((block) => block.language === language)
        .map((block): [string, string] => [join(repository, fileName(block)), block.code]);
      assert.deepEqual(complaints(new Map(programs), compilerOptions), []);
    });
  }

  const here = (text: string): string => text.replaceAll(/\b8080\b/g, port);

  /** Writes a block as a program, and returns its path. */
  function written(block: CodeBlock): string {
    const program = join(folder, fileName(block).replace(/\.ts$/, '.mjs'));
    const code =
      block.language === 'js'
        ? block.code
        : ts.transpileModule(block.code, { compilerOptions: options, fileName: 'block.mts' }).outputText;
    writeFileSync(program, here(code).replaceAll(/'dugong(?:\/[-a-z0-9]+)?'/g, library));
    return program;
  }

  /** Runs blocks in one process; returns what each has written to standard output and to standard error. */
  async function outputs(programs: string[]): Promise<(readonly [string, string])[]> {
    const { status, stdout, stderr } = await runProgram('test/docs/run-blocks.ts', programs);
    const [out, errors] = [stdout.toString().split(MARK), stderr.split(MARK)];
    assert.deepEqual([out.length, errors.length, status], [programs.length + 1, programs.length + 1, 0], stderr);
    return programs.map((_, index) => [out[index] ?? '', errors[index] ?? '']);
  }

  describe('runs, and prints what it says', () => {
    const running = blocks.filter(({ runs }) => runs);
    // A subscriber would also print what the blocks behind it do.
    const alone = running.filter(({ code }) => code.includes('diagnostics_channel'));
    const groups = [...alone.map((block) => [block]), running.filter((block) => !alone.includes(block))];
    const printed = new Map<CodeBlock, readonly [string, string]>();
    before(async () => {
      const all = await Promise.all(groups.map((group) => outputs(group.map(written))));
      for (const [index, group] of groups.entries()) {
        for (const [place, block] of group.entries()) printed.set(block, all[index]?.[place] ?? ['', '']);
      }
    });
    for (const block of running) {
      test(block.name, () => {
        const [stdout, stderr] = printed.get(block) ?? [];
        assert.equal(stderr, '');
        if (block.prints !== undefined) assert.deepEqual(stdout?.trimEnd().split('\n'), block.prints.map(here));
      });
    }
  });
});
