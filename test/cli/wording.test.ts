import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Given } from '../../src/cli/given.ts';
import { unsent } from '../../src/cli/item.ts';
import { Totals } from '../../src/cli/totals.ts';
import { sentenceFor } from '../../src/cli/wording.ts';
import { ConnectionTimedOut, SystemError, TLSError } from '../../src/errors.ts';
import type { TransferResult } from '../../src/index.ts';
import { responseWith } from '../support/http-response.ts';

const item = { position: 0, url: 'http://x/?u=http://me:secret@y/', text: '', line: 12, path: undefined };

function sentence(given: Partial<TransferResult>, flags?: Given): ReturnType<typeof sentenceFor> {
  const result = unsent({ url: item.url, tag: item }, { outcome: 'failed', error: undefined });
  return sentenceFor(item, { ...result, ...given }, flags);
}

describe('a message about a document', () => {
  test('has its URL, without secrets, its line, and the cause without the URL again', () => {
    const error = new SystemError('ECONNREFUSED', { errno: -111, syscall: 'connect', address: '::1', port: 1 });
    Reflect.set(error, 'message', `GET http://x/: ${error.message}`);
    assert.deepEqual(sentence({ error }), {
      where: 'http://x/?u=http://***@y/ (line 12)',
      cause: 'connect ECONNREFUSED ::1:1',
      advice: 'is the server running, and is the port right?',
    });
  });

  test('names no options of the library, which the command has not', () => {
    const kept = 'expired (X). Versions before TLS 1.2 need more.';
    const message = kept.replace(' Versions', ' If you trust it, give it in the TLS option ca or in a file. Versions');
    const error = new TLSError('X', message, { reason: 'expired' });
    assert.equal(sentence({ error }).cause, kept);
  });

  test('has the status, and where a redirect leads', () => {
    const missing = (status: number, headers: Record<string, string> = {}) =>
      sentence({ outcome: 'missing', response: responseWith({ status, headers }) });
    assert.match(missing(404).cause, /^404 OK$/);
    assert.match(missing(302, { Location: '/there' }).cause, /^302 OK, to \/there$/);
    assert.equal(missing(302, { Location: '/there' }).advice, '-L follows redirects');
    const followed = {
      outcome: 'missing',
      response: responseWith({ status: 302, headers: { Location: '/' } }),
    } as const;
    assert.equal(sentence(followed, { location: true }).advice, undefined);
    assert.match(missing(401).advice ?? '', /-u or -n/);
    assert.match(missing(412).advice ?? '', /--overwrite/);
  });

  test('says what is doubtful, and when to come again', () => {
    const error = new ConnectionTimedOut(5);
    const job = { url: 'http://h/a', method: 'POST' };
    assert.match(
      sentence({ job, error, mayHaveBeenProcessed: true }).cause,
      /the server may have processed the request$/,
    );
    assert.doesNotMatch(sentence({ error, mayHaveBeenProcessed: true }).cause, /may have processed/);
    const response = responseWith({ status: 503 });
    assert.match(
      sentence({ outcome: 'missing', response, retryAt: 0 }).cause,
      /^503 OK; not before 1970-01-01T00:00:00/,
    );
    assert.match(sentence({ outcome: 'aborted' }).cause, /^not asked for$/);
  });
});

test('totals count what became of each document', () => {
  const totals = new Totals();
  totals.add('done', 1000);
  totals.add('skipped');
  totals.add('blocked');
  totals.add('missing');
  assert.deepEqual([totals.count, totals.wanting], [4, 2]);
  assert.match(
    String(totals),
    /^1 document \(1 kB\) in .*\. 2 missing\. 1 were there already\. 1 of the missing refuse/,
  );
  const { done, missing, skipped, blocked, bytes } = JSON.parse(totals.json()) as Record<string, number>;
  assert.deepEqual([done, missing, skipped, blocked, bytes], [1, 2, 1, 1, 1000]);
});
