/** What createFetch returns, as callers and libraries take it apart. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFetch, direct } from '../support/held-fetches.ts';
import { chunkedResponse, ok, response } from '../support/messages.ts';
import { expectHead, gate, loop, reset, send, startScriptedServer } from '../support/scripted-server.ts';

const typed = response('200 Fine', ['Content-Type: text/plain;charset=UTF-8', 'X: 1', 'Content-Length: 3'], 'abc');

async function fetched(answer: string): Promise<{ answer: Response; [Symbol.dispose](): void }> {
  const server = startScriptedServer([[expectHead(), send(answer)]]);
  const answered = await createFetch(direct)(`http://${server.authority}/#`);
  return { answer: answered, [Symbol.dispose]: () => server[Symbol.dispose]() };
}

describe('a response of createFetch', () => {
  test('is a Response to whatever looks', async () => {
    using one = await fetched(typed);
    const { answer } = one;
    assert.ok(answer instanceof Response);
    assert.equal(answer.constructor, Response);
    assert.equal(Object.prototype.toString.call(answer), '[object Response]');
    const { status, statusText, ok: success, type, redirected, url } = answer;
    assert.deepEqual([status, statusText, success, type, redirected], [200, 'Fine', true, 'basic', false]);
    assert.doesNotMatch(url, /#/);
    assert.deepEqual(Object.keys(answer), []);
  });

  for (const [name, value] of Object.entries({
    url: 'http://a.example/',
    redirected: true,
    type: 'cors',
    status: 201,
    ok: false,
  })) {
    test(`can have a ${name} of the caller's`, async () => {
      using one = await fetched(typed);
      Object.defineProperty(one.answer, name, { value });
      assert.equal(one.answer[name as 'url'], value);
      assert.equal(await one.answer.text(), 'abc');
    });
  }

  test('is never taken for an empty one by the methods of the platform’s prototype, whose getters know what it tells them', async () => {
    using one = await fetched(typed);
    const { answer } = one;
    const read = (name: string): unknown =>
      Object.getOwnPropertyDescriptor(Response.prototype, name)?.get?.call(answer);
    const known = ['status', 'statusText', 'ok'];
    // Node keeps the others in private fields from version 24 on.
    if (Number.parseInt(process.versions.node, 10) < 24) known.push('url', 'redirected', 'type', 'headers');
    for (const name of known) assert.equal(read(name), answer[name as 'url'], name);
    for (let count = 0; count < 2; count++) {
      await assert.rejects(Response.prototype.text.call(answer), TypeError);
      const stream = read('body') as ReadableStream;
      assert.ok(stream.locked);
      using other = await fetched(typed);
      assert.equal(await other.answer.text(), 'abc');
    }
    assert.equal(await answer.text(), 'abc');
  });

  test('has headers that cannot be changed, and copies that can', async () => {
    using one = await fetched(typed);
    const { headers } = one.answer;
    for (const change of [() => headers.set('X', '2'), () => headers.append('X', '2'), () => headers.delete('X')]) {
      assert.throws(change, TypeError);
    }
    assert.equal(headers.get('x'), '1');
    assert.equal(one.answer.headers, headers);
    const copy = new Headers(headers);
    copy.set('X', '2');
    assert.equal(copy.get('X'), '2');
    const again = new Response('', one.answer);
    again.headers.set('X', '3');
    assert.deepEqual([again.status, again.headers.get('X'), headers.get('X')], [200, '3', '1']);
  });

  const forms: Record<string, (answer: Response) => Promise<unknown>> = {
    text: (answer) => answer.text(),
    arrayBuffer: async (answer) => Buffer.from(await answer.arrayBuffer()).toString(),
    blob: async (answer) => {
      const blob = await answer.blob();
      return `${await blob.text()}`;
    },
    stream: async (answer) => {
      const parts: Uint8Array[] = [];
      for await (const part of answer.body ?? []) parts.push(part);
      return Buffer.concat(parts).toString();
    },
  };

  for (const [name, read] of Object.entries(forms)) {
    test(`gives its body once, as ${name}`, async () => {
      for (const answered of [typed, chunkedResponse(['a', 'bc'])]) {
        using one = await fetched(answered);
        assert.equal(one.answer.bodyUsed, false);
        assert.equal(await read(one.answer), 'abc');
        assert.equal(one.answer.bodyUsed, true);
        for (const again of [one.answer.text(), one.answer.json(), one.answer.blob(), one.answer.arrayBuffer()]) {
          await assert.rejects(again, TypeError);
        }
        assert.throws(() => one.answer.clone(), TypeError);
      }
    });

    test(`gives each clone all of its body, as ${name}`, async () => {
      for (const answered of [typed, chunkedResponse(['a', 'bc'])]) {
        using one = await fetched(answered);
        const clone = one.answer.clone();
        const third = clone.clone();
        assert.deepEqual([clone.url, clone.status, clone.type], [one.answer.url, 200, 'basic']);
        assert.deepEqual(await Promise.all([one.answer, clone, third].map(read)), ['abc', 'abc', 'abc']);
      }
    });
  }

  test('has each method of the platform’s Response, also one that came with a later version', async () => {
    const textStream = Object.getOwnPropertyDescriptor(Response.prototype, 'textStream');
    if (textStream === undefined) return;
    using one = await fetched(typed);
    const { answer } = one;
    let text = '';
    for await (const part of (answer as unknown as { textStream(): ReadableStream<string> }).textStream()) text += part;
    assert.equal(text, 'abc');
    assert.throws(() => (answer as unknown as { textStream(): unknown }).textStream(), TypeError);
  });

  test('has the type of its blob, and forms, from Content-Type', async () => {
    using one = await fetched(typed);
    assert.equal((await one.answer.blob()).type, 'text/plain;charset=utf-8');
    using form = await fetched(
      response('200 OK', ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 3'], 'a=b'),
    );
    assert.deepEqual([...(await form.answer.formData())], [['a', 'b']]);
    using other = await fetched(ok('{'));
    await assert.rejects(other.answer.json(), SyntaxError);
  });

  test('that is cloned and not read is held back by the slower one', async () => {
    using server = startScriptedServer([
      [expectHead(), send(response('200 OK', ['Content-Length: 3'], 'ab')), gate('go'), send('c')],
    ]);
    const answer = await createFetch(direct)(`http://${server.authority}/`);
    const clone = answer.clone();
    const text = answer.text();
    server.open('go');
    assert.equal(await text, 'abc');
    assert.equal(await clone.text(), 'abc');
  });

  test('tells a reader that only waits that the connection broke', async () => {
    using server = startScriptedServer([
      [expectHead(), send(response('200 OK', ['Content-Length: 9'], 'first')), gate('go'), reset()],
    ]);
    const answer = await createFetch(direct)(`http://${server.authority}/`);
    const reader = answer.body?.getReader();
    await reader?.read();
    server.open('go');
    await assert.rejects(reader?.closed ?? Promise.resolve(), { name: 'TypeError', message: 'terminated' });
  });

  for (const [name, rest] of [
    ['complete', ''],
    ['incomplete', '9'],
  ] as const) {
    test(`whose fetch is aborted gives nothing more of its ${name} body, however often it is asked`, async () => {
      const head = response('200 OK', [`Content-Length: ${rest}3`], 'abc');
      const script = rest ? [expectHead(), send(head), gate('go')] : [loop(8, [expectHead(), send(head)])];
      using server = startScriptedServer(Array.from({ length: 8 }, () => script));
      const fetch = createFetch(direct);
      for (const read of Object.values(forms)) {
        const controller = new AbortController();
        const answer = await fetch(`http://${server.authority}/`, { signal: controller.signal });
        const streaming = await fetch(`http://${server.authority}/`, { signal: controller.signal });
        const reader = streaming.body?.getReader();
        controller.abort();
        await assert.rejects(read(answer), { name: 'AbortError' });
        await assert.rejects(answer.text(), { name: 'AbortError' });
        await assert.rejects(reader?.closed ?? Promise.resolve(), { name: 'AbortError' });
      }
      server.open('go');
    });
  }
});
