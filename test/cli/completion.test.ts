import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { completion, SHELLS, type Shell } from '../../src/cli/completion.ts';
import { COMMANDS } from '../../src/cli/flag.ts';
import { FLAGS } from '../../src/cli/flags.ts';
import { programMissing } from '../support/daemon.ts';

/** Shells write in the home folder. */
const folder = mkdtempSync(join(tmpdir(), 'dugong-completion-'));
after(() => rmSync(folder, { recursive: true }));

/** What the shell prints, in lines. */
function printed(shell: Shell, ...args: string[]): string[] {
  const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8', TERM: 'xterm' };
  const { stdout, stderr, status } = spawnSync(shell, args, { encoding: 'utf8', cwd: folder, env });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout.split(/\r*\n/).filter((line) => line !== '');
}

/** Each proposes for the last of the words. */
const PROPOSED: Readonly<Record<Shell, (...words: string[]) => string[]>> = {
  bash(...words) {
    const script = `${completion('bash')}
COMP_WORDS=(dugong "$@"); COMP_CWORD=$#; _dugong; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return printed('bash', '-c', script, 'bash', ...words);
  },
  fish(...words) {
    const script = `${completion('fish')}complete -C ${JSON.stringify(['dugong', ...words].join(' '))}`;
    return printed('fish', '--no-config', '-c', script).map((line) => line.replace(/\t.*/, ''));
  },
  zsh(...words) {
    writeFileSync(join(folder, '_dugong'), completion('zsh'));
    writeFileSync(join(folder, 'inner.zsh'), INNER);
    return printed('zsh', '-f', '-c', OUTER, 'zsh', ['dugong', ...words].join(' '));
  },
};

/** Completes as at a terminal, and prints the matches, which stand between two NULs. */
const OUTER = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'source ./inner.zsh'
zpty -r shell output $'*loaded\\r\\n*'
zpty -w -n shell "$1"$'\\t'
zpty -r shell output $'*\\0*\\0'
print -r -- \${\${output#*$'\\0'}%$'\\0'*}
zpty -d shell`;

/** The script is a function in a folder of $fpath, as packages install it. */
const INNER = `PS1= PS2=
fpath=($PWD $fpath)
autoload -U compinit; compinit -u -D
null() { print -n $'\\0' }
compprefuncs=(null); comppostfuncs=(null)
compadd() {
  local -a hits
  [[ " $* " == *' -'[OAD]' '* ]] || { builtin compadd -A hits "$@"; print -l -- $hits }
  builtin compadd "$@"
}
print load''ed
`;

/** Some shells add the slash of a folder later. */
function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}

describe('the completion', () => {
  for (const shell of SHELLS) {
    const skip = programMissing(shell);

    test(`of ${shell} has every flag and every command`, () => {
      const script = completion(shell);
      const flag = shell === 'fish' ? (long: string) => ` -l ${long} ` : (long: string) => `--${long}`;
      for (const { long } of FLAGS) assert.ok(script.includes(flag(long)), long);
      for (const command of COMMANDS) assert.ok(script.includes(command), command);
    });

    test(`of ${shell} is a valid script`, { skip }, () => {
      const file = join(folder, 'script');
      writeFileSync(file, completion(shell));
      assert.deepEqual(printed(shell, '-n', file), []);
    });

    test(`of ${shell} proposes flags, commands and values`, { skip }, () => {
      const proposed = (...words: string[]): string[] => [...new Set(PROPOSED[shell](...words))].sort();
      for (const name of ['name-of-file', 'fold']) writeFileSync(join(folder, name), '');
      mkdirSync(join(folder, 'folder'), { recursive: true });
      assert.deepEqual(proposed('--skip'), ['--skip-existing']);
      assert.deepEqual(proposed('get', '--skip'), ['--skip-existing']);
      assert.deepEqual(proposed('http://h/', '-P', 'put', '--skip'), ['--skip-existing']);
      assert.deepEqual(proposed('che'), ['check']);
      assert.deepEqual(proposed('--progress', 'p'), ['plain']);
      assert.deepEqual(proposed('completion', ''), ['bash', 'fish', 'zsh']);
      assert.deepEqual(proposed('put', '--outp'), []);
      assert.deepEqual(proposed('put', 'name-of'), ['name-of-file']);
      assert.deepEqual(proposed('demo', '--do'), ['--documents']);
      assert.deepEqual(proposed('-K', 'name-of'), ['name-of-file']);
      assert.deepEqual(proposed('-P', 'fold').map(withoutSlash), ['folder']);
      assert.deepEqual(proposed('-A', 'name-of'), []);
    });
  }
});
