import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { repository } from '../support/compiled.ts';

const ENTRIES = ['index', 'http1/index', 'sync/index', 'sync/sync-fetch', 'sync/sync-request'];

/** What is exported there, with what TypeScript knows of it. */
function exportsOf(program: ts.Program, entry: string): ts.Symbol[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(join(repository, 'src', `${entry}.ts`));
  assert.ok(file, entry);
  const module = checker.getSymbolAtLocation(file);
  assert.ok(module, entry);
  return checker
    .getExportsOfModule(module)
    .map((each) => (each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each));
}

describe('CONTRIBUTING.md is right that', () => {
  test('every public export has a doc comment', () => {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(repository, 'tsconfig.json'),
      {},
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: () => assert.fail('tsconfig.json cannot be read'),
      },
    );
    const rootNames = ENTRIES.map((entry) => join(repository, 'src', `${entry}.ts`));
    const program = ts.createProgram({ rootNames, options: config?.options ?? {} });
    const checker = program.getTypeChecker();
    const all = ENTRIES.flatMap((entry) => exportsOf(program, entry));
    assert.ok(all.length > 80, `${all.length} exports`);
    const silent = all.filter((each) => each.getDocumentationComment(checker).length === 0);
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
    );
  });
});
