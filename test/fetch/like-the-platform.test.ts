/** What programs see of Node's fetch, they see of this one: each case runs with both, and has one outcome. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createFetch } from 'dugong';

type FetchLike = typeof globalThis.fetch;

/** The echo of a body, redirects of each status, with a Location and without. */
const server = createServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://localhost');
  const status = Number(url.searchParams.get('status') ?? 200);
  const location = url.searchParams.get('location');
  response.writeHead(status, location === null ? {} : { Location: location });
  if (url.pathname === '/fields') response.end(JSON.stringify(request.headers));
  else request.pipe(response);
});
let origin: string;
let elsewhere: string;
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  elsewhere = `http://localhost:${port}`;
});
const ours = createFetch({ proxy: false });
after(() => {
  ours.closeIdleConnections();
  server.closeAllConnections();
  server.close();
});

const text = async (response: Response): Promise<string> => await response.text();

/** What becomes of a fetch: its status, or the shape of its error. */
async function outcome(fetching: Promise<Response>): Promise<unknown> {
  try {
    const response = await fetching;
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    const { name, message } = error as Error;
    return { name, failed: message === 'fetch failed' };
  }
}

const stream = (): ReadableStream => new Blob(['x']).stream();

const cases: Readonly<Record<string, (fetch: FetchLike) => unknown>> = {
  'bytes are those that the caller had at the call': async (fetch) => {
    const body = Buffer.alloc(1);
    const answers: Promise<string>[] = [];
    for (let letter = 65; letter < 70; letter++) {
      body[0] = letter;
      answers.push(fetch(origin, { method: 'POST', body }).then(text));
    }
    return await Promise.all(answers);
  },
  'an ArrayBuffer may be given away after the call': async (fetch) => {
    const body = new TextEncoder().encode('abc').buffer;
    const answer = fetch(origin, { method: 'POST', body }).then(text);
    structuredClone(body, { transfer: [body] });
    return await answer;
  },
  'a response has its members for for-in': async (fetch) => {
    const members: string[] = [];
    for (const name in await fetch(origin)) members.push(name);
    return members.sort();
  },
  'redirects of a stream': async (fetch) =>
    await Promise.all(
      [301, 302, 303, 307, 308].map((status) =>
        outcome(fetch(`${origin}/?status=${status}&location=/`, { method: 'POST', body: stream(), duplex: 'half' })),
      ),
    ),
  'redirects without a Location': async (fetch) =>
    await Promise.all(
      (['follow', 'error', 'manual'] as const).map((redirect) => outcome(fetch(`${origin}/?status=302`, { redirect }))),
    ),
  'the type of a response': async (fetch) => {
    const urls = [origin, `${origin}/?status=302&location=/`, `${origin}/?status=302&location=${elsewhere}/`];
    return await Promise.all(urls.map(async (url) => (await fetch(url)).type));
  },
  'fields that no caller has given': async (fetch) => {
    const fields = (await (await fetch(`${origin}/fields`)).json()) as Record<string, string>;
    return ['accept', 'accept-language', 'sec-fetch-mode'].map((name) => fields[name]);
  },
  'schemes that are not fetched, and what is no URL': async (fetch) => {
    const urls = ['ftp://x/', 'about:blank', 'x:y', '/relative', 'http://a b/'];
    return await Promise.all(urls.map((url) => outcome(fetch(url))));
  },
  'the code of an error of a URL': async (fetch) =>
    await fetch('/relative').catch(({ cause }: Error) => (cause as NodeJS.ErrnoException).code),
  'the referrer of a Request with an init': async (fetch) => {
    const inits: RequestInit[] = [{ headers: { a: '1' } }, { method: 'PUT' }, { referrer: `${origin}/other` }];
    return await Promise.all(
      inits.map(async (init) => {
        const request = new Request(`${origin}/fields`, { referrer: `${origin}/r`, referrerPolicy: 'origin' });
        const fields = (await (await fetch(request, init)).json()) as Record<string, string>;
        return fields.referer;
      }),
    );
  },
  'a signal that is none leaves the body of a Request': async (fetch) => {
    const request = new Request(origin, { method: 'POST', body: 'x' });
    const failed = await outcome(fetch(request, { signal: {} as AbortSignal }));
    return [failed, request.bodyUsed];
  },
  'keepalive with a stream': async (fetch) =>
    await outcome(fetch(origin, { method: 'POST', body: stream(), duplex: 'half', keepalive: true })),
  'the length of the function': (fetch) => fetch.length,
};

describe('the same comes of createFetch() and of the platform’s fetch', () => {
  for (const [name, run] of Object.entries(cases)) {
    test(name, async () => {
      assert.deepEqual(await run(ours as FetchLike), await run(globalThis.fetch));
    });
  }

  // As in Node 20 to 24.
  test('a stream is locked from the call on', async () => {
    const body = stream();
    const answer = ours(origin, { method: 'POST', body, duplex: 'half' }).then(text);
    assert.deepEqual([body.locked, await answer], [true, 'x']);
  });

  test('a Request keeps its referrer with an init that says nothing', async () => {
    const request = new Request(`${origin}/fields`, { referrer: `${origin}/r`, referrerPolicy: 'origin' });
    assert.equal(((await (await ours(request, {})).json()) as Record<string, string>).referer, `${origin}/`);
  });
});
