import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contentOfRequest, givenContent } from '../../src/fetch/given-content.ts';

interface Sent {
  readonly text: string | undefined;
  readonly type: string | undefined;
}

/** What is sent of a body. */
async function sent(body: unknown): Promise<Sent> {
  const { content, type } = await givenContent(body, undefined);
  const data = content?.data;
  if (data === undefined) return { text: undefined, type };
  if (typeof data === 'string') return { text: data, type };
  if (data instanceof Blob) return { text: await data.text(), type };
  if (data instanceof Uint8Array) return { text: Buffer.from(data).toString(), type };
  let text = '';
  for await (const piece of data) text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
  return { text, type };
}

const TEXT = 'text/plain;charset=UTF-8';

/** Of another library: a Blob by its name and its method. */
class ForeignBlob {
  readonly type = 'x/y';
  readonly [Symbol.toStringTag] = 'Blob';

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(Buffer.from('foreign')).buffer;
  }
}

async function* generated(): AsyncGenerator<string> {
  yield 'a';
  yield 'b';
}

describe('the body of a fetch', () => {
  const cases: readonly (readonly [name: string, body: unknown, expected: Sent])[] = [
    ['undefined', undefined, { text: undefined, type: undefined }],
    ['null', null, { text: undefined, type: undefined }],
    ['a string', 'text', { text: 'text', type: TEXT }],
    ['a String', Object('text'), { text: 'text', type: TEXT }],
    ['bytes', Buffer.from('text'), { text: 'text', type: undefined }],
    ['a Blob', new Blob(['text'], { type: 'x/y' }), { text: 'text', type: 'x/y' }],
    ['a Blob without a type', new Blob(['text']), { text: 'text', type: undefined }],
    ['a Blob of another library', new ForeignBlob(), { text: 'foreign', type: 'x/y' }],
    ['an iterable', ['a', 'b'], { text: 'ab', type: undefined }],
    ['an async iterable', generated(), { text: 'ab', type: undefined }],
    ['a stream', new Blob(['text']).stream(), { text: 'text', type: undefined }],
    ['a number, as the platform has it', 5, { text: '5', type: TEXT }],
  ];
  for (const [name, body, expected] of cases) {
    test(`may be ${name}`, async () => assert.deepEqual(await sent(body), expected));
  }

  test('may be FormData, of another library too', async () => {
    const form = new FormData();
    form.append('a', 'b');
    const foreign = {
      [Symbol.toStringTag]: 'FormData',
      *[Symbol.iterator]() {
        yield ['a', 'b'];
        yield ['f', new ForeignBlob()];
      },
    };
    for (const body of [form, foreign]) {
      const { text, type } = await sent(body);
      assert.match(String(type), /^multipart\/form-data; boundary=/);
      assert.match(String(text), /name="a"\r\n\r\nb\r\n/);
      assert.equal(String(text).includes('foreign'), body === foreign);
    }
  });

  test('is copied before the call returns: its memory can be used again', async () => {
    const bytes = Buffer.from('text');
    const given = givenContent(bytes, undefined);
    bytes.fill(0);
    assert.deepEqual((await given).content?.data, new Uint8Array(Buffer.from('text')));
  });

  test('that is a stream is locked from the call on; one that is locked or was read is a TypeError', async () => {
    const stream = new Blob(['text']).stream();
    const given = givenContent(stream, undefined);
    assert.equal(stream.locked, true);
    await given;
    await assert.rejects(givenContent(stream, undefined), { name: 'TypeError', message: /being read already/ });
    const read = new Blob(['text']).stream();
    const reader = read.getReader();
    await reader.read();
    reader.releaseLock();
    await assert.rejects(givenContent(read, undefined), TypeError);
  });

  test('that is a stream is cancelled with the reason of the signal', async () => {
    const reasons: unknown[] = [];
    const stream = new ReadableStream<Uint8Array>({
      cancel: (reason) => {
        reasons.push(reason);
      },
    });
    const controller = new AbortController();
    const { content } = await givenContent(stream, controller.signal);
    controller.abort('aborted');
    content?.cancel('another');
    await new Promise(setImmediate);
    assert.deepEqual(reasons, ['aborted']);
  });
});

describe('the body of a Request', () => {
  const request = (body: RequestInit['body']): Request =>
    new Request('http://x.test', { method: 'POST', body: body ?? null, duplex: 'half' });

  test('is a whole again if it was given as one', async () => {
    const content = await contentOfRequest(request('text'), undefined);
    assert.deepEqual(content?.data, Buffer.from('text'));
    assert.equal(content?.repeatable, true);
    assert.equal(await contentOfRequest(request(null), undefined), undefined);
  });

  test('stays a stream if it was given as one, of which nothing is read ahead', async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls++;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const content = await contentOfRequest(request(stream), undefined);
    assert.ok(content?.data !== undefined && Symbol.asyncIterator in Object(content.data));
    assert.equal(pulls, 0);
  });
});
