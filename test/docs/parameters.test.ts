import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { repository } from '../support/compiled.ts';

const MOST = 3;
/** Begins the reason, beside one declaration of the name in its file, or beside the interface around it. */
const REASON = /^\/\/ Parameters: \S/;

/** Whether a line of a comment in front of `node` gives a reason. */
function isExplained(node: ts.Node): boolean {
  const text = node.getSourceFile().text;
  const comments = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  return comments.some(({ pos, end }) => REASON.test(text.slice(pos, end)));
}

function isBoolean({ type, initializer }: ts.ParameterDeclaration): boolean {
  const alternatives = type !== undefined && ts.isUnionTypeNode(type) ? type.types : [type];
  if (alternatives.some((each) => each?.kind === ts.SyntaxKind.BooleanKeyword)) return true;
  return initializer?.kind === ts.SyntaxKind.TrueKeyword || initializer?.kind === ts.SyntaxKind.FalseKeyword;
}

/** The names of the functions with many parameters, or a boolean one, for which no reason is given. */
function unexplained(source: string): string[] {
  const file = ts.createSourceFile('module.ts', source, ts.ScriptTarget.Latest, true);
  const found = new Set<string>();
  const explained = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const name = node.name?.getText() ?? ts.SyntaxKind[node.kind];
      if (isExplained(node) || (ts.isInterfaceDeclaration(node.parent) && isExplained(node.parent)))
        explained.add(name);
      if (node.parameters.length > MOST || node.parameters.some(isBoolean)) found.add(name);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found].filter((name) => !explained.has(name));
}

describe('CONTRIBUTING.md is right that', () => {
  const source = join(repository, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.ts'));

  test('no function has a boolean parameter, or more than three, without a reason in a comment', () => {
    const found = files.flatMap((path) =>
      unexplained(readFileSync(join(source, path), 'utf8')).map((name) => `${path}: ${name}`),
    );
    assert.deepEqual(found, []);
  });
});

describe('what is looked for', () => {
  const cases: readonly (readonly [code: string, found: readonly string[]])[] = [
    ['function f(a: A, b: B, c: C): void {}', []],
    ['function f(a: A, b: B, c: C, d: D): void {}', ['f']],
    ['class K { constructor(a: A, b: B, c: C, d: D) {} }', ['Constructor']],
    ['class K { #m(a: boolean): void {} }', ['#m']],
    ['function f(a?: boolean): void {}', ['f']],
    ['function f(a = false): void {}', ['f']],
    ['function f(a: string | boolean): void {}', ['f']],
    ['function f(a: true | string): void {}', []],
    ['type F = (a: boolean) => void;', ['FunctionType']],
    ['const f = (a: boolean): void => {};', ['ArrowFunction']],
    ['// Parameters: a reason.\nfunction f(a: boolean): void {}', []],
    ['/** What it is. */\n// Parameters: a reason.\nfunction f(a: boolean): void {}', []],
    ['// Parameters:\nfunction f(a: boolean): void {}', ['f']],
    ['// Parameters: a reason.\ninterface I { m(a: boolean): void }\nclass K { m(a: boolean): void {} }', []],
  ];

  for (const [code, found] of cases) {
    test(JSON.stringify(code), () => assert.deepEqual(unexplained(code), found));
  }
});
