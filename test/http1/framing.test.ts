import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FramingFields } from '../../src/http1/field-section.ts';
import {
  type FramedMessage,
  type Framing,
  isInformational,
  isPersistent,
  responseFraming,
} from '../../src/http1/framing.ts';

const NO_FIELDS: FramingFields = { contentLength: [], transferEncoding: [], connection: [] };

function framing(fields: Partial<FramingFields>, message: Partial<FramedMessage> = {}): Framing {
  return responseFraming({
    method: 'GET',
    status: 200,
    minorVersion: 1,
    ...message,
    fields: { ...NO_FIELDS, ...fields },
  });
}

/** The kind, or for an invalid framing the name of its error. */
function verdict(fields: Partial<FramingFields>, message: Partial<FramedMessage> = {}): string {
  const result = framing(fields, message);
  return result.kind === 'invalid' ? result.error.name : result.kind;
}

suite('where a body ends [RFC 9112 6.3]', () => {
  test('rule 1: HEAD, 1xx, 204 and 304 have none, whatever the fields say', () => {
    const fields = { contentLength: ['nonsense'], transferEncoding: ['gzip'] };
    assert.equal(verdict(fields, { method: 'HEAD' }), 'none');
    for (const status of [100, 103, 199, 204, 304]) assert.equal(verdict(fields, { status }), 'none');
    for (const status of [200, 205, 206, 404]) assert.notEqual(verdict(fields, { status }), 'none');
    assert.notEqual(verdict(fields, { method: 'head' }), 'none');
  });

  test('a status below 100 is an error of the server, not a 1xx or 2xx [RFC 9110 15]', () => {
    for (const status of [0, 1, 99]) {
      assert.equal(verdict({ contentLength: ['5'] }, { status }), 'length');
      assert.equal(verdict({ contentLength: ['5'] }, { method: 'CONNECT', status }), 'length');
      assert.equal(isInformational(status), false);
    }
    for (const status of [100, 199]) assert.ok(isInformational(status));
    assert.equal(isInformational(200), false);
  });

  test('rule 2: any 2xx to CONNECT begins a tunnel, and no other status', () => {
    for (const status of [200, 201, 204, 299])
      assert.equal(verdict({ contentLength: ['5'] }, { method: 'CONNECT', status }), 'tunnel');
    assert.equal(verdict({ contentLength: ['5'] }, { method: 'CONNECT', status: 407 }), 'length');
  });

  test('rule 3: Transfer-Encoding overrides Content-Length', () => {
    assert.equal(verdict({ contentLength: ['5'], transferEncoding: ['chunked'] }), 'chunked');
  });

  test('rule 4: only "chunked", once, in any case, is understood', () => {
    for (const line of ['chunked', ' CHUNKED\t', ',chunked', 'chunked, ,']) {
      assert.equal(verdict({ transferEncoding: [line] }), 'chunked', line);
    }
    for (const line of ['chunked, chunked', 'Chunked,chunked'])
      assert.equal(verdict({ transferEncoding: [line] }), 'InvalidResponse');
    assert.equal(verdict({ transferEncoding: ['chunked', 'chunked'] }), 'InvalidResponse');
    for (const line of [
      'gzip, chunked',
      'chunked, gzip',
      'identity',
      'xchunked',
      '"chunked"',
      'chunked;q=1',
      '',
      'chun ked',
    ]) {
      assert.equal(verdict({ transferEncoding: [line] }), 'UnsupportedResponse', line);
    }
  });

  test('Transfer-Encoding in HTTP/1.0 is faulty [RFC 9112 6.1]', () => {
    assert.equal(verdict({ transferEncoding: ['chunked'] }, { minorVersion: 0 }), 'InvalidResponse');
  });

  test('rule 5: a Content-Length is decimal digits, equal ones collapse, unequal ones are an error', () => {
    assert.deepEqual(framing({ contentLength: [' 0010 '] }), { kind: 'length', length: 10 });
    assert.deepEqual(framing({ contentLength: ['5, 5', '5'] }), { kind: 'length', length: 5 });
    for (const lines of [['5', '6'], ['5, 6'], ['5,'], [''], ['5', '05']]) {
      assert.equal(verdict({ contentLength: lines }), 'InvalidResponse', lines.join('|'));
    }
    for (const value of ['+5', '-5', '0x5', '5e0', '5.0', '5 5', '5_0', '\u00a05', '٥', 'five']) {
      assert.equal(verdict({ contentLength: [value] }), 'InvalidResponse', value);
    }
  });

  test('large lengths are held exactly or refused [RFC 9110 8.6]', () => {
    assert.deepEqual(framing({ contentLength: ['9007199254740991'] }), { kind: 'length', length: 2 ** 53 - 1 });
    assert.equal(verdict({ contentLength: ['9007199254740992'] }), 'InvalidResponse');
    assert.equal(verdict({ contentLength: ['9'.repeat(400)] }), 'InvalidResponse');
  });

  test('rule 6: a length of 0 is no body', () => {
    assert.equal(verdict({ contentLength: ['0'] }), 'none');
  });

  test('rule 8: with neither field the body ends with the connection', () => {
    assert.equal(verdict({}), 'close-delimited');
  });
});

suite('whether the connection persists [RFC 9112 9.3]', () => {
  const length: Framing = { kind: 'length', length: 5 };
  const persists = (
    connection: string[],
    minorVersion = 1,
    kind: Framing = length,
    more: Partial<FramingFields> = {},
  ): boolean => isPersistent(kind, minorVersion, { ...NO_FIELDS, ...more, connection });

  test('HTTP/1.1 does, unless an option in any line or place says close', () => {
    assert.ok(persists([]));
    assert.ok(persists(['keep-alive']));
    for (const lines of [
      ['close'],
      ['Close'],
      ['keep-alive, close'],
      [',,close,'],
      ['a', 'close'],
      ['close', 'Upgrade'],
    ]) {
      assert.equal(persists(lines), false, lines.join('|'));
    }
    assert.ok(persists(['closed, not-close']));
  });

  test('HTTP/1.0 does only with keep-alive', () => {
    assert.equal(persists([], 0), false);
    assert.ok(persists(['Keep-Alive'], 0));
    assert.ok(persists(['foo, keep-alive'], 0));
    assert.equal(persists(['keep-alive, close'], 0), false);
  });

  test('a body without a certain end ends the connection', () => {
    assert.equal(persists([], 1, { kind: 'close-delimited' }), false);
    assert.equal(persists([], 1, framing({ contentLength: ['x'] })), false);
  });

  test('Transfer-Encoding in HTTP/1.0 ends it, even where there is no body [RFC 9112 6.1]', () => {
    const chunked = { transferEncoding: ['chunked'] };
    assert.equal(persists(['keep-alive'], 0, { kind: 'none' }, chunked), false);
    assert.ok(persists([], 1, { kind: 'none' }, chunked));
  });

  test('chunked together with a Content-Length ends it [RFC 9112 6.3 rule 3]', () => {
    assert.equal(persists([], 1, { kind: 'chunked' }, { contentLength: ['5'] }), false);
    assert.ok(persists([], 1, { kind: 'chunked' }));
  });
});
