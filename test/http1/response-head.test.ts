import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { DEFAULT_LIMITS, type Limits } from '../../src/http1/limits.ts';
import { ReceiveBuffer } from '../../src/http1/receive-buffer.ts';
import { assertBeginsAsHTTP, type ResponseHead, ResponseHeadParser } from '../../src/http1/response-head.ts';

/** The head that `text` begins with, parsed whole and byte by byte. */
function parse(text: string, limits: Partial<Limits> = {}): ResponseHead | undefined {
  const parser = new ResponseHeadParser({ ...DEFAULT_LIMITS, ...limits });
  const buffer = new ReceiveBuffer(16);
  let head: ResponseHead | undefined;
  for (const byte of Buffer.from(text, 'latin1')) {
    buffer.push(Uint8Array.of(byte));
    head ??= parser.parse(buffer);
  }
  const whole = new ReceiveBuffer(1024);
  whole.push(Buffer.from(text, 'latin1'));
  const atOnce = new ResponseHeadParser({ ...DEFAULT_LIMITS, ...limits }).parse(whole);
  assert.equal(atOnce?.byteLength, head?.byteLength);
  assert.deepEqual(atOnce?.headers.raw(), head?.headers.raw());
  return head;
}

function assertRefused(text: string, name: string, message: RegExp): void {
  assert.throws(() => parse(text), { name, message });
}

