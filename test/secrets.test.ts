/** What errors show to logs and terminals: no credentials, wherever these were given, and nothing that a terminal obeys. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import {
  BodyFollowing,
  createFetch,
  HTTPConnection,
  type HTTPConnectionOptions,
  proxyFromEnvironment,
  TLSContext,
} from 'dugong';
import { fetchSync } from 'dugong/sync';
import { printable } from '../src/inspection.ts';
import { response } from './support/messages.ts';
import { environmentWithoutProxies, runProgram } from './support/run-program.ts';
import { expectHead, type Script, send, startScriptedServer } from './support/scripted-server.ts';

const SECRET = 'Xs3cr3tX';
const HIDDEN = [SECRET, Buffer.from(`user:${SECRET}`).toString('base64')];
/** URLs, and what was meant for one, with credentials; nothing listens at the last one. */
const URLS = [
  `http://user:${SECRET}@[bad`,
  `http://user:${SECRET}@a..b/`,
  `http://user:${SECRET}/@127.0.0.2/`,
  `http://user:${SECRET}#@@127.0.0.2:port/`,
  `http://user:${SECRET}%zz@127.0.0.2:9/`,
  `//user:${SECRET}@127.0.0.2:9/`,
  `user:${SECRET}@127.0.0.2:9`,
  `${SECRET}@127.0.0.2:9`,
  `user:${SECRET}@127.0.0.2:9/a//b`,
  `//user:a//${SECRET}@127.0.0.2:port/`,
  `ftp://user:${SECRET}@127.0.0.2/`,
  `http://user:${SECRET}@127.0.0.2:9/`,
];
/** Given as headers. */
const HEADERS = [
  `Authorization: Bearer ${SECRET}`,
  [`Authorization: Bearer ${SECRET}`],
  [[`Authorization: Bearer ${SECRET}`, '']],
  [['Authorization', `Bearer ${SECRET}`, '']],
  { [`Authorization: Bearer ${SECRET}`]: '' },
  { [`Authorization=${SECRET}`]: '' },
  { Authorization: `Bearer ${SECRET}\0` },
  { Authorization: { token: SECRET } },
  { 'Proxy-Authorization': `Basic ${SECRET}\nX: y` },
  { Cookie: `${SECRET}\u20ac` },
] as unknown as readonly Record<string, string>[];
const PEM = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`;

const local = { port: 9, hostname: '127.0.0.2' };
const connect = (options: unknown): HTTPConnection =>
  new HTTPConnection(local.hostname, options as HTTPConnectionOptions);
const fetch = createFetch({ proxy: false });

/** Each gives a secret where it is refused, or fails later. */
const entries: readonly { readonly name: string; readonly given: readonly unknown[]; call(given: never): unknown }[] = [
  { name: 'new HTTPConnection(hostname)', given: URLS, call: (url: string) => new HTTPConnection(url).connect() },
  {
    name: 'new HTTPConnection(hostname, options)',
    given: [...URLS, PEM],
    call: (text: string) => connect(text).connect(),
  },
  {
    name: 'the option proxy',
    given: [
      ...URLS,
      ...URLS.map((hostname) => ({ hostname, port: 9 })),
      ...HEADERS.map((headers) => ({ ...local, headers })),
    ],
    call: (proxy: string) => connect({ port: 9, proxy }).connect(),
  },
  {
    name: 'the option tls',
    given: [PEM, [PEM], { key: PEM }, { cert: PEM }, { key: [PEM], passphrase: 1 }],
    call: (tls) => connect({ tls }),
  },
  {
    name: 'the name that a certificate is to be for',
    given: URLS,
    call: (servername) => connect({ tls: { servername } }),
  },
  {
    name: 'the URL of proxyFromEnvironment',
    given: URLS.filter((url) => !URL.canParse(url)),
    call: (url: string) => proxyFromEnvironment(url, {}),
  },
  {
    name: 'TLSContext',
    given: [{ key: PEM, passphrase: SECRET }, { ca: PEM }, { session: PEM }],
    call: (tls) => new TLSContext(tls),
  },
  {
    name: 'other options',
    given: ['localAddress', 'socketPath', 'family', 'timeout', 'limits', 'lookup', 'dnsTestHostnames'].flatMap((name) =>
      URLS.map((url) => ({ port: 9, [name]: name === 'socketPath' ? url.repeat(20) : url })),
    ),
    call: (options) => connect(options).connect(),
  },
  {
    name: 'sendRequest(method, path)',
    given: URLS.flatMap((url) => ['GET', 'CONNECT', 'OPTIONS'].map((method) => [method, url])),
    call: ([method, url]: [string, string]) => connect({ port: 9 }).sendRequest(method, url),
  },
  {
    name: 'the headers of sendRequest',
    given: HEADERS,
    call: (headers) => connect({ port: 9 }).sendRequest('GET', '/', { headers }),
  },
  {
    name: 'a field Host',
    given: URLS,
    call: (Host) => connect({ port: 9 }).sendRequest('GET', '/', { headers: { Host } }),
  },
  {
    name: 'promises.sendRequest()',
    given: HEADERS,
    call: (headers) => connect({ port: 9 }).promises.sendRequest('GET', '/', { headers }),
  },
  {
    name: 'Proxy-Authorization through a tunnel',
    given: ['Proxy-Authorization'],
    call: (name: string) =>
      connect({ port: 9, tls: true, proxy: 'http://127.0.0.2:9' }).sendRequest('GET', '/', {
        headers: { [name]: SECRET },
      }),
  },
  { name: 'fetchSync(url)', given: URLS, call: (url: string) => fetchSync(url, { proxy: false }) },
  {
    name: 'the headers of fetchSync',
    given: HEADERS,
    call: (headers) => fetchSync('http://127.0.0.2:9/', { headers, proxy: false }),
  },
  { name: 'the proxy of fetchSync', given: URLS, call: (proxy) => fetchSync('http://a.test/', { proxy }) },
  { name: 'fetch(url)', given: URLS, call: (url: string) => fetch(url) },
  { name: 'the headers of fetch', given: HEADERS, call: (headers) => fetch('http://127.0.0.2:9/', { headers }) },
  {
    name: 'the referrer of fetch',
    given: URLS.slice(0, 1),
    call: (referrer: string) => fetch('http://127.0.0.2:9/', { referrer }),
  },
  { name: 'the proxy of fetch', given: URLS, call: (proxy) => createFetch({ proxy })('http://a.test/') },
  {
    name: 'the environment',
    given: URLS,
    call: (http_proxy: string) =>
      connect({ port: 9, proxy: proxyFromEnvironment('http://a.test/', { http_proxy }) }).connect(),
  },
];

async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** In all forms in which errors get into logs. */
function shownForms(error: unknown): string {
  assert.ok(error instanceof Error);
  return [inspect(error, { depth: 10 }), error.stack, String(error), JSON.stringify(error)].join('\n');
}

function assertHidden(text: string): void {
  for (const hidden of HIDDEN) assert.ok(!text.includes(hidden), text);
}

describe('credentials stand in no error', () => {
  for (const { name, given, call } of entries) {
    test(`that come by ${name}`, async () => {
      for (const each of given) assertHidden(shownForms(await failureOf(() => call(each as never))));
    });
  }

  const locations = URLS.map((url) => (url.includes('://') ? url : `http://${url}:x`));
  for (const [name, get] of [
    ['fetchSync', (url: string) => fetchSync(url, { proxy: false })],
    ['fetch', (url: string) => fetch(url)],
  ] as const) {
    test(`that a server sends to ${name} in a Location`, async () => {
      const script = (location: string): Script => [
        expectHead(),
        send(response('302 Found', [`Location: ${location}`, 'Connection: close', 'Content-Length: 0'], '')),
      ];
      using server = startScriptedServer(locations.map(script));
      for (const _ of locations) {
        assertHidden(shownForms(await failureOf(() => get(`http://user:${SECRET}@${server.authority}/`))));
      }
    });
  }

  test('of a proxy that refuses them', async () => {
    using server = startScriptedServer([[expectHead(), send(response('407 No', ['Content-Length: 0'], ''))]]);
    const connection = connect({ port: 9, tls: true, proxy: `http://user:${SECRET}@${server.authority}` });
    assertHidden(shownForms(await failureOf(() => connection.connect())));
  });

  test('of a URL in the path of a request that calls come too early for', () => {
    using server = startScriptedServer([[send('')]]);
    using connection = new HTTPConnection(`http://${server.authority}`);
    connection.sendRequest('POST', `/of?http://user:${SECRET}@127.0.0.2/`, { body: new BodyFollowing(1) });
    for (const call of ['readResponse', 'readAll', 'discard'] as const) {
      assert.throws(
        () => connection[call](),
        (error) => {
          assertHidden(shownForms(error));
          return /http:\/\/\*\*\*@127.0.0.2/.test(String(error));
        },
      );
    }
    assert.throws(
      () => connection.sendRequest('GET', '/'),
      (error) => !shownForms(error).includes(SECRET),
    );
  });

  test('of the command', async () => {
    const url = 'http://127.0.0.2:9/';
    const lines = [
      ...[URLS[0], URLS[7], URLS[8], URLS[9]].map((each) => [`${each}`]),
      ['-x', `${URLS[0]}`, url],
      [`-uuser:'${SECRET}'`, url],
      [`--proxy-user=user:${SECRET}`, url],
      ['-H', `Authorization Bearer ${SECRET}`, url],
      ['-H', `Authorization: ${SECRET}\u0001`, url],
    ];
    const env = environmentWithoutProxies();
    for (const line of lines) {
      const { status, stdout, stderr } = await runProgram('src/cli/main.ts', line, { env });
      assert.notEqual(status, 0, line.join(' '));
      assertHidden(stdout.toString() + stderr);
    }
    const http_proxy = URLS[0];
    const { stderr } = await runProgram('src/cli/main.ts', [url], { env: { ...env, http_proxy } });
    assertHidden(stderr);
  });
});

