#!/usr/bin/env node
/**
 * The `dugong` command. It answers --version and --help itself, and loads what else is needed then: a program that only
 * asks for the version must not wait for the library.
 */

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const { printed } = await import('./texts.ts');
  const code = await printed(argv);
  if (code !== undefined) return code;
  const { runCommand } = await import('./command.ts');
  return await runCommand(argv);
}
