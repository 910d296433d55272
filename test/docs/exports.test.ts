import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import ts from 'typescript';
import { repository } from '../support/compiled.ts';

const ENTRIES = ['index', 'http1/index', 'sync/index', 'sync/sync-fetch', 'sync/sync-request'];
const SOURCES = join(repository, 'src/');

const CLASS_OR_INTERFACE = ts.SymbolFlags.Class | ts.SymbolFlags.Interface;
/** The least that explains anything. */
const FEWEST_WORDS = 5;
/** A fenced block of code after `@example`. */
const EXAMPLE = /@example(?:(?!@\w+ ).)*?^ ?```(?:js|ts)(?: no-run)?$/ms;
const FOREIGN_ERRORS = ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'AggregateError', 'DOMException'];
/** The forms of an operation, and the errors that come from the form itself, not from what is done. */
const FORMS = [
  { name: 'coroutine', adds: ['ConnectionTimedOut'] },
  // The option `timeout` of the connection; a signal of the process.
  { name: 'blocking', adds: ['ConnectionTimedOut', 'Interrupted'] },
  // The option `timeout` of the call; its `signal`.
  { name: 'promise', adds: ['ConnectionTimedOut', 'DOMException'] },
] as const;
const WITH_THREE_FORMS = [
  ['HTTPConnection', 'ConnectionPromises'],
  ['ByterangesReader', 'ByterangesPromises'],
  ['Transfer', 'TransferPromises'],
] as const;

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
  if (!(symbol.flags & CLASS_OR_INTERFACE)) return [];
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

/** A public name, with what it is said to be: an export, or a member of one. */
interface Named {
  readonly name: string;
  readonly symbol: ts.Symbol;
}

/** All exports of all entries, each once. */
function allExports(): ts.Symbol[] {
  return [...new Set(ENTRIES.flatMap(exportsOf))];
}

function allMembers(): Named[] {
  return allExports().flatMap((each) =>
    membersOf(each).map((symbol) => ({ name: `${each.name}.${symbol.name}`, symbol })),
  );
}

function everything(): Named[] {
  return [...allExports().map((symbol) => ({ name: symbol.name, symbol })), ...allMembers()];
}

/** The message lists all of them, with their files, so that those of a folder are easily found. */
function assertNone(found: readonly Named[]): void {
  const places = found.map(({ name, symbol }) => {
    const file = symbol.declarations?.[0]?.getSourceFile().fileName.slice(SOURCES.length);
    return `${file}: ${name}`;
  });
  assert.ok(places.length === 0, `${places.length} in all\n${places.join('\n')}`);
}

/** The doc comments of its declarations as they stand in the file, without their margins. */
function ownComments({ declarations = [] }: ts.Symbol): string[] {
  return declarations
    .flatMap((each) => ts.getJSDocCommentsAndTags(each))
    .map((each) => each.getText().replaceAll(/^ *\*\/?|\/\*\*|\*\/$/gm, ''));
}

function tagsOf(symbol: ts.Symbol): { readonly name: string; readonly text: string }[] {
  return symbol
    .getJsDocTags(checker)
    .map(({ name, text }) => ({ name, text: ts.displayPartsToString(text).replaceAll(/\{@link (\w+)[^}]*\}/g, '$1') }));
}

/** Whether a caller learns something from what is before the tags: some words, and more than a link to another comment. */
function explainsItself(symbol: ts.Symbol): boolean {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const words = text.replaceAll(/\{@link [^}]*\}|^```.*?^```$/gms, '').match(/\S*[\p{L}\p{N}]\S*/gu) ?? [];
  return words.length >= FEWEST_WORDS && !/^(?:\w+ )?\{@link [^}]*\}\.?(?:\s|$)/.test(text);
}

/** The parameters that its comment does not name. `_x`, the rest, and patterns need no name; the members of `options` say more. */
function unnamedParameters(symbol: ts.Symbol): string[] {
  const functions = (symbol.declarations ?? []).filter(ts.isFunctionLike);
  const text = [...ownComments(symbol), ts.displayPartsToString(symbol.getDocumentationComment(checker))].join('\n');
  const tags = tagsOf(symbol).filter((tag) => tag.name === 'param');
  return functions
    .filter((each) => functions.length === 1 || !('body' in each && each.body !== undefined))
    .flatMap(({ parameters }) => [...parameters])
    .filter(({ name, dotDotDotToken }) => ts.isIdentifier(name) && dotDotDotToken === undefined)
    .map(({ name }) => name.getText())
    .filter((name) => !name.startsWith('_') && name !== 'options' && name !== 'this')
    .filter((name) => !tags.some((tag) => tag.text.startsWith(name)) && !new RegExp(`\`${name}\\b`).test(text));
}

