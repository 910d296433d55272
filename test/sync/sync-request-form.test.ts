import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formDataOf } from '../../src/fetch/form-data.ts';
import { entriesOf, FormData, formContent } from '../../src/sync/sync-request-form.ts';

/** The entries of what is sent: name, value or content, name of the file. */
async function sent(form: unknown): Promise<unknown[]> {
  const { content, type } = formContent(form);
  const parsed = formDataOf(content?.data as Uint8Array, type ?? null);
  return await Promise.all(
    [...parsed].map(async ([name, value]) =>
      typeof value === 'string' ? [name, value] : [name, await value.text(), value.name],
    ),
  );
}

describe('a form of sync-request', () => {
  test('has strings, and files: bytes, Blobs, and strings with the name of a file', async () => {
    const form = new FormData();
    form.append('a', 'text');
    form.append('n', 5 as unknown as string);
    form.append('b', Buffer.from('bytes'));
    form.append('c', new Blob(['blob']), 'c.bin');
    form.append('f', new File(['file'], 'f.bin'));
    form.append('s', 'named', 's.txt');
    form.append('a', 'again');
    assert.equal(entriesOf(form).length, 7);
    assert.deepEqual(await sent(form), [
      ['a', 'text'],
      ['n', '5'],
      ['b', 'bytes', 'blob'],
      ['c', 'blob', 'c.bin'],
      ['f', 'file', 'f.bin'],
      ['s', 'named', 's.txt'],
      ['a', 'again'],
    ]);
  });

  test('has the bytes that were given, whatever becomes of their memory', async () => {
    const form = new FormData();
    const bytes = Buffer.from('bytes');
    form.append('b', bytes);
    bytes.fill(0);
    assert.deepEqual(await sent(form), [['b', 'bytes', 'blob']]);
  });

  test('may be that of the platform', async () => {
    const form = new globalThis.FormData();
    form.append('a', 'text');
    assert.deepEqual(await sent(form), [['a', 'text']]);
  });

  test('has no other values, and nothing else is a form', () => {
    for (const value of [undefined, null, {}, true]) {
      assert.throws(() => new FormData().append('a', value as unknown as string), TypeError);
    }
    for (const form of [undefined, {}, new URLSearchParams()]) assert.throws(() => formContent(form), TypeError);
  });
});
