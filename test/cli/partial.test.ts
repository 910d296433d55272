import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { FileSink, partialOf, RangeMismatch, removeTemporaries, resumeFields } from '../../src/cli/file-sink.ts';
import { LengthDecoder } from '../../src/http1/body-decoder.ts';
import type { HeadersInit } from '../../src/http1/headers.ts';
import type { HTTPResponse } from '../../src/index.ts';
import { responseWith } from '../support/http-response.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';

const URL = 'http://h/a';
const JOB = { url: URL };
const WHOLE = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
const ETAG = { ETag: '"v1"' };

function response(status: number, length: number | null, headers: HeadersInit): HTTPResponse {
  return responseWith({ status, headers, ...(length !== null && { body: new LengthDecoder(length) }) });
}

function first(headers: HeadersInit = ETAG): HTTPResponse {
  return response(200, WHOLE.length, headers);
}

/** A folder with the first 200,000 bytes of a document, or of one whose first response had these fields. */
function interrupted(context: TestContext, headers?: HeadersInit) {
  const folder = temporaryFolder(context);
  const path = join(folder, 'a');
  const sink = new FileSink(path, { existing: 'refuse', remoteTime: false, resume: true });
  sink.begin(first(headers), JOB);
  sink.write(WHOLE.subarray(0, 150_000));
  sink.write(WHOLE.subarray(150_000, 200_000));
  sink.abandon();
  return { folder, path, sink };
}

function range(
  start: number,
  { end = WHOLE.length, total = `${WHOLE.length}`, ...headers }: Record<string, string | number> = {},
): HTTPResponse {
  return response(206, Number(end) - start, {
    ...ETAG,
    'Content-Range': `bytes ${start}-${Number(end) - 1}/${total}`,
    ...headers,
  });
}

