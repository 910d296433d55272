/**
 * Writes requests: whatever method, target and fields are given, it is refused by a TypeError, or what goes out is exactly one
 * head that says just this (RFC 9112 3). What is given is taken from the bytes, separated by LF.
 */

import assert from 'node:assert/strict';
import { ClientProtocol, encodeRequestHead, type RequestFraming, type RequestHead, StateError } from 'dugong/http1';
import type { Random } from '../simulation/random.ts';
import { TOKENS } from './grammar.ts';
import { inputOf, partsOf, randomInput, type Target } from './target.ts';

/** A separator that can be part of nothing, so that LF and CR stay what is tried. */
const SEPARATOR = '\x01';

const HEAD =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21\x22\x24-\x7e]+) HTTP\/1\.1\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n$/;

function headOf(text: string, [kind, bits]: readonly number[]): RequestHead {
  const [method = '', target = '', host = '', upgrade = '', absolute = '', ...rest] = text.split(SEPARATOR);
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rest.length; at += 2) headers.push([rest[at] ?? '', rest[at + 1] ?? '']);
  return {
    method,
    target,
    host,
    headers,
    framing: framingOf((kind ?? 0) % 4, bits ?? 0),
    expectContinue: ((bits ?? 0) & 1) === 1,
    upgrade: upgrade === '' ? undefined : upgrade,
    absolute: absolute === '' ? undefined : absolute,
  };
}

function framingOf(kind: number, length: number): RequestFraming {
  if (kind === 2) return { kind: 'length', length: length - 1 };
  return kind === 3 ? { kind: 'chunked' } : { kind: 'none' };
}

/** Names that the client writes itself, where it may leave out what it was given. */
const OWN = /^(?:host|content-length|transfer-encoding|expect)$/i;

function assertOneHead(text: string, head: RequestHead): void {
  const [, method, target = '', section = ''] = HEAD.exec(text) ?? [];
  assert.equal(method, head.method, 'it is one head');
  const absolute = head.method === 'CONNECT' ? '' : (head.absolute ?? '');
  const path = head.target === '' || head.target.startsWith('?') ? `/${head.target}` : head.target;
  assert.equal(target, absolute !== '' && path === '*' ? absolute : absolute + path);
  const lines = section
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.split(/: (.*)/s, 2) as [string, string]);
  const named = (name: string): string[] =>
    lines.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  assert.deepEqual(named('host'), [head.method === 'CONNECT' ? head.target : head.host]);
  const lengths = named('content-length');
  const codings = named('transfer-encoding');
  const { framing } = head;
  if (framing.kind === 'chunked') assert.deepEqual([lengths, codings], [[], ['chunked']]);
  else if (framing.kind === 'length') assert.deepEqual([lengths, codings], [[String(framing.length)], []]);
  else
    assert.ok(codings.length === 0 && lengths.length <= 1 && (lengths[0] ?? '0') === '0', 'a body that there is not');
  const given = [...(head.headers as [string, string][])].filter(([name]) => !OWN.test(name));
  let from = 0;
  for (const [name, value] of given) {
    const at = lines.findIndex(([n, v], index) => index >= from && n === name && v === value);
    assert.ok(at >= 0, `${name} is missing`);
    from = at + 1;
  }
}

function generated(random: Random): string {
  const word = (choices: readonly string[]): string => {
    const text = random.pick(choices);
    if (!random.chance(0.15)) return text;
    const at = random.between(0, text.length);
    return text.slice(0, at) + random.pick(TOKENS) + text.slice(at);
  };
  const parts = [
    word(['GET', 'HEAD', 'POST', 'PUT', 'CONNECT', 'OPTIONS', 'TRACE', 'get', 'M-SEARCH']),
    word(['/', '/a?b=c', '*', 'origin.example:443', '[::1]:80', '', '?q', 'http://x/', '/%0d%0a', '//', '/\xe9']),
    word(['origin.example', 'x:80', '[::1]', 'a_b.c', 'user@x', '']),
    word(['', '', '', 'websocket', 'h2c, a/1', ',']),
    word(['', '', '', 'http://proxied', 'https://x:8', 'ftp://x']),
  ];
  for (let left = random.between(0, 3); left > 0; left--) {
    parts.push(
      word([
        'A',
        'Host',
        'Content-Length',
        'Transfer-Encoding',
        'Connection',
        'TE',
        'Expect',
        'Upgrade',
        'Cookie',
        'Accept-Encoding',
      ]),
      word([
        'b',
        '',
        '0',
        '5',
        'origin.example',
        'chunked',
        'close',
        'te',
        'trailers',
        '100-continue',
        ' x ',
        '\xff',
        'gzip',
      ]),
    );
  }
  return parts.join(SEPARATOR);
}

export const requestsTarget: Target = {
  name: 'requests',
  seeds: () => [
    inputOf([], ['GET', '/', 'x', '', '', 'A', 'b'].join(SEPARATOR)),
    inputOf([2, 6], ['POST', '/a?b', 'x:80', '', 'http://y', 'Content-Length', '5', 'TE', 'trailers'].join(SEPARATOR)),
    inputOf([0, 0], ['CONNECT', 'x:443', 'x:443', '', ''].join(SEPARATOR)),
    inputOf([0, 0], ['GET', '/', 'x', 'websocket', '', 'Connection', 'close'].join(SEPARATOR)),
  ],
  generate: (random) => randomInput(random, generated(random)),
  run(input) {
    const { parameters, bytes } = partsOf(input);
    const head = headOf(bytes.toString('latin1'), parameters);
    let text: string;
    try {
      ({ text } = encodeRequestHead(head));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      assertRefusedToo(head);
      return;
    }
    assertOneHead(text, head);
    const { target, method, host, absolute, ...request } = head;
    const protocol = new ClientProtocol({ host, absolute });
    protocol.sendRequest(method, target, request);
    assert.equal(Buffer.concat(protocol.output.take()).toString('latin1'), text, 'the connection sends the same');
  },
};

/** A connection refuses it as well, and can be used as before. */
function assertRefusedToo({ target, method, host, absolute, ...request }: RequestHead): void {
  const protocol = new ClientProtocol({ host, absolute });
  assert.throws(() => protocol.sendRequest(method, target, request), TypeError);
  assert.equal(protocol.responsePending, false);
  assert.throws(() => protocol.nextResponse(), StateError);
}
