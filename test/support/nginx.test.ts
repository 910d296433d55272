import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nginxMissing, startNginx } from './nginx.ts';

describe('nginx', { skip: nginxMissing() }, () => {
  test('serves its root with the configuration added to it, and leaves nothing behind', async () => {
    const nginx = await startNginx({
      http: 'keepalive_requests 7;',
      server: 'location /made-up { return 200 "made up"; }',
    });
    const origin = `http://${nginx.hostname}:${nginx.port}`;
    writeFileSync(join(nginx.root, 'a.txt'), 'from a file');
    assert.equal(await (await fetch(`${origin}/a.txt`)).text(), 'from a file');
    assert.equal(await (await fetch(`${origin}/made-up`)).text(), 'made up');
    assert.equal((await fetch(`${origin}/missing`)).status, 404);
    assert.equal(nginx.errors(), '');
    await nginx.stop();
    assert.equal(existsSync(nginx.root), false);
    await assert.rejects(fetch(origin));
  });

  test('that cannot start says why', async () => {
    await assert.rejects(startNginx({ http: 'no_such_directive on;' }), /nginx did not start:[\s\S]*no_such_directive/);
  });

  test('is started several times at once on different ports', async () => {
    const all = await Promise.all([startNginx(), startNginx(), startNginx()]);
    assert.equal(new Set(all.map(({ port }) => port)).size, 3);
    await Promise.all(all.map((nginx) => nginx.stop()));
  });
});
