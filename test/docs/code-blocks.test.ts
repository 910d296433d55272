import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { inThisForm, repository } from '../support/compiled.ts';
import { listen } from '../support/listen.ts';
import { runProgram } from '../support/run-program.ts';
import { type CodeBlock, codeBlocks, MARK } from './code-blocks.ts';

const DOCUMENTS = [
  'README.md',
  'docs/guide.md',
  'docs/debugging.md',
  'docs/replace-in-one-line.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
];
const blocks = DOCUMENTS.flatMap(codeBlocks);

/** What the documents take for granted at http://localhost:8080. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url } = request;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (url === '/too-large') {
    response.writeHead(413).end('too large');
  } else if (method === 'PUT') {
    const { length } = await buffer(request);
    response.end(`${length} bytes taken`);
  } else if (url === '/lost') request.socket.destroy();
  else if (url === '/large') response.end(Buffer.alloc(1_000_000));
  else if (url === '/a' || url === '/b') response.end(`document ${url.slice(1)}`);
  else if (url !== '/never') response.writeHead(404).end('nothing here');
}

const { config } = ts.readConfigFile(join(repository, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, repository);

/** The messages of the compiler about sources that exist only here. */
function complaints(sources: ReadonlyMap<string, string>): string[] {
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => sources.get(name) ?? readFile.call(host, name);
  host.fileExists = (name) => sources.has(name) || fileExists.call(host, name);
  const program = ts.createProgram([...sources.keys()], { ...options, noEmit: true }, host);
  return [...sources.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    return ts.getPreEmitDiagnostics(program, file).map(({ messageText, start = 0 }) => {
      const line = file?.text.slice(0, start).split('\n').length;
      return `${name} line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/** A module of the library, for an import. */
function library(path: string): string {
  return `'${pathToFileURL(join(repository, inThisForm(path)))}'`;
}

describe('the code in the documents', () => {
  const server = createServer(answer);
  const folder = mkdtempSync(join(tmpdir(), 'dugong-docs-'));
  let port = 0;
  before(async () => {
    port = await listen(server, { host: '127.0.0.1', port: 0 });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('is found', () => assert.ok(blocks.length >= 10));

  test('compiles as strictly as the library itself', () => {
    const sources = blocks.map(({ name, code }): [string, string] => [
      `${join(repository, name.replace(/[:.]/g, '-'))}.ts`,
      code,
    ]);
    assert.deepEqual(complaints(new Map(sources)), []);
  });

  const here = (text: string): string => text.replaceAll(/\b8080\b/g, String(port));

  /** Writes a block as a program, and returns its path. */
  function written({ name, code }: CodeBlock): string {
    const program = join(folder, `${name.replaceAll('/', '-')}.mjs`);
    const { outputText } = ts.transpileModule(code, { compilerOptions: options, fileName: 'block.mts' });
    const runnable = here(outputText)
      .replaceAll("'dugong'", library('src/index.ts'))
      .replaceAll("'dugong/http1'", library('src/http1/index.ts'))
      .replaceAll("'dugong/sync'", library('src/sync/index.ts'))
      .replaceAll("'dugong/sync-fetch'", library('src/sync/sync-fetch.ts'))
      .replaceAll("'dugong/sync-request'", library('src/sync/sync-request.ts'));
    writeFileSync(program, runnable);
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