describe('an interrupted transfer that can be continued', () => {
  test('leaves a partial file, and a sidecar that names URL and version', (context) => {
    const { folder, path } = interrupted(context);
    assert.deepEqual(namesIn(folder), ['.a.dugong', '.a.part']);
    assert.deepEqual(partialOf(path), { size: 200_000, url: URL, etag: '"v1"', total: 300_000 });
    assert.deepEqual(resumeFields(path, URL), { Range: 'bytes=200000-', 'If-Range': '"v1"' });
    assert.equal(resumeFields(path, 'http://h/b'), undefined);
  });

  test('is what removeTemporaries keeps', (context) => {
    const { path, sink } = interrupted(context);
    sink.begin(first(), JOB);
    sink.write(WHOLE.subarray(0, 150_000));
    removeTemporaries();
    assert.equal(partialOf(path)?.size, 150_000);
  });

  for (const start of [200_000, 199_999, 100, 0]) {
    test(`goes on where the server does, at ${start}`, (context) => {
      const { folder, path, sink } = interrupted(context);
      sink.begin(range(start), JOB);
      sink.write(WHOLE.subarray(start, start + 10));
      sink.write(WHOLE.subarray(start + 10));
      sink.commit();
      assert.deepEqual(readFileSync(path), WHOLE);
      assert.deepEqual(namesIn(folder), ['a']);
    });
  }

  test('may be interrupted again, and killed', (context) => {
    const { path, sink } = interrupted(context);
    sink.begin(range(200_000), JOB);
    sink.write(WHOLE.subarray(200_000, 250_000));
    sink.abandon();
    assert.equal(partialOf(path)?.size, 250_000);
    sink.begin(range(250_000), JOB);
    sink.write(WHOLE.subarray(250_000));
    // What another process would find after a kill: bytes in memory are lost.
    assert.equal(partialOf(path)?.size, 250_000);
    sink.commit();
    assert.deepEqual(readFileSync(path), WHOLE);
  });

  for (const headers of [ETAG, {}]) {
    test(`starts over at 200, ${'ETag' in headers ? 'with' : 'without'} a validator`, (context) => {
      const { folder, path, sink } = interrupted(context);
      sink.begin(first(headers), JOB);
      sink.write(WHOLE.subarray(0, 100_000));
      sink.write(WHOLE.subarray(100_000));
      sink.commit();
      assert.deepEqual(readFileSync(path), WHOLE);
      assert.deepEqual(namesIn(folder), ['a']);
    });
  }

  test('starts over at a 200 with a small body', (context) => {
    const { folder, path, sink } = interrupted(context);
    sink.begin(response(200, 5, { ETag: '"v2"' }), JOB);
    sink.write(Buffer.from('small'));
    sink.commit();
    assert.equal(readFileSync(path, 'utf8'), 'small');
    assert.deepEqual(namesIn(folder), ['a']);
  });

  for (const [what, answer] of [
    ['begins later', range(200_001)],
    ['has no Content-Range', response(206, 100_000, ETAG)],
    ['has another unit', response(206, 100_000, { 'Content-Range': 'lines 200000-299999/300000' })],
    ['has another total', range(200_000, { total: '300001' })],
    ['has an unknown total', range(200_000, { total: '*' })],
    ['ends early', range(200_000, { end: 250_000 })],
    ['has several parts', response(206, 100, { 'Content-Type': 'multipart/byteranges; boundary=x' })],
    ['is coded', range(200_000, { 'Content-Encoding': 'gzip' })],
    ['is of another version', range(200_000, { ETag: '"v2"' })],
    [
      'has no entity tag, which the first had',
      response(206, 100_000, { 'Content-Range': 'bytes 200000-299999/300000' }),
    ],
    ['has a length that its range has not', response(206, 5, { 'Content-Range': 'bytes 200000-299999/300000' })],
    ['is a 416 for another total', response(416, 5, { 'Content-Range': 'bytes */200001' })],
    ['is a 416 for a partial file that is not whole', response(416, 5, { 'Content-Range': 'bytes */200000' })],
    ['is a 416 that says nothing', response(416, 5, {})],
  ] as const) {
    test(`is begun anew after a response that ${what}`, (context) => {
      const { folder, path, sink } = interrupted(context);
      assert.throws(() => sink.begin(answer, JOB), RangeMismatch);
      assert.deepEqual(namesIn(folder), []);
      assert.equal(resumeFields(path, URL), undefined);
    });
  }

  for (const headers of [{ 'Content-Range': 'bytes */300000' }, {}]) {
    test(`is complete after a 416 with the same total ${JSON.stringify(headers)}`, (context) => {
      const { folder, path, sink } = interrupted(context);
      // Killed between the last write and the renaming.
      appendFileSync(join(folder, '.a.part'), WHOLE.subarray(200_000));
      assert.equal(resumeFields(path, URL)?.Range, 'bytes=300000-');
      sink.begin(response(416, 5, headers), JOB);
      sink.write(Buffer.from('error'));
      sink.commit();
      assert.deepEqual(readFileSync(path), WHOLE);
      assert.deepEqual(namesIn(folder), ['a']);
      assert.equal(sink.written, true);
    });
  }

  test('is not continued with a range of another URL', (context) => {
    const { sink } = interrupted(context);
    assert.throws(() => sink.begin(range(200_000), { url: 'http://h/b' }), RangeMismatch);
  });
});

describe('what is not continued', () => {
  test('a whole document that was found to be wrong', (context) => {
    const { folder, sink } = interrupted(context);
    sink.begin(range(200_000), JOB);
    sink.write(WHOLE.subarray(200_000));
    sink.abandon();
    assert.deepEqual(namesIn(folder), []);
  });

  for (const [what, headers] of [
    ['no validator', {}],
    [
      'a weak entity tag',
      { ETag: 'W/"v1"', 'Last-Modified': 'Tue, 15 Nov 1994 12:45:26 GMT', Date: 'Wed, 16 Nov 1994 12:45:26 GMT' },
    ],
    [
      'a date of this minute',
      { 'Last-Modified': 'Tue, 15 Nov 1994 12:45:26 GMT', Date: 'Tue, 15 Nov 1994 12:45:26 GMT' },
    ],
    ['a date without one to compare', { 'Last-Modified': 'Tue, 15 Nov 1994 12:45:26 GMT' }],
    ['a coding', { ...ETAG, 'Content-Encoding': 'gzip' }],
  ] as const) {
    test(`a document with ${what}`, (context) => assert.deepEqual(namesIn(interrupted(context, headers).folder), []));
  }

  test('a document of unknown length', (context) => {
    const { folder, sink } = interrupted(context);
    const unknown = { ...first(), length: null, headers: first().headers } as HTTPResponse;
    sink.begin(unknown, JOB);
    sink.write(WHOLE.subarray(0, 100_000));
    assert.equal(namesIn(folder).length, 3);
    sink.abandon();
    assert.deepEqual(namesIn(folder), ['.a.dugong', '.a.part']);
  });

  test('a part that the caller asked for, which is the document', (context) => {
    const folder = temporaryFolder(context);
    const path = join(folder, 'a');
    const sink = new FileSink(path, { existing: 'refuse', remoteTime: false });
    sink.begin(range(100, { end: 103 }), { ...JOB, headers: { range: 'bytes=100-102' } });
    sink.write(WHOLE.subarray(100, 103));
    sink.commit();
    assert.deepEqual(readFileSync(path), WHOLE.subarray(100, 103));
    assert.throws(() => sink.begin(range(0), JOB), RangeMismatch);
  });

  test('a document for which it was not asked', (context) => {
    const folder = temporaryFolder(context);
    const sink = new FileSink(join(folder, 'a'), { existing: 'refuse', remoteTime: false });
    sink.begin(first(), JOB);
    sink.write(WHOLE.subarray(0, 200_000));
    sink.abandon();
    assert.deepEqual(namesIn(folder), []);
  });
});