suite('a status line [RFC 9112 4]', () => {
  test('has a version, three digits and a reason phrase', () => {
    const head = parse('HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nbody');
    assert.deepEqual(
      [head?.minorVersion, head?.status, head?.reason, head?.headers.raw(), head?.byteLength],
      [1, 404, 'Not Found', ['A', 'b'], 32],
    );
  });

  test('may lack the reason, with or without the space before it', () => {
    assert.equal(parse('HTTP/1.1 200 \r\n\r\n')?.reason, '');
    assert.equal(parse('HTTP/1.1 200\r\n\r\n')?.reason, '');
  });

  test('keeps each byte of the reason as a latin1 character', () => {
    assert.equal(parse('HTTP/1.0 500  a\t\xe9 \r\n\r\n')?.reason, ' a\t\xe9 ');
  });

  test('may be of any minor version of HTTP/1', () => {
    assert.equal(parse('HTTP/1.0 200 OK\r\n\r\n')?.minorVersion, 0);
    assert.equal(parse('HTTP/1.9 200 OK\r\n\r\n')?.minorVersion, 9);
  });

  test('of another protocol is refused at its first wrong byte', () => {
    for (const text of ['HTTP/2', 'HTTP/01']) assertRefused(text, 'UnsupportedResponse', /no HTTP\/1\.x response/);
    for (const text of ['o', 'http', 'SSH-2.0', '\x15\x03', '\0']) {
      assertRefused(text, 'InvalidResponse', /no HTTP response: it begins with "/);
    }
  });

  test('of another protocol is shown, as far as it has come and up to a limit', () => {
    for (const [text, shown] of [
      ['220 x ESMTP\r\n', '"220 x ESMTP\\r\\n"'],
      ['\r\n\0login: ', '"\\r\\n\\u0000login: "'],
      ['x'.repeat(1000), `"${'x'.repeat(57)}..."`],
    ] as const) {
      const buffer = new ReceiveBuffer(1024);
      buffer.push(Buffer.from(text, 'latin1'));
      const message = `this is no HTTP response: it begins with ${shown} (RFC 9112 2.1)`;
      assert.throws(() => new ResponseHeadParser(DEFAULT_LIMITS).parse(buffer), { name: 'InvalidResponse', message });
    }
  });

  test('with a code below 100 is refused [RFC 9110 15]', () => {
    for (const code of ['000', '001', '099']) assertRefused(`HTTP/1.1 ${code}`, 'InvalidResponse', /below 100/);
  });

  test('with a malformed version or code is refused at that byte', () => {
    assertRefused('HTTP/1.x', 'InvalidResponse', /"x" in the HTTP version/);
    assertRefused('HTTP/1.12', 'InvalidResponse', /"2" instead of a space/);
    assertRefused('HTTP/1.1  2', 'InvalidResponse', /0x20 in the status code/);
    assertRefused('HTTP/1.1 20x', 'InvalidResponse', /"x" in the status code/);
    assertRefused('HTTP/1.1 2000', 'InvalidResponse', /"0" after the status code/);
    assertRefused('HTTP/1.1 200\tOK', 'InvalidResponse', /0x09 after the status code/);
  });

  test('with control bytes or a line end that is not CRLF is refused', () => {
    assertRefused('HTTP/1.1 200 O\0K', 'InvalidResponse', /0x00 in the reason phrase/);
    assertRefused('HTTP/1.1 200 OK\n', 'InvalidResponse', /0x0a in the reason phrase/);
    assertRefused('HTTP/1.1 200 OK\rX', 'InvalidResponse', /"X" after CR in the status line/);
  });

  test('may be just as long as its limit, line end included', () => {
    assert.equal(parse('HTTP/1.1 200 OK\r\n\r\n', { statusLine: 17 })?.status, 200);
    const message = /status line is longer than 16 bytes/;
    assert.throws(() => parse('HTTP/1.1 200 OK\r\n\r\n', { statusLine: 16 }), { name: 'InvalidResponse', message });
  });
});

suite('empty lines before a status line', () => {
  test('are skipped up to the limit', () => {
    assert.equal(parse('\r\n\r\nHTTP/1.1 200 OK\r\n\r\n')?.byteLength, 23);
    assertRefused('\r\n\r\n\r\nHTTP/1.1', 'InvalidResponse', /more than 2 empty lines/);
  });

  test('must end with CRLF', () => {
    assertRefused('\nHTTP/1.1', 'InvalidResponse', /bare LF before the status line/);
    assertRefused('\rHTTP/1.1', 'InvalidResponse', /bare CR before the status line/);
  });
});

suite('heads one after the other', () => {
  test('are taken one at a time, and an incomplete one is said to have begun', () => {
    const parser = new ResponseHeadParser(DEFAULT_LIMITS);
    const buffer = new ReceiveBuffer(64);
    assert.equal(parser.parse(buffer), undefined);
    assert.equal(parser.begun, false);
    buffer.push(Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nHTT'));
    assert.equal(parser.parse(buffer)?.status, 100);
    assert.equal(parser.parse(buffer)?.headers.get('A'), 'b');
    assert.equal(parser.parse(buffer), undefined);
    assert.equal(parser.begun, true);
  });
});

test('first bytes that are a record of TLS, or may be its first byte, say what the port speaks [RFC 8446 5.1]', () => {
  for (const [text, tls] of [
    ['\x15\x03\x01', true],
    ['\x16\x03', true],
    ['\x16', true],
    ['\x15H', false],
    ['\x17\x03', false],
  ] as const) {
    const buffer = new ReceiveBuffer(16);
    buffer.push(Buffer.from(text, 'latin1'));
    const parser = new ResponseHeadParser(DEFAULT_LIMITS);
    const message = tls ? /This port speaks TLS: use https:/ : /\(RFC 9112 2\.1\)$/;
    assert.throws(() => parser.parse(buffer), { name: 'InvalidResponse', message });
  }
});

test('a head has begun with its first byte, and not when it was taken', () => {
  const parser = new ResponseHeadParser(DEFAULT_LIMITS);
  const buffer = new ReceiveBuffer(64);
  assert.equal(parser.begun, false);
  buffer.push(Buffer.from('HTTP/1.1'));
  assert.equal(parser.parse(buffer), undefined);
  assert.equal(parser.begun, true);
  buffer.push(Buffer.from(' 200 OK\r\n\r\n'));
  assert.equal(parser.parse(buffer)?.status, 200);
  assert.equal(parser.begun, false);
});

test('what a server says first is HTTP as far as it has come, or is refused with its beginning', () => {
  for (const text of ['', '\r', '\r\n', '\r\n\r\nHT', 'H', 'HTTP/', 'HTTP/2 nonsense']) {
    const buffer = new ReceiveBuffer(32);
    buffer.push(Buffer.from(text));
    assertBeginsAsHTTP(buffer);
  }
  for (const text of ['220 mail', '\r\nlogin: ', '\rH', 'HTTQ']) {
    const buffer = new ReceiveBuffer(32);
    buffer.push(Buffer.from(text));
    assert.throws(() => assertBeginsAsHTTP(buffer), { name: 'InvalidResponse', message: /no HTTP response/ });
  }
});
