/**
 * This project's own request cases: the neighbours of those in test/data/request-cases.json, in the same form. What must be
 * refused is refused before a byte is sent; what may be sent has one form.
 */

/** A row of request-cases.json, and of this file. */
export interface RequestCase {
  readonly id: string;
  readonly source: string;
  readonly call: {
    readonly hostname?: string;
    readonly port?: number | 'NaN';
    readonly method?: string;
    readonly path?: string;
    readonly headers?: readonly (readonly [string, unknown])[];
    readonly body?: string;
    /** Host and port; a scripted server takes the place of port 0. */
    readonly proxy?: readonly [string, number];
    readonly ssl?: true;
  };
  readonly expect: 'throws' | 'sent' | 'either';
  readonly wire_has?: readonly string[];
  readonly wire_lacks?: readonly string[];
}

type Call = RequestCase['call'];
/** The call, and what must be on the wire. */
type Sent = readonly [call: Call, ...wireHas: string[]];

const INJECTED = 'X-Injected: 1';
const PROXY = ['127.0.0.1', 0] as const;

function throwing(family: string, source: string, calls: Readonly<Record<string, Call>>): RequestCase[] {
  return Object.entries(calls).map(([id, call]) => ({
    id: `${family}/own-${id}`,
    source,
    call,
    expect: 'throws',
    wire_lacks: [INJECTED],
  }));
}

function sending(family: string, source: string, calls: Readonly<Record<string, Sent>>): RequestCase[] {
  return Object.entries(calls).map(([id, [call, ...has]]) => ({
    id: `${family}/own-${id}`,
    source,
    call,
    expect: 'sent',
    wire_has: has,
  }));
}

function mapped<T>(texts: Readonly<Record<string, T>>, call: (text: T) => Call): Record<string, Call> {
  return Object.fromEntries(Object.entries(texts).map(([id, text]) => [id, call(text)]));
}

/** Texts with something in them that ends a token, a line, or a C string. */
const BREAKING: Readonly<Record<string, string>> = {
  lf: 'a\nX-Injected: 1',
  cr: 'a\rX-Injected: 1',
  crlf: 'a\r\nX-Injected: 1',
  'crlf-last': 'a\r\n',
  'lf-first': '\na',
  nul: 'a\0',
  'u-010a': 'a\u010aX-Injected: 1',
  'u-560d-560a': 'a\u560d\u560aX-Injected: 1',
  'line-separator': 'a\u2028b',
  emoji: 'a\u{1f600}',
  'lone-surrogate': 'a\udfff',
};

const QUERIES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(BREAKING).map(([id, text]) => [`query-${id}`, `?${text}`]),
);

const methods: RequestCase[] = [
  ...throwing('method', 'RFC 9110 9.1 (token)', {
    empty: { method: '' },
    space: { method: ' ' },
    'leading-space': { method: ' GET' },
    tab: { method: 'GET\t' },
    slash: { method: 'GET/' },
    quote: { method: '"GET"' },
    comma: { method: 'GET,POST' },
    latin1: { method: 'G\xc9T' },
    nel: { method: 'GET\x85' },
    ...mapped(BREAKING, (method) => ({ method })),
  }),
  ...throwing('method', 'RFC 9110 9.3.6, 9.3.8', {
    'connect-body': { method: 'CONNECT', path: 'a.example:443', body: 'x' },
    'connect-path': { method: 'CONNECT', path: '/' },
    'connect-no-port': { method: 'CONNECT', path: 'a.example' },
    'connect-port-0': { method: 'CONNECT', path: 'a.example:0' },
    'connect-userinfo': { method: 'CONNECT', path: 'user@a.example:443' },
    'connect-url': { method: 'CONNECT', path: 'https://a.example:443/' },
    'trace-empty-body': { method: 'TRACE', body: '' },
    'trace-authorization': { method: 'TRACE', headers: [['Authorization', 'Basic eA==']] },
    'trace-cookie': { method: 'TRACE', headers: [['Cookie', 'a=b']] },
  }),
  ...sending('method', 'RFC 9110 9', {
    'any-tchar': [{ method: "!#$%&'*+-.^_`|~09AZaz" }, "!#$%&'*+-.^_`|~09AZaz / HTTP/1.1\r\n"],
    proto: [{ method: '__proto__' }, '__proto__ / HTTP/1.1\r\n'],
    propfind: [{ method: 'PROPFIND', body: '<x/>' }, 'PROPFIND / HTTP/1.1\r\n', 'Content-Length: 4\r\n'],
    trace: [{ method: 'TRACE', headers: [['Max-Forwards', '0']] }, 'TRACE / HTTP/1.1\r\n', 'Max-Forwards: 0\r\n'],
  }),
];

