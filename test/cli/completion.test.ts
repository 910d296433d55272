import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { completion, SHELLS } from '../../src/cli/completion.ts';
import { COMMANDS } from '../../src/cli/flag.ts';
import { FLAGS } from '../../src/cli/flags.ts';

/** What bash proposes for the last of these words. */
function proposed(...words: string[]): string[] {
  const script = `${completion('bash')}
COMP_WORDS=(dugong "$@"); COMP_CWORD=$#; _dugong; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the completion', () => {
  for (const shell of SHELLS) {
    test(`of ${shell} has every flag and every command`, () => {
      const script = completion(shell);
      const flag = shell === 'fish' ? (long: string) => ` -l ${long} ` : (long: string) => `--${long}`;
      for (const { long } of FLAGS) assert.ok(script.includes(flag(long)), long);
      for (const command of COMMANDS) assert.ok(script.includes(command), command);
    });

    test(`of ${shell} is a valid script`, {
      skip: spawnSync(shell, ['-c', 'true']).status !== 0 && `${shell} is needed`,
    }, () => {
      const { status, stderr } = spawnSync(shell, ['-n'], { input: completion(shell), encoding: 'utf8' });
      assert.deepEqual([status, stderr], [0, '']);
    });
  }

  test('of bash proposes flags, commands and values', () => {
    assert.deepEqual(proposed('--skip'), ['--skip-existing']);
    assert.deepEqual(proposed('che'), ['check']);
    assert.deepEqual(proposed('--progress', 'p'), ['plain']);
    assert.deepEqual(proposed('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(proposed('put', '--outp'), []);
    assert.deepEqual(proposed('-K', '/etc/passw').includes('/etc/passwd'), true);
    assert.deepEqual(proposed('-A', '--o'), []);
  });
});
