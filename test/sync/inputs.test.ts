import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type FetchSyncInit, fetchSync } from 'dugong/sync';
import { repository } from '../support/compiled.ts';
import { type DummyServer, type EchoedRequest, startDummyServer } from '../support/dummy-server.ts';
import { timeLimit } from '../support/time-limit.ts';

let server: DummyServer;
before(() => {
  server = startDummyServer();
});
after(() => server.stop());

/** What the server was sent, for `init` and perhaps a Request. */
function sent(init: FetchSyncInit | null, input?: Request): EchoedRequest & { type: string | undefined; body: string } {
  const options = { proxy: false, timeout: timeLimit(20_000), ...init } as const;
  const echoed = fetchSync(input ?? `http://${server.authority}/echo`, options).json() as EchoedRequest;
  return { ...echoed, type: field(echoed, 'content-type'), body: Buffer.from(echoed.body, 'base64').toString() };
}

function field({ headers }: EchoedRequest, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

function echoRequest(init?: RequestInit): Request {
  return new Request(`http://${server.authority}/echo`, init);
}

describe('fetchSync takes as its body', () => {
  test('a Blob, with its type, whatever it is made of', () => {
    const blob = new Blob(['one ', new Blob(['two ']), Buffer.from('three')], { type: 'text/x-own' });
    for (const each of [blob, new File([blob], 'name', { type: 'text/x-own' })]) {
      const { body, type, headers } = sent({ method: 'POST', body: each });
      assert.deepEqual([body, type], ['one two three', 'text/x-own']);
      assert.ok(headers.some(([name, value]) => name === 'Content-Length' && value === '13'));
    }
  });

  test('an empty Blob, and one without a type', () => {
    assert.deepEqual(
      [sent({ method: 'POST', body: new Blob([]) }).body, sent({ method: 'POST', body: new Blob(['x']) }).type],
      ['', undefined],
    );
  });

  test('a Blob of some megabytes', () => {
    const bytes = Buffer.alloc(5_000_000, 'abc');
    assert.equal(sent({ method: 'PUT', body: new Blob([bytes]) }).body, bytes.toString());
  });

  test('a Blob also where a module of NODE_OPTIONS fails in other threads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dugong-blob-'));
    try {
      const preload = join(folder, 'main-thread-only.cjs');
      writeFileSync(preload, 'if (!require("node:worker_threads").isMainThread) throw new Error("main thread only");');
      const env = { ...process.env, NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
      const program = 'new (require("dugong/sync").SyncResponse)(new Blob(["x"])).text()';
      const options = { cwd: repository, env, timeout: timeLimit(20_000) };
      const { stdout } = await promisify(execFile)(process.execPath, ['-p', program], options);
      assert.equal(stdout, 'x\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('FormData, with strings and files', async () => {
    const form = new FormData();
    form.append('text', 'välue');
    form.append('file', new File(['content'], 'näme.txt', { type: 'text/x-own' }));
    const { body, type } = sent({ method: 'POST', body: form });
    const parsed = await new Response(body, { headers: { 'Content-Type': type ?? '' } }).formData();
    assert.equal(parsed.get('text'), 'välue');
    const file = parsed.get('file');
    assert.ok(file instanceof File);
    assert.deepEqual([file.name, file.type, await file.text()], ['näme.txt', 'text/x-own', 'content']);
  });

  test('no Blob that is a file on disk, which only the platform can read: a TypeError', async () => {
    const blob = await openAsBlob(new URL('package.json', `file://${repository}`));
    assert.throws(() => sent({ method: 'POST', body: blob }), { name: 'TypeError', message: /createFetch/ });
  });

  test('a value as JSON, with its type unless the caller has one', () => {
    const json = { ü: [1, null] };
    const { body, type } = sent({ method: 'POST', json });
    assert.deepEqual([body, type], [JSON.stringify(json), 'application/json']);
    assert.equal(sent({ method: 'POST', json: null }).body, 'null');
    assert.equal(sent({ method: 'POST', json, headers: { 'content-type': 'application/x' } }).type, 'application/x');
  });

  test('no value that JSON has not, none with a body, and none with GET: a TypeError', () => {
    assert.throws(() => sent({ method: 'POST', json: () => 1 }), {
      name: 'TypeError',
      message: /json must be a value/,
    });
    assert.throws(() => sent({ method: 'POST', json: 1, body: 'x' }), { name: 'TypeError', message: /json and body/ });
    assert.throws(() => sent({ json: 1 }), { name: 'TypeError', message: /GET request cannot have a body/ });
  });
});

describe('fetchSync takes a Request', () => {
  test('with its method, headers and mode of redirects', () => {
    const request = echoRequest({ method: 'DELETE', headers: { 'X-Own': 'yes' }, redirect: 'manual' });
    const echoed = sent({}, request);
    assert.deepEqual([echoed.method, field(echoed, 'x-own')], ['DELETE', 'yes']);
    assert.throws(() => sent({}, echoRequest({ integrity: 'sha256-x' })), { name: 'TypeError', message: /integrity/ });
  });

  test('of which init replaces what it has', () => {
    const request = echoRequest({ method: 'PUT', headers: { 'X-Own': 'yes' } });
    const echoed = sent({ method: 'POST', headers: { 'X-Other': 'no' }, body: 'given' }, request);
    assert.deepEqual([echoed.method, field(echoed, 'x-own'), field(echoed, 'x-other')], ['POST', undefined, 'no']);
    assert.equal(echoed.body, 'given');
  });

  test('but not its body, which is a stream: a TypeError that says what to do', () => {
    const request = echoRequest({ method: 'POST', body: 'lost' });
    assert.throws(() => sent({}, request), { name: 'TypeError', message: /body of a Request is a stream.*init\.body/ });
    assert.equal(sent({ body: 'given' }, request).body, 'given');
    assert.equal(sent({ body: null }, request).body, '');
  });

  test('not one that is aborted: the reason', () => {
    const request = echoRequest({ signal: AbortSignal.abort(new RangeError('enough')) });
    assert.throws(() => sent({}, request), { name: 'RangeError', message: 'enough' });
  });
});

describe('the init of fetchSync', () => {
  test('may be null', () => {
    const url = `http://${server.authority}/status/200`;
    assert.equal(fetchSync(url, null).status, 200);
  });

  test('may have a signal that is null, and one that is aborted, the reason of which is thrown', () => {
    assert.equal(sent({ signal: null }).method, 'GET');
    const reason = new RangeError('enough');
    assert.throws(
      () => sent({ signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    );
    assert.throws(() => sent({ signal: new AbortController().signal }), { name: 'TypeError', message: /use timeout/ });
  });
});