const paths: RequestCase[] = [
  ...throwing('path', 'RFC 9112 3.2', {
    fragment: { path: '/a#b' },
    'fragment-only': { path: '#b' },
    asterisk: { path: '*' },
    relative: { path: 'a' },
    dots: { path: '../a' },
    backslash: { path: '\\\\evil.example/' },
    'absolute-form': { path: 'http://evil.example/' },
    'space-first': { path: ' /' },
    'space-last': { path: '/ ' },
    'version-behind': { path: '/ HTTP/1.0' },
    del: { path: '/\x7f' },
    latin1: { path: '/\xe9' },
    nbsp: { path: '/\xa0' },
    vt: { path: '/\x0b' },
    ...mapped(BREAKING, (text) => ({ path: `/${text}` })),
    ...mapped(QUERIES, (path) => ({ path })),
  }),
  ...throwing('path', 'RFC 9112 3.2.2 (host confusion)', {
    'proxy-absolute-form': { proxy: PROXY, hostname: 'host', path: 'http://evil.example/' },
    'proxy-userinfo': { proxy: PROXY, hostname: 'host', path: ':x@evil.example/' },
    'proxy-fragment': { proxy: PROXY, hostname: 'host', path: '#@evil.example/' },
    'proxy-backslash': { proxy: PROXY, hostname: 'host', path: '\\@evil.example/' },
  }),
  ...sending('path', 'RFC 9112 3.2.1, 3.2.4', {
    empty: [{ path: '' }, 'GET / HTTP/1.1\r\n'],
    'two-slashes': [{ path: '//evil.example/' }, 'GET //evil.example/ HTTP/1.1\r\n'],
    encoded: [{ path: '/%0d%0a%00%20%E2%82%AC' }, 'GET /%0d%0a%00%20%E2%82%AC HTTP/1.1\r\n'],
    'question-marks': [{ path: '/?a?b' }, 'GET /?a?b HTTP/1.1\r\n'],
    'every-other-visible': [{ path: '/"<>[]\\^`{|}' }, 'GET /"<>[]\\^`{|} HTTP/1.1\r\n'],
    'options-asterisk': [{ method: 'OPTIONS', path: '*' }, 'OPTIONS * HTTP/1.1\r\n'],
    'options-empty': [{ method: 'OPTIONS', path: '' }, 'OPTIONS / HTTP/1.1\r\n'],
    long: [{ path: `/${'a'.repeat(100_000)}` }, `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n`],
  }),
];

const names: RequestCase[] = [
  ...throwing('name', 'RFC 9110 5.1 (token)', {
    empty: { headers: [['', 'v']] },
    'space-last': { headers: [['A ', 'v']] },
    'tab-last': { headers: [['A\t', 'v']] },
    slash: { headers: [['A/B', 'v']] },
    parenthesis: { headers: [['A(B', 'v']] },
    del: { headers: [['A\x7f', 'v']] },
    'dotless-i': { headers: [['Hos\u0131', 'v']] },
    'kelvin-sign': { headers: [['\u212a', 'v']] },
    ...mapped(BREAKING, (name) => ({ headers: [[name, 'v']] })),
  }),
  ...sending('name', 'RFC 9110 5.1, 5.3', {
    'order-and-case': [
      {
        headers: [
          ['b', '1'],
          ['A', '2'],
          ['B', '3'],
        ],
      },
      'b: 1\r\nA: 2\r\nB: 3\r\n',
    ],
    integers: [
      {
        headers: [
          ['10', 'a'],
          ['2', 'b'],
        ],
      },
      '10: a\r\n2: b\r\n',
    ],
    'constructor-name': [{ headers: [['constructor', 'v']] }, 'constructor: v\r\n'],
    'two-cookies': [
      {
        headers: [
          ['Cookie', 'a=1'],
          ['cookie', 'b=2'],
        ],
      },
      'Cookie: a=1\r\ncookie: b=2\r\n',
    ],
  }),
];

