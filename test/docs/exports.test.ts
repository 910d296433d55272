import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import ts from 'typescript';
import { repository } from '../support/compiled.ts';

const ENTRIES = ['index', 'http1/index', 'sync/index', 'sync/sync-fetch', 'sync/sync-request'];
const SOURCES = join(repository, 'src/');

let program: ts.Program;
let checker: ts.TypeChecker;

/** What is exported there, with what TypeScript knows of it. */
function exportsOf(entry: string): ts.Symbol[] {
  const file = program.getSourceFile(join(SOURCES, `${entry}.ts`));
  assert.ok(file, entry);
  const module = checker.getSymbolAtLocation(file);
  assert.ok(module, entry);
  return checker.getExportsOfModule(module).map(meant);
}

function meant(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Whether a caller sees this member. */
function isPublic(member: ts.Declaration): boolean {
  const hidden = ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
  const name = ts.getNameOfDeclaration(member);
  return !hidden && !(name !== undefined && ts.isPrivateIdentifier(name));
}

/** The members of a class or an interface that a caller sees; a constructor counts if it takes anything. */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [];
  return [...(symbol.members?.values() ?? []), ...(symbol.exports?.values() ?? [])].filter(({ declarations = [] }) =>
    declarations.some(
      (each) =>
        isPublic(each) &&
        !ts.isTypeParameterDeclaration(each) &&
        !(ts.isConstructorDeclaration(each) && each.parameters.length === 0),
    ),
  );
}

/** Whether an editor shows a comment, which may be inherited; of several signatures, each needs one of its own. */
function isDocumented(symbol: ts.Symbol): boolean {
  const signatures = (symbol.declarations ?? []).filter(
    (each) => ts.isMethodDeclaration(each) && each.body === undefined,
  );
  return signatures.length > 0
    ? signatures.every((each) => ts.getJSDocCommentsAndTags(each).length > 0)
    : symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0;
}

/** The types of src/ that the signatures of a declaration name. */
function* typesIn(node: ts.Node): Generator<ts.Symbol> {
  if (ts.isBlock(node) || ts.isClassStaticBlockDeclaration(node)) return;
  if (ts.isClassElement(node) && !isPublic(node)) return;
  // Values are not for callers to see.
  if (ts.isExpression(node) && !ts.isExpressionWithTypeArguments(node)) return;
  if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
    const name = ts.isTypeReferenceNode(node) ? node.typeName : node.expression;
    const symbol = checker.getSymbolAtLocation(name);
    if (symbol !== undefined) yield meant(symbol);
  }
  for (const child of childrenOf(node)) yield* typesIn(child);
}

function childrenOf(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}

function isOwn({ flags, declarations }: ts.Symbol): boolean {
  const isParameter = (flags & ts.SymbolFlags.TypeParameter) !== 0;
  return !isParameter && (declarations ?? []).some((each) => each.getSourceFile().fileName.startsWith(SOURCES));
}

describe('CONTRIBUTING.md is right that', () => {
  before(() => {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(repository, 'tsconfig.json'),
      {},
      {
        ...ts.sys,
        onUnRecoverableConfigFileDiagnostic: () => assert.fail('tsconfig.json cannot be read'),
      },
    );
    const rootNames = ENTRIES.map((entry) => join(SOURCES, `${entry}.ts`));
    program = ts.createProgram({ rootNames, options: config?.options ?? {} });
    checker = program.getTypeChecker();
  });

  test('every public export has a doc comment', () => {
    const all = ENTRIES.flatMap(exportsOf);
    assert.ok(all.length > 80, `${all.length} exports`);
    const silent = all.filter((each) => each.getDocumentationComment(checker).length === 0);
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
    );
  });

  test('every public member has a doc comment', () => {
    const all = new Set(ENTRIES.flatMap(exportsOf));
    const members = [...all].flatMap((each) => membersOf(each).map((member) => ({ of: each.name, member })));
    assert.ok(members.length > 400, `${members.length} members`);
    const silent = members.filter(({ member }) => !isDocumented(member));
    assert.deepEqual(
      silent.map(({ of, member }) => `${of}.${member.name}`),
      [],
    );
  });

  test('each type that a public signature names is exported, by its entry or by dugong itself', () => {
    const main = exportsOf('index');
    const unnamed = ENTRIES.flatMap((entry) => {
      const all = exportsOf(entry);
      const nameable = new Set([...all, ...main]);
      const named = all.flatMap(({ declarations = [] }) => declarations.flatMap((each) => [...typesIn(each)]));
      const missing = named.filter((type) => isOwn(type) && !nameable.has(type)).map(({ name }) => name);
      return [...new Set(missing)].map((name) => `${entry}: ${name}`);
    });
    assert.deepEqual(unnamed, []);
  });
});
