import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Nginx, nginxMissing, startNginx } from '../support/nginx.ts';
import { timeLimit } from '../support/time-limit.ts';

const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const size = 2 ** 30;
const marks = [0, 1_000_003, 2 ** 29 + 17, size - 100];

/**
 * A client of its own, run by plain node on the compiled library, so that the memory is the library's and not that of a loader
 * or of the tests. It reads into one buffer, and hashes the marked places (all of 1 GiB would take longer than to fetch it).
 */
const program = `
  import { HTTPConnection } from ${JSON.stringify(library)};
  import { createHash } from 'node:crypto';
  const [hostname, port, path, way, marks] = JSON.parse(process.argv[1]);
  const connection = new HTTPConnection(hostname, { port, timeout: 20_000 });
  const blocking = way === 'blocking';
  const call = (name, ...given) => (blocking ? connection : connection.promises)[name](...given);
  await call('sendRequest', 'GET', path);
  const { status, length } = await call('readResponse');
  const buffer = Buffer.allocUnsafe(262144);
  const hash = createHash('sha256');
  const wanted = marks.flatMap((at) => [at, at + 100]);
  let total = 0;
  for (;;) {
    const count = blocking ? connection.readInto(buffer) : await connection.promises.readInto(buffer);
    if (count === 0) break;
    for (let index = 0; index < wanted.length; index += 2) {
      const from = Math.max(wanted[index], total) - total;
      const to = Math.min(wanted[index + 1], total + count) - total;
      if (from < to) hash.update(buffer.subarray(from, to));
    }
    total += count;
  }
  connection.disconnect();
  const maxRSS = process.resourceUsage().maxRSS;
  console.log(JSON.stringify({ status, length, total, digest: hash.digest('hex'), maxRSS }));
`;

interface Report {
  status: number;
  length: number;
  total: number;
  digest: string;
  /** KiB */
  maxRSS: number;
}

const skip = nginxMissing() || (existsSync(library) ? false : 'the library has not been compiled (npm run build:ts)');

test('the library, once it is imported, has loaded nothing of the platform’s fetch', {
  skip: !existsSync(library),
}, async () => {
  const look = `await import(${JSON.stringify(library)}); console.log(process.moduleLoadList.join('\\n'));`;
  const options = { timeout: timeLimit(60_000), env: { ...process.env, NODE_OPTIONS: '' } };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', look], options);
  assert.match(stdout, /NativeModule /);
  assert.doesNotMatch(stdout, /undici|NativeModule zlib/);
});

describe('a download of 1 GiB by readInto', { skip }, () => {
  let nginx: Nginx;
  const expected = createHash('sha256');

  before(async () => {
    nginx = await startNginx();
    // Nearly all of it is a hole, which costs no space on the disk.
    const file = openSync(join(nginx.root, 'large'), 'w');
    ftruncateSync(file, size);
    for (const at of marks) {
      const text = Buffer.alloc(100, `mark at ${at};`);
      writeSync(file, text, 0, text.length, at);
      expected.update(text);
    }
    closeSync(file);
  });
  after(() => nginx.stop());

  for (const way of ['blocking', 'future']) {
    test(`(${way}) takes less than 80 MB of memory, all of the process included`, async () => {
      const given = JSON.stringify([nginx.hostname, nginx.port, '/large', way, marks]);
      const argv = ['--input-type=module', '--eval', program, given];
      const options = { timeout: timeLimit(60_000), env: { ...process.env, NODE_OPTIONS: '' } };
      const taken: number[] = [];
      // V8 decides when it collects garbage: the least of three runs counts.
      while (taken.length < 3 && !taken.some((kilobytes) => kilobytes * 1024 < 80e6)) {
        const { stdout } = await promisify(execFile)(process.execPath, argv, options);
        const report = JSON.parse(stdout) as Report;
        assert.deepEqual([report.status, report.length, report.total], [200, size, size]);
        assert.equal(report.digest, expected.copy().digest('hex'));
        taken.push(report.maxRSS);
      }
      assert.ok(Math.min(...taken) * 1024 < 80e6, `${taken.join(', ')} KiB`);
    });
  }
});