const values: RequestCase[] = [
  ...throwing('value', 'RFC 9110 5.5', {
    vt: { headers: [['A', 'a\x0bb']] },
    ff: { headers: [['A', 'a\x0cb']] },
    esc: { headers: [['A', '\x1b[2J']] },
    ...mapped(BREAKING, (value) => ({ headers: [['A', value]] })),
  }),
  ...throwing('value', 'check, then use; never what String() makes of it', {
    null: { headers: [['A', null]] },
    undefined: { headers: [['A', undefined]] },
    true: { headers: [['A', true]] },
    nan: { headers: [['A', Number.NaN]] },
    bigint: { headers: [['A', 5n]] },
    symbol: { headers: [['A', Symbol('v')]] },
    object: { headers: [['A', {}]] },
    array: { headers: [['A', ['v', 'w']]] },
    'nested-array': { headers: [['A', [['v\r\nX-Injected: 1']]]] },
    function: { headers: [['A', () => 'v']] },
    'string-object': { headers: [['A', Object('v')]] },
    date: { headers: [['A', new Date(0)]] },
  }),
  ...sending('value', 'RFC 9110 5.5', {
    latin1: [{ headers: [['A', '\xe9\xff']] }, 'A: \xe9\xff\r\n'],
    number: [{ headers: [['A', 5]] }, 'A: 5\r\n'],
    quoted: [{ headers: [['A', '"a, \\"b"']] }, 'A: "a, \\"b"\r\n'],
    'backslash-r': [{ headers: [['A', '\\r\\n']] }, 'A: \\r\\n\r\n'],
    long: [{ headers: [['A', 'v'.repeat(100_000)]] }, `A: ${'v'.repeat(100_000)}\r\n`],
  }),
];

const PUT = { method: 'PUT', body: 'hello' } as const;

const framing: RequestCase[] = [
  ...throwing('framing', 'RFC 9112 6, 11.2 (request smuggling)', {
    'cl-none': { headers: [['Content-Length', '5']] },
    'cl-other': { ...PUT, headers: [['content-length', '6']] },
    'cl-zeros': { ...PUT, headers: [['Content-Length', '05']] },
    'cl-plus': { ...PUT, headers: [['Content-Length', '+5']] },
    'cl-space': { ...PUT, headers: [['Content-Length', ' 5']] },
    'cl-list': { ...PUT, headers: [['Content-Length', '5, 5']] },
    'cl-empty': { ...PUT, headers: [['Content-Length', '']] },
    'te-beside-length': { ...PUT, headers: [['Transfer-Encoding', 'chunked']] },
    'te-gzip': { ...PUT, headers: [['transfer-encoding', 'gzip, chunked']] },
    'te-identity': { ...PUT, headers: [['Transfer-Encoding', 'identity']] },
    'te-empty': { headers: [['Transfer-Encoding', '']] },
    'te-and-cl': {
      ...PUT,
      headers: [
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '5'],
      ],
    },
  }),
  ...throwing('framing', 'RFC 9110 7.2, 7.8, 10.1.1, 10.1.4', {
    'te-field-gzip': { headers: [['TE', 'gzip']] },
    'te-field-chunked-in-list': { headers: [['te', 'trailers, CHUNKED;q=0.5']] },
    'expect-with-body': { ...PUT, headers: [['Expect', '100-continue']] },
    'expect-other': { ...PUT, headers: [['expect', 'x']] },
    'upgrade-websocket': { headers: [['upgrade', 'websocket']] },
    'host-empty': { headers: [['Host', '']] },
    'host-userinfo': { headers: [['Host', 'user@127.0.0.1']] },
    'host-twice': {
      headers: [
        ['host', 'other.example'],
        ['Host', '127.0.0.1'],
      ],
    },
  }),
  ...sending('framing', 'RFC 9110 8.6, RFC 9112 6.3 rule 7', {
    'post-none': [{ method: 'POST' }, 'Content-Length: 0\r\n'],
    'put-none': [{ method: 'PUT' }, 'Content-Length: 0\r\n'],
    'patch-none': [{ method: 'PATCH' }, 'Content-Length: 0\r\n'],
    'post-empty': [{ method: 'POST', body: '' }, 'Content-Length: 0\r\n'],
    'get-body': [{ body: 'x' }, 'GET / HTTP/1.1\r\n', 'Content-Length: 1\r\n\r\nx'],
    'delete-body': [{ method: 'DELETE', body: 'x' }, 'Content-Length: 1\r\n\r\nx'],
    'utf8-body': [{ method: 'PUT', body: '\u20ac' }, 'Content-Length: 3\r\n\r\n\xe2\x82\xac'],
    'own-cl': [{ ...PUT, headers: [['content-LENGTH', '5']] }, 'Content-Length: 5\r\n\r\nhello'],
    'own-cl-number': [{ ...PUT, headers: [['Content-Length', 5]] }, 'Content-Length: 5\r\n\r\nhello'],
    'te-trailers': [{ headers: [['TE', 'trailers']] }, 'TE: trailers\r\nConnection: TE\r\n'],
    'accept-encoding': [{ headers: [['accept-encoding', 'br']] }, 'accept-encoding: br\r\n'],
    'keep-alive': [{ headers: [['Connection', 'keep-alive']] }, 'Connection: keep-alive\r\n'],
  }),
];