/** The names of the errors that may stand after `@throws`: those of this library, and those of the language. */
function errorNames(): ReadonlySet<string> {
  const own = allExports().filter((symbol) => symbol.flags & CLASS_OR_INTERFACE && isError(symbol));
  return new Set([...own.map(({ name }) => name), ...FOREIGN_ERRORS]);
}

function isError(symbol: ts.Symbol): boolean {
  const bases = checker.getDeclaredTypeOfSymbol(symbol).getBaseTypes() ?? [];
  return bases.some((base) => base.symbol.name === 'Error' || isError(base.symbol));
}

/** The classes of errors in front of the explanation of each `@throws`, except those that its form of waiting alone has. */
function thrownBy(symbol: ts.Symbol, except: readonly string[]): string[] {
  const known = errorNames();
  const heads = tagsOf(symbol)
    .filter(({ name }) => name === 'throws')
    .map(({ text }) => text.split(/\s[-–]\s/)[0] ?? '');
  const names = heads.flatMap((head) => head.match(/\b[A-Z]\w+/g) ?? []);
  return [...new Set(names)].filter((name) => known.has(name) && !except.includes(name)).sort();
}

/** Each operation of a class, in its forms: `coX`, `X` and `promises.X`, as far as there are these. */
function operationsOf([owner, promises]: readonly [string, string]): Operation[] {
  const [own, awaited] = [owner, promises].map((name) => {
    const symbol = allExports().find((each) => each.name === name);
    assert.ok(symbol, name);
    return new Map(membersOf(symbol).map((member) => [member.name, member]));
  });
  return [...(own?.keys() ?? [])].flatMap((name) => {
    const coroutine = own?.get(`co${name.charAt(0).toUpperCase()}${name.slice(1)}`);
    const promise = awaited?.get(name);
    const forms = [coroutine, own?.get(name), promise];
    if (name === '__constructor' || forms.filter((form) => form !== undefined).length < 2) return [];
    return [{ name: `${owner}.${name}`, forms }];
  });
}

interface Operation {
  readonly name: string;
  /** In the order of `FORMS`. */
  readonly forms: readonly (ts.Symbol | undefined)[];
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

  test('every public export has an example', () => {
    const without = allExports()
      .map((symbol) => ({ name: symbol.name, symbol }))
      .filter(({ symbol }) => !ownComments(symbol).some((text) => EXAMPLE.test(text)));
    assertNone(without);
  });

  test('every comment explains what it is about, in words and not by a link alone', () => {
    assertNone(everything().filter(({ symbol }) => !explainsItself(symbol)));
  });

  test('every comment names the parameters, by @param or in backticks', () => {
    const found = everything().flatMap(({ name, symbol }) =>
      unnamedParameters(symbol).map((parameter) => ({ name: `${name}(${parameter})`, symbol })),
    );
    assertNone(found);
  });

  test('the three forms of an operation name the same errors', () => {
    const operations = WITH_THREE_FORMS.flatMap(operationsOf);
    assert.ok(operations.length > 15, `${operations.length} operations`);
    const found = operations.flatMap(({ name, forms }) => {
      const thrown = forms.map((form, index) => form && thrownBy(form, FORMS[index]?.adds ?? []).join(' '));
      const distinct = new Set(thrown.filter((each) => each !== undefined));
      const [symbol] = forms.filter((form) => form !== undefined);
      const said = thrown.map((each, index) => `${FORMS[index]?.name}: ${each}`);
      return distinct.size === 1 || symbol === undefined ? [] : [{ name: `${name}\n  ${said.join('\n  ')}`, symbol }];
    });
    assertNone(found);
  });

  test('what @throws names first is an error that a caller can import', () => {
    const known = errorNames();
    const found = everything().flatMap(({ name, symbol }) =>
      tagsOf(symbol)
        .filter((tag) => tag.name === 'throws')
        .map(({ text }) => /^[A-Z]\w+/.exec(text)?.[0])
        .filter((first) => first !== undefined && !known.has(first))
        .map((first) => ({ name: `${name}: ${first}`, symbol })),
    );
    assertNone(found);
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
