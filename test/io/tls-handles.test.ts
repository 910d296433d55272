/** JavaScript's holds on the addon's TLS contexts: they are let go where the event loop never turns, and nowhere too early. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeAuthority, opensslMissing } from '../support/certificates.ts';
import { run } from './native-programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'dugong-handles-'));
after(() => rmSync(folder, { recursive: true }));

/** Each context keeps its key log file open, so that contexts can be counted by descriptors. */
const contexts = `
  require('node:v8').setFlagsFromString('--expose-gc');
  const gc = require('node:vm').runInNewContext('gc');
  const make = () => native.tlsContext({
    trust: native.tlsTrust([process.env.ca]), certificates: [], keys: [], passphrases: [], pfx: [], pfxPassphrases: [],
    ciphers: '', ciphersuites: '', secureOptions: 0,
    minVersion: 0x0303, maxVersion: 0x0304, protocols: new Uint8Array(0), verify: true, partialChain: false,
    session: new Uint8Array(0), keyLogFile: process.env.log,
  });
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
`;

const skip = process.platform === 'linux' ? opensslMissing() : 'descriptors are counted in /proc';

describe('a TLS context of the addon', { skip }, () => {
  const settings = { ca: makeAuthority('root').cert, log: join(folder, 'keys') };

  it('without any reference is freed by the next one, without a turn of the event loop', async () => {
    const left = await run(
      `${contexts}
      for (let index = 0; index < 100; index++) {
        make();
        if (index % 10 === 9) gc();
      }
      say(open() - before);`,
      settings,
    );
    assert.ok(Number(left) <= 20, `${left} of 100 are left`);
  });

  it('without any reference is freed by later ones, also behind many that are held', async () => {
    const left = await run(
      `${contexts}
      const held = Array.from({ length: 20 }, make);
      for (let index = 0; index < 100; index++) {
        make();
        if (index % 10 === 9) gc();
      }
      say([open() - before - held.length]);`,
      settings,
    );
    assert.ok(Number(left) >= 0 && Number(left) <= 40, `${left} of 100 are left`);
  });

  it('that is held stays, also when others are freed, and the rest go with turns of the event loop', async () => {
    const code = `${contexts}
      const held = Array.from({ length: 10 }, make);
      for (let index = 0; index < 50; index++) make();
      gc();
      make();
      for (const context of held) {
        const fd = native.socket(4);
        if (native.tlsStart(fd, context, '', '', '', '', undefined) !== 0) throw new Error('a context is gone');
        native.close(fd);
      }
      gc();
      const wait = (turns) => setImmediate(() => turns > 0 ? wait(turns - 1) : say([open() - before, held.length]));
      wait(5);`;
    const [left, held] = (await run(code, settings)).split(',').map(Number);
    assert.equal(held, 10);
    assert.ok((left as number) >= 10 && (left as number) <= 12, `${left} are left`);
  });
});
