/**
 * Builds a module with all that it imports into one, in which every branch of chosen modules reports that it was taken: bodies of
 * functions, both ways of each condition, loops, cases, catches, and what stands to the right of `&&`, `||` and `??`.
 */

import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import ts from 'typescript';
import { repository } from '../support/compiled.ts';

/** Where a number that is reported stands in the source. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface Instrumented {
  /** JavaScript, with its source map. */
  readonly code: string;
  readonly places: readonly Place[];
}

const HIT = '__hit';
const factory = ts.factory;

/** `module` and what it imports, those among them that `chosen` fits with reports to the module `reports`. */
export async function instrumented(module: string, chosen: RegExp, reports: string): Promise<Instrumented> {
  const places: Place[] = [];
  const plugin: Plugin = {
    name: 'reports',
    setup({ onLoad, onResolve }) {
      // What finds files by where it is itself stays where it is.
      onResolve({ filter: /\/(?:support|wire)\// }, ({ path, resolveDir }) => ({
        path: resolve(resolveDir, path),
        external: true,
      }));
      onLoad({ filter: chosen }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        const contents = `import { hit as ${HIT} } from ${JSON.stringify(reports)};${withReports(path, source, places)}`;
        return { contents, loader: 'js' };
      });
    },
  };
  const { outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: [module],
    bundle: true,
    write: false,
    plugins: [plugin],
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    packages: 'external',
    alias: { 'dugong/http1': './src/http1/index.ts' },
    sourcemap: 'inline',
    sourcesContent: false,
  });
  return { code: outputFiles[0]?.text ?? '', places };
}

function withReports(path: string, source: string, places: Place[]): string {
  const transformer: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
    const report = (node: ts.Node): ts.Expression => {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      const place = places.push({ file: relative(repository, path), line: line + 1 }) - 1;
      return factory.createCallExpression(factory.createIdentifier(HIT), undefined, [
        factory.createNumericLiteral(place),
      ]);
    };
    const visitor = new Reporting(context, report);
    return ts.visitNode(file, visitor.visit, ts.isSourceFile) ?? file;
  };
  return ts.transpileModule(source, {
    fileName: path,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, inlineSourceMap: true },
    transformers: { before: [transformer] },
  }).outputText;
}

const SHORT_CIRCUITS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

class Reporting {
  readonly #context: ts.TransformationContext;
  readonly #report: (node: ts.Node) => ts.Expression;

  constructor(context: ts.TransformationContext, report: (node: ts.Node) => ts.Expression) {
    this.#context = context;
    this.#report = report;
  }

  readonly visit = (given: ts.Node): ts.Node => {
    const node = ts.visitEachChild(given, this.visit, this.#context);
    if (ts.isIfStatement(node)) {
      const { expression, thenStatement, elseStatement } = node;
      const otherwise = this.#statement(given, elseStatement);
      return factory.updateIfStatement(node, expression, this.#statement(given, thenStatement), otherwise);
    }
    if (ts.isConditionalExpression(node)) {
      const { condition, questionToken, whenTrue, colonToken, whenFalse } = node;
      const [yes, no] = [this.#expression(given, whenTrue), this.#expression(given, whenFalse)];
      return factory.updateConditionalExpression(node, condition, questionToken, yes, colonToken, no);
    }
    if (ts.isBinaryExpression(node) && SHORT_CIRCUITS.has(node.operatorToken.kind)) {
      const right = this.#expression(given, node.right);
      return factory.updateBinaryExpression(node, node.left, node.operatorToken, right);
    }
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
      const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken } = node;
      const body = this.#expression(given, node.body);
      return factory.updateArrowFunction(
        node,
        modifiers,
        typeParameters,
        parameters,
        type,
        equalsGreaterThanToken,
        body,
      );
    }
    if (ts.isCaseClause(node)) {
      // An empty one falls through to the next, which reports.
      if (node.statements.length === 0) return node;
      return factory.updateCaseClause(node, node.expression, [this.#reporting(given), ...node.statements]);
    }
    if (ts.isDefaultClause(node)) {
      return factory.updateDefaultClause(node, [this.#reporting(given), ...node.statements]);
    }
    return this.#loop(given, node) ?? this.#body(given, node);
  };

  #loop(given: ts.Node, node: ts.Node): ts.Node | undefined {
    if (ts.isWhileStatement(node)) {
      return factory.updateWhileStatement(node, node.expression, this.#statement(given, node.statement));
    }
    if (ts.isForStatement(node)) {
      const { initializer, condition, incrementor } = node;
      return factory.updateForStatement(
        node,
        initializer,
        condition,
        incrementor,
        this.#statement(given, node.statement),
      );
    }
    if (ts.isForOfStatement(node)) {
      const { awaitModifier, initializer, expression } = node;
      return factory.updateForOfStatement(
        node,
        awaitModifier,
        initializer,
        expression,
        this.#statement(given, node.statement),
      );
    }
    return undefined;
  }

  /** Blocks that are the body of a function, or of a catch. */
  #body(given: ts.Node, node: ts.Node): ts.Node {
    if (!ts.isBlock(node) || given.parent === undefined) return node;
    if (!ts.isFunctionLike(given.parent) && !ts.isCatchClause(given.parent)) return node;
    return factory.updateBlock(node, [this.#reporting(given), ...node.statements]);
  }

  #reporting(given: ts.Node): ts.Statement {
    return factory.createExpressionStatement(this.#report(given));
  }

  #statement(given: ts.Node, statement: ts.Statement | undefined): ts.Statement {
    const statements = statement === undefined ? [] : ts.isBlock(statement) ? statement.statements : [statement];
    return factory.createBlock([this.#reporting(given), ...statements], true);
  }

  #expression(given: ts.Node, expression: ts.Expression): ts.Expression {
    return factory.createParenthesizedExpression(factory.createComma(this.#report(given), expression));
  }
}
