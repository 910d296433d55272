import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { multipartBlob } from '../../src/client/multipart-blob.ts';

/** The Blob of a form, with "BOUNDARY" in place of its boundary. */
async function encoded(fill: (form: FormData) => void): Promise<string> {
  const form = new FormData();
  fill(form);
  const blob = multipartBlob(form);
  const [, boundary = ''] = /^multipart\/form-data; boundary=(.*)$/.exec(blob.type) ?? [];
  assert.match(boundary, /^----dugong-[0-9a-f]{32}$/);
  return (await blob.text()).replaceAll(boundary, 'BOUNDARY');
}

describe('a form as multipart/form-data [RFC 7578]', () => {
  test('has its entries in order, and ends with the delimiter', async () => {
    const text = await encoded((form) => {
      form.append('a', '1');
      form.append('f', new File(['content'], 'x.txt', { type: 'text/x' }));
      form.append('a', '2');
    });
    assert.equal(
      text,
      '--BOUNDARY\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' +
        '--BOUNDARY\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/x\r\n\r\ncontent\r\n' +
        '--BOUNDARY\r\nContent-Disposition: form-data; name="a"\r\n\r\n2\r\n' +
        '--BOUNDARY--\r\n',
    );
  });

  test('without entries is the last delimiter', async () => {
    assert.equal(await encoded(() => undefined), '--BOUNDARY--\r\n');
  });

  test('has CRLF for each line end in names and values, escaped in names, and leaves files as they are', async () => {
    const text = await encoded((form) => {
      form.append('a\nb"c', 'x\ry\nz\r\n');
      form.append('f', new Blob(['\n']), '"\r\n');
    });
    assert.ok(text.includes('name="a%0D%0Ab%22c"\r\n\r\nx\r\ny\r\nz\r\n\r\n'), text);
    assert.ok(text.includes('filename="%22%0D%0A"\r\nContent-Type: application/octet-stream\r\n\r\n\n\r\n'), text);
  });

  test('has names in UTF-8, and a boundary of its own', async () => {
    assert.ok((await encoded((form) => form.append('ü', 'ü'))).includes('name="ü"\r\n\r\nü\r\n'));
    assert.notEqual(multipartBlob(new FormData()).type, multipartBlob(new FormData()).type);
  });
});
