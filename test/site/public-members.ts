/** What the package exports, and the members of it, as TypeScript sees them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { repository } from '../support/compiled.ts';

export interface Export {
  readonly name: string;
  /** The entries that export it, without repetition. */
  readonly entries: ReadonlySet<string>;
  readonly members: readonly string[];
}

/** By the entries of package.json. */
export function publicExports(): Export[] {
  const { exports } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string }>;
  };
  const modules = Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'string'
      ? []
      : [{ entry: `dugong${name.slice(1)}`, file: target.types.replace('./dist/', 'src/').replace('.d.ts', '.ts') }],
  );
  const config = ts.getParsedCommandLineOfConfigFile(
    join(repository, 'tsconfig.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: ({ messageText }) => void console.error(messageText) },
  );
  const program = ts.createProgram({
    rootNames: modules.map(({ file }) => join(repository, file)),
    options: config?.options ?? {},
  });
  const checker = program.getTypeChecker();
  const entries = new Map<ts.Symbol, Set<string>>();
  for (const { entry, file } of modules) {
    const source = program.getSourceFile(join(repository, file));
    const module = source && checker.getSymbolAtLocation(source);
    for (const each of module === undefined ? [] : checker.getExportsOfModule(module)) {
      const meant = each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each;
      entries.set(meant, (entries.get(meant) ?? new Set()).add(entry));
    }
  }
  return [...entries].map(([symbol, names]) => ({ name: symbol.name, entries: names, members: membersOf(symbol) }));
}

function membersOf({ flags, members, exports }: ts.Symbol): string[] {
  if (!(flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [];
  const all = [...(members?.values() ?? []), ...(exports?.values() ?? [])];
  return all.filter(({ declarations = [] }) => declarations.some(isPublic)).map(({ name }) => shownName(name));
}

function isPublic(member: ts.Declaration): boolean {
  const hidden = ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
  const name = ts.getNameOfDeclaration(member);
  // Signatures without a name are on the page of what they are a signature of.
  const isCall = ts.isCallSignatureDeclaration(member) || ts.isIndexSignatureDeclaration(member);
  return !hidden && !isCall && !ts.isTypeParameterDeclaration(member) && !(name && ts.isPrivateIdentifier(name));
}

/** `Symbol.dispose` is `__@dispose@12` to the checker. */
function shownName(name: string): string {
  return name === '__constructor' ? 'constructor' : (/^__@(\w+)@/.exec(name)?.[1] ?? name);
}