describe('the sidecar', () => {
  test('may hold an old but strong date', (context) => {
    const dates = { 'Last-Modified': 'Tue, 15 Nov 1994 12:45:26 GMT', Date: 'Tue, 15 Nov 1994 12:46:26 GMT' };
    const { path, sink } = interrupted(context, dates);
    assert.equal(resumeFields(path, URL)?.['If-Range'], 'Tue, 15 Nov 1994 12:45:26 GMT');
    sink.begin(range(200_000, { 'Last-Modified': 'Tue, 15 Nov 1994 12:45:26 GMT' }), JOB);
    sink.abandon();
    assert.throws(
      () => sink.begin(range(200_000, { 'Last-Modified': 'Tue, 15 Nov 1994 12:45:27 GMT' }), JOB),
      RangeMismatch,
    );
  });

  test('counts for nothing if it is empty, torn, of another form, or a link', (context) => {
    const { folder, path } = interrupted(context);
    const sidecar = join(folder, '.a.dugong');
    const whole = readFileSync(sidecar, 'utf8');
    for (let length = 0; length < whole.length - 1; length++) {
      writeFileSync(sidecar, whole.slice(0, length));
      assert.equal(partialOf(path), undefined, whole.slice(0, length));
    }
    for (const text of [
      'null',
      '[]',
      '1',
      '{}',
      whole.replace('300000', '"300000"'),
      whole.replace('etag', 'tag'),
      whole.replace('"url":"http://h/a"', '"url":1'),
    ]) {
      writeFileSync(sidecar, text);
      assert.equal(partialOf(path), undefined, text);
    }
    writeFileSync(sidecar, whole);
    assert.ok(partialOf(path));
    truncateSync(join(folder, '.a.part'), 0);
    assert.equal(partialOf(path), undefined);
    writeFileSync(join(folder, 'b.json'), whole);
    writeFileSync(join(folder, '.b.part'), 'x');
    symlinkSync('b.json', join(folder, '.b.dugong'));
    assert.equal(partialOf(join(folder, 'b')), undefined);
  });

  test('of a process that is alive keeps others away', (context) => {
    const { folder, path, sink } = interrupted(context);
    const sidecar = join(folder, '.a.dugong');
    const pid = process.ppid;
    writeFileSync(sidecar, readFileSync(sidecar, 'utf8').replace(`"pid":${process.pid}`, `"pid":${pid}`));
    assert.equal(partialOf(path), undefined);
    sink.begin(first(), JOB);
    sink.write(WHOLE.subarray(0, 100_000));
    sink.write(WHOLE.subarray(100_000));
    sink.commit();
    assert.deepEqual(namesIn(folder), ['.a.dugong', '.a.part', 'a']);
    assert.equal(readFileSync(join(folder, '.a.part')).length, 200_000);
  });

  test('is not followed where it, or the partial file, is a symbolic link', (context) => {
    for (const name of ['.a.dugong', '.a.part']) {
      const folder = temporaryFolder(context);
      writeFileSync(join(folder, 'victim'), 'mine');
      symlinkSync('victim', join(folder, name));
      const sink = new FileSink(join(folder, 'a'), { existing: 'refuse', remoteTime: false, resume: true });
      sink.begin(first(), JOB);
      assert.throws(() => sink.write(WHOLE), { name: 'LocalFileError' });
      assert.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'mine');
    }
  });
});
