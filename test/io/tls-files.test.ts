/** The files that the environment names for TLS: none of them is waited for, and what cannot be used is said once. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { scratchFile } from '../support/certificates.ts';
import { runProgram } from '../support/run-program.ts';

const NONE = { SSLKEYLOGFILE: '', SSL_CERT_FILE: '', SSL_CERT_DIR: '', NODE_EXTRA_CA_CERTS: '' };

function fifo(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}

/** What two contexts come to, and the warnings. */
async function contexts(
  variables: Record<string, string>,
  limits: { mostDescriptors?: number; args?: readonly string[] } = {},
): Promise<{ outcomes: string[]; warnings: string[] }> {
  const { args = [], ...rest } = limits;
  const { stdout, stderr, signal } = await runProgram('test/io/tls-files-program.ts', args, {
    env: { ...process.env, ...NONE, ...variables },
    ...rest,
  });
  assert.equal(signal, null);
  const warnings = stderr.split('\n').filter((line) => line.includes('Warning: '));
  return { outcomes: stdout.toString().trimEnd().split('\n'), warnings };
}

describe('the file of SSLKEYLOGFILE', () => {
  const FIFO = fifo(scratchFile('keys.fifo'));
  const folder = scratchFile('keys.folder');
  mkdirSync(folder);
  const unusable: readonly [path: string, reason: string][] = [
    [FIFO, 'it is no regular file'],
    ['/dev/null', 'it is no regular file'],
    [folder, 'Is a directory'],
    ['/nonexistent/keys', 'No such file or directory'],
  ];
  for (const [path, reason] of unusable) {
    it(`that cannot be written is passed over with one warning: ${reason}, ${path.split('/').at(-1)}`, async () => {
      const { outcomes, warnings } = await contexts({ SSLKEYLOGFILE: path });
      assert.deepEqual(outcomes, ['made', 'made']);
      assert.equal(warnings.length, 1, warnings.join());
      assert.ok(warnings[0]?.endsWith(`SSLKEYLOGFILE: ${path} cannot be opened for appending: ${reason}`), warnings[0]);
    });
  }

  it('is for its owner alone if it is new, and keeps its mode and content if it is there, behind a symlink too', async () => {
    const [fresh, old, link] = [scratchFile('keys.new'), scratchFile('keys.old'), scratchFile('keys.link')];
    writeFileSync(old, '# kept\n');
    symlinkSync(old, link);
    for (const [path, file, mode] of [
      [fresh, fresh, 0o600],
      [old, old, 0o400 | 0o200],
      [link, old, 0o640],
    ] as const) {
      if (existsSync(file)) chmodSync(file, mode);
      assert.deepEqual(await contexts({ SSLKEYLOGFILE: path }), { outcomes: ['made', 'made'], warnings: [] });
      assert.equal(statSync(file).mode & 0o777, mode);
    }
    assert.equal(readFileSync(old, 'latin1'), '# kept\n');
  });
});

describe('the files of SSL_CERT_FILE and SSL_CERT_DIR', () => {
  it('are passed over with a warning if they are no regular files, which could be waited for', async () => {
    const folder = scratchFile('certificates');
    mkdirSync(folder);
    const inside = fifo(`${folder}/0123abcd.0`);
    const FIFO = fifo(scratchFile('certificates.fifo'));
    const { outcomes, warnings } = await contexts({ SSL_CERT_FILE: FIFO, SSL_CERT_DIR: folder });
    assert.deepEqual(outcomes, ['made', 'made']);
    assert.deepEqual(
      warnings.map((line) => line.replace(/^.*Warning: /, '')),
      [
        `SSL_CERT_FILE: ignoring ${FIFO}: it is no regular file`,
        `SSL_CERT_DIR: ignoring ${inside}: it is no regular file`,
      ],
    );
  });

  it('are not passed over for want of descriptors: that is an error of its own, and goes by', async () => {
    const file = scratchFile('some.pem');
    writeFileSync(file, 'nonsense');
    const { outcomes, warnings } = await contexts({ SSL_CERT_FILE: file }, { mostDescriptors: 64, args: ['limited'] });
    assert.deepEqual(outcomes, [`SystemError: open EMFILE ${file}`, `SystemError: open EMFILE ${file}`]);
    assert.deepEqual(warnings, []);
  });
});
