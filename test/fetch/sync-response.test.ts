import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fetchSync, SyncResponse } from 'dugong/sync';
import { startDummyServer } from '../support/dummy-server.ts';
import { ok } from '../support/messages.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { timeLimit } from '../support/time-limit.ts';

/** A form as another implementation writes it, the platform's. */
async function encoded(form: FormData | URLSearchParams): Promise<[body: Uint8Array, type: string]> {
  const response = new Response(form);
  return [new Uint8Array(await response.arrayBuffer()), response.headers.get('Content-Type') ?? ''];
}

function withType(body: string | Uint8Array, type: string): SyncResponse {
  return new SyncResponse(body, { headers: { 'Content-Type': type } });
}

describe('a SyncResponse', () => {
  test('has all that a Response has but the promises', () => {
    const response = new SyncResponse();
    for (const name of Object.getOwnPropertyNames(Response.prototype)) assert.ok(name in response, name);
    for (const name of ['json', 'error', 'redirect']) assert.ok(name in SyncResponse, name);
    const [own, platforms] = [new Set<string>(), new Set<string>()];
    for (const name in response) own.add(name);
    for (const name in new Response()) platforms.add(name);
    assert.deepEqual(
      [...platforms].filter((name) => !own.has(name)),
      [],
    );
    assert.equal(String(response), String(new Response()));
  });

  test('that is constructed is what a Response would be', () => {
    const none = new SyncResponse();
    assert.deepEqual([none.status, none.statusText, none.ok, none.type, none.url], [200, '', true, 'default', '']);
    assert.deepEqual([none.body, none.text(), none.bodyUsed], [null, '', false]);
    const given = new SyncResponse('töxt', { status: 404, statusText: 'Gone', headers: { 'X-A': '1' } });
    assert.deepEqual([given.status, given.statusText, given.ok, given.redirected], [404, 'Gone', false, false]);
    assert.deepEqual([...given.headers].sort(), [
      ['content-type', 'text/plain;charset=UTF-8'],
      ['x-a', '1'],
    ]);
    assert.equal(given.text(), 'töxt');
    const form = new SyncResponse(new URLSearchParams({ a: 'b c' }));
    assert.deepEqual(form.formData().get('a'), 'b c');
    assert.equal(new SyncResponse(['a', Buffer.from('b')]).text(), 'ab');
    assert.equal(new SyncResponse(new Blob(['x'], { type: 'a/b' })).headers.get('Content-Type'), 'a/b');
  });

  test('keeps its body when the bytes that it was made of change', () => {
    const bytes = Buffer.from('abc');
    const response = new SyncResponse(bytes);
    bytes.fill(0);
    assert.equal(response.text(), 'abc');
  });

  test('cannot be constructed with what no Response has', () => {
    assert.throws(() => new SyncResponse(null, { status: 199 }), RangeError);
    assert.throws(() => new SyncResponse('x', { status: 204 }), TypeError);
    assert.throws(() => new SyncResponse('x', { statusText: 'a\r\nb' }), TypeError);
    assert.throws(() => new SyncResponse('x', { headers: { 'a b': 'c' } }), TypeError);
  });

  test('gives its body as text, JSON, bytes, an ArrayBuffer, a Buffer and a Blob', async () => {
    const response = withType('{"a":1}', 'Application/JSON');
    assert.deepEqual(response.json(), { a: 1 });
    assert.deepEqual(response.bytes(), new Uint8Array(Buffer.from('{"a":1}')));
    assert.equal(response.arrayBuffer().byteLength, 7);
    assert.ok(Buffer.isBuffer(response.buffer()));
    assert.equal(response.buffer().toString(), '{"a":1}');
    const blob = response.blob();
    assert.deepEqual([blob.type, await blob.text()], ['application/json', '{"a":1}']);
  });

  test('says whether its body was read, which does not keep it from being read again', () => {
    const response = new SyncResponse('x');
    assert.equal(response.bodyUsed, false);
    response.text();
    assert.equal(response.bodyUsed, true);
    assert.equal(response.text(), 'x');
  });

  test('gives its body as a stream, to any reader', async () => {
    const response = new SyncResponse('some text');
    assert.ok(response.body instanceof ReadableStream);
    assert.equal(response.body, response.body);
    assert.equal(response.bodyUsed, false);
    assert.equal(await new Response(response.body).text(), 'some text');
    assert.equal(response.bodyUsed, true);
    const reader = new SyncResponse('some text').body?.getReader({ mode: 'byob' });
    const { value } = (await reader?.read(new Uint8Array(4))) ?? {};
    assert.equal(Buffer.from(value ?? []).toString(), 'some');
    const empty = await new Response(new SyncResponse('').body).text();
    assert.equal(empty, '');
    const byob = await new SyncResponse('').body?.getReader({ mode: 'byob' }).read(new Uint8Array(1));
    assert.equal(byob?.done, true);
  });

  test('can be cloned: the headers and the use of the body are each one’s own', () => {
    const response = new SyncResponse('x', { status: 201, headers: { a: '1' } });
    const clone = response.clone();
    response.text();
    response.headers.set('a', '2');
    assert.deepEqual([clone.status, clone.text(), clone.headers.get('a')], [201, 'x', '1']);
    assert.equal(response.clone().bodyUsed, false);
  });

  test('comes from json(), error() and redirect(), too', () => {
    const json = SyncResponse.json({ a: 1 }, { status: 202 });
    assert.deepEqual(
      [json.status, json.headers.get('Content-Type'), json.text()],
      [202, 'application/json', '{"a":1}'],
    );
    assert.equal(SyncResponse.json(1, { headers: { 'Content-Type': 'a/b' } }).headers.get('Content-Type'), 'a/b');
    assert.throws(() => SyncResponse.json(undefined), TypeError);
    const error = SyncResponse.error();
    assert.deepEqual([error.type, error.status, error.ok, error.body], ['error', 0, false, null]);
    const redirect = SyncResponse.redirect('http://localhost/a', 307);
    assert.deepEqual([redirect.status, redirect.headers.get('Location')], [307, 'http://localhost/a']);
    assert.equal(SyncResponse.redirect('http://localhost/a').status, 302);
    assert.throws(() => SyncResponse.redirect('http://localhost/a', 200), RangeError);
  });

  test('that was fetched is basic, has a body unless its status or method has none', () => {
    using server = startDummyServer();
    const options = { proxy: false, timeout: timeLimit(20_000) } as const;
    const of = (path: string, method = 'GET'): SyncResponse =>
      fetchSync(`http://${server.authority}${path}`, { ...options, method });
    assert.equal(of('/status/200').type, 'basic');
    assert.ok(of('/send_0_bytes').body instanceof ReadableStream);
    assert.deepEqual([of('/status/204').body, of('/send_5_bytes', 'HEAD').body], [null, null]);
    const clone = of('/send_5_bytes').clone();
    assert.deepEqual(
      [clone.type, clone.url, clone.bytes().length],
      ['basic', `http://${server.authority}/send_5_bytes`, 5],
    );
  });

  test('of a form that was fetched', () => {
    using server = startScriptedServer([
      [expectHead(), send(ok(Buffer.from('a=1&b=%C3%A9'), 'Content-Type: application/x-www-form-urlencoded'))],
    ]);
    const form = fetchSync(`http://${server.authority}/`, { proxy: false }).formData();
    assert.deepEqual(
      [...form],
      [
        ['a', '1'],
        ['b', 'é'],
      ],
    );
  });
});