describe('what a server sends is escaped in messages', () => {
  /** CSI of C1, which terminals obey; the parser takes it as obs-text. */
  const CSI = '\x9b31m';
  const heads = [
    `HTTP/1.1 200 ${CSI}\r\nContent-Length: 1${CSI}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2${CSI}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${CSI}\r\n\r\n`,
    `HTTP/1.1 101 ${CSI}\r\nUpgrade: ${CSI}\r\n\r\n`,
    `HTTP/1.1 302 ${CSI}\r\nLocation: http://[${CSI}\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 302 ${CSI}\r\nLocation: http://[\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 \x1b${CSI}\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n\x1b${CSI}: x\r\n\r\n`,
    `\x1b]0;${CSI}\x07\r\n`,
  ];

  for (const [index, head] of heads.entries()) {
    test(`answer ${index}: ${JSON.stringify(head)}`, async () => {
      using server = startScriptedServer([[expectHead(), send(head, { peerMayLeave: true })]]);
      const error = await failureOf(() => fetchSync(`http://${server.authority}/`, { proxy: false, timeout: 20_000 }));
      assert.doesNotMatch((error as Error).message, /[\p{Cc}\p{Cf}]/u);
      assert.doesNotMatch((error as Error).message, /\n/);
    });
  }

  test('a proxy that refuses: its reason, at no great length', async () => {
    const refusal = response(`403 ${CSI.repeat(500)}`, ['Content-Length: 0'], '');
    using server = startScriptedServer([[expectHead(), send(refusal)]]);
    const connection = connect({ port: 9, tls: true, proxy: `http://${server.authority}` });
    const { message } = (await failureOf(() => connection.connect())) as Error;
    assert.match(message, /403 \\u009b31m/);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
    assert.ok(message.length < 1000);
  });

  test('whatever a terminal obeys, or hides', () => {
    assert.equal(
      printable('a\x1b\n\x7f\x9b\u2028\u202e\u2066\ufeff\ud800\u{e0001}\u00e9'),
      'a\\u001b\\u000a\\u007f\\u009b\\u2028\\u202e\\u2066\\ufeff\\ud800\\u{e0001}\u00e9',
    );
    assert.equal(printable('x'.repeat(5000)).length, 2000);
  });
});