const hosts: RequestCase[] = [
  ...throwing('host', 'RFC 9110 4.2, 7.2', {
    empty: { hostname: '' },
    dot: { hostname: '.' },
    'dots-inside': { hostname: 'a..b' },
    'dot-first': { hostname: '.a' },
    tab: { hostname: 'a\tb' },
    hash: { hostname: 'a#b' },
    comma: { hostname: 'a,b' },
    'port-only': { hostname: ':80' },
    url: { hostname: 'http://a' },
    'bracket-open': { hostname: '[::1' },
    'bracket-name': { hostname: '[a]' },
    'bracket-port': { hostname: '[::1]:80' },
    'future-literal': { hostname: '[v1.a]' },
    'zone-empty': { hostname: '::1%' },
    'zone-injection': { hostname: 'fe80::1%\r\nX-Injected: 1' },
    'long-label': { hostname: 'a'.repeat(64) },
    idn: { hostname: 'b\xfccher.example' },
    fullwidth: { hostname: '\uff41.example' },
    'ideographic-dot': { hostname: 'a\u3002b' },
    ...mapped(BREAKING, (hostname) => ({ hostname })),
  }),
  ...throwing('port', 'RFC 3986 3.2.3', {
    float: { port: 80.5 },
    infinity: { port: Number.POSITIVE_INFINITY },
    text: { port: '80' as never },
    injection: { port: '80\r\nX-Injected: 1' as never },
  }),
  ...sending('host', 'RFC 9110 7.2', {
    bracketed: [{ hostname: '[::1]' }, 'Host: [::1]:'],
    'upper-case': [{ proxy: PROXY, hostname: 'ORIGIN.example' }, 'Host: ORIGIN.example\r\n'],
    underscore: [{ proxy: PROXY, hostname: 'a_b.example' }, 'Host: a_b.example\r\n'],
    punycode: [{ proxy: PROXY, hostname: 'xn--bcher-kva.example' }, 'Host: xn--bcher-kva.example\r\n'],
    'port-80': [{ proxy: PROXY, hostname: 'a', port: 80 }, 'GET http://a/ HTTP/1.1\r\nHost: a\r\n'],
    'port-443': [{ proxy: PROXY, hostname: 'a', port: 443 }, 'GET http://a:443/ HTTP/1.1\r\nHost: a:443\r\n'],
  }),
];

const proxies: RequestCase[] = [
  ...throwing('proxy', 'RFC 9112 3.2', {
    ...mapped(BREAKING, (text) => ({ proxy: [text, 0] as const, hostname: 'a' })),
    'port-negative': { proxy: ['127.0.0.1', -1], hostname: 'a' },
    'host-userinfo': { proxy: ['user@127.0.0.1', 0], hostname: 'a' },
  }),
  ...sending('proxy', 'RFC 9112 3.2.2, 3.2.3, 3.2.4', {
    'empty-path': [{ proxy: PROXY, hostname: 'a', path: '' }, 'GET http://a/ HTTP/1.1\r\nHost: a\r\n'],
    'options-asterisk': [
      { proxy: PROXY, hostname: 'a', port: 81, method: 'OPTIONS', path: '*' },
      'OPTIONS http://a:81 HTTP/1.1\r\nHost: a:81\r\n',
    ],
    ipv6: [{ proxy: PROXY, hostname: '::1', port: 81 }, 'GET http://[::1]:81/ HTTP/1.1\r\nHost: [::1]:81\r\n'],
    'ipv6-zone': [{ proxy: PROXY, hostname: 'fe80::1%lo' }, 'GET http://[fe80::1]/ HTTP/1.1\r\nHost: [fe80::1]\r\n'],
    connect: [{ proxy: PROXY, hostname: 'a', ssl: true }, 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n'],
    'connect-port': [{ proxy: PROXY, hostname: 'a', port: 80, ssl: true }, 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n'],
    'connect-ipv6': [{ proxy: PROXY, hostname: '::1', ssl: true }, 'CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n'],
  }),
];

export const ownRequestCases: readonly RequestCase[] = [
  ...methods,
  ...paths,
  ...names,
  ...values,
  ...framing,
  ...hosts,
  ...proxies,
];