describe('formData() of a SyncResponse', () => {
  test('is what the platform wrote', async () => {
    const form = new FormData();
    form.append('plain', 'töxt\r\n--with lines');
    form.append('plain', '');
    form.append('quo"ted\nname', 'x');
    form.append('file', new File(['\r\n--bytes\0\r\n'], 'ä"b.bin', { type: 'application/x-own' }));
    form.append('empty', new File([], ''));
    const [body, type] = await encoded(form);
    const [ours, theirs] = [
      withType(body, type).formData(),
      await new Response(body, { headers: { 'Content-Type': type } }).formData(),
    ];
    assert.deepEqual([...ours.keys()], [...theirs.keys()]);
    for (const [name, value] of theirs) {
      const own = ours.getAll(name)[theirs.getAll(name).indexOf(value)] as typeof value;
      if (typeof value === 'string') assert.equal(own, value);
      else {
        assert.ok(own instanceof File);
        assert.deepEqual([own.name, own.type, await own.text()], [value.name, value.type, await value.text()]);
      }
    }
    assert.deepEqual([...withType(...(await encoded(new FormData()))).formData()], []);
  });

  const part = 'Content-Disposition: form-data; name="a"\r\n\r\nvalue';
  const forms: readonly [name: string, body: string][] = [
    ['a preamble and an epilogue', `before\r\n--x\r\n${part}\r\n--x--\r\nafter`],
    ['blanks behind the boundary', `--x \t\r\n${part}\r\n--x--`],
    ['fields in another case, without quotes', '--x\r\ncontent-disposition:form-data;name=a\r\n\r\nvalue\r\n--x--'],
    ['other fields', `--x\r\nX-Other: 1\r\n${part}\r\n--x--`],
  ];
  for (const [name, body] of forms) {
    test(`reads a form with ${name} (RFC 2046 5.1.1)`, () => {
      assert.deepEqual([...withType(body, 'Multipart/Form-Data; boundary="x"').formData()], [['a', 'value']]);
    });
  }

  const broken: readonly [name: string, body: string, type: string, message: RegExp][] = [
    ['another type', 'x', 'text/plain', /no form/],
    ['no boundary', 'x', 'multipart/form-data', /no boundary/],
    ['a form that is cut short', `--x\r\n${part}`, 'multipart/form-data; boundary=x', /cut short/],
    ['nothing at all', '', 'multipart/form-data; boundary=x', /cut short/],
    ['a part without a name', '--x\r\nA: b\r\n\r\nv\r\n--x--', 'multipart/form-data; boundary=x', /no name/],
    ['a part without fields', '--x\r\n\r\nv\r\n--x--', 'multipart/form-data; boundary=x', /no name/],
    [
      'a line that is no field',
      '--x\r\nabc\r\n\r\nv\r\n--x--',
      'multipart/form-data; boundary=x',
      /field without a name/,
    ],
    ['text behind a boundary', `--xyz\r\n${part}\r\n--x--`, 'multipart/form-data; boundary=x', /no end/],
  ];
  for (const [name, body, type, message] of broken) {
    test(`is a TypeError for ${name}`, () => {
      assert.throws(() => withType(body, type).formData(), { name: 'TypeError', message });
    });
  }
});
