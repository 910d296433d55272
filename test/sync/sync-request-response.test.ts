import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Response, type StatusError } from '../../src/sync/sync-request-response.ts';

const URL_TEXT = 'http://x.test/';
const response = (status: number, body: Buffer | string = Buffer.from('ü')): Response =>
  new Response(status, { 'X-A': '1', 'set-cookie': ['a'] }, body, URL_TEXT);

describe('a response of sync-request', () => {
  test('has the names of its fields in lower case', () => {
    assert.deepEqual(response(200).headers, { 'x-a': '1', 'set-cookie': ['a'] });
  });

  test('gives its body as bytes, or as text in an encoding', () => {
    assert.deepEqual(response(200).getBody(), Buffer.from('ü'));
    assert.deepEqual(response(200).getBody(''), Buffer.from('ü'));
    assert.equal(response(299).getBody('utf8'), 'ü');
    assert.equal(response(200).getBody('hex'), 'c3bc');
    assert.equal(response(200, 'text').getBody('hex'), 'text');
  });

  for (const status of [0, 300, 404, 500]) {
    test(`gives no body of status ${status}, but an error that has it`, () => {
      assert.throws(
        () => response(status).getBody(),
        (error: StatusError) => {
          assert.equal(error.message, `Server responded to ${URL_TEXT} with status code ${status}:\nü`);
          assert.deepEqual([error.statusCode, error.url, error.body], [status, URL_TEXT, Buffer.from('ü')]);
          return true;
        },
      );
    });
  }

  test('is an error from 400 on, and for no status', () => {
    const errors = [0, 200, 399, 400].map((status) => response(status).isError());
    assert.deepEqual(errors, [true, false, false, true]);
  });

  test('needs a number and an object', () => {
    assert.throws(() => response('200' as unknown as number), {
      message: 'statusCode must be a number but was string',
    });
    const none = null as unknown as Record<string, string>;
    assert.throws(() => new Response(200, none, '', ''), { message: 'headers must be an object but was null' });
  });
});
