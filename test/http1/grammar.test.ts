import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FIELD_BYTE,
  HEX_VALUE,
  isAuthority,
  isDigit,
  isFieldValue,
  isRequestTarget,
  isToken,
  listElements,
  parameterOf,
  quoted,
  quotedByte,
  TCHAR,
  trimOWS,
} from '../../src/http1/grammar.ts';

const everyByte = Array.from({ length: 256 }, (_, byte) => byte);
const character = (byte: number): string => String.fromCharCode(byte);

test('tchar is letters, digits and fifteen other characters [RFC 9110 5.6.2]', () => {
  const members = everyByte.filter((byte) => TCHAR[byte] === 1).map(character);
  assert.equal(members.join(''), "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
});

test('field content is HTAB, SP, VCHAR and obs-text [RFC 9110 5.5]', () => {
  for (const byte of everyByte) {
    const expected = byte === 0x09 || (byte >= 0x20 && byte <= 0x7e) || byte >= 0x80;
    assert.equal(FIELD_BYTE[byte] === 1, expected, quotedByte(byte));
    assert.equal(isFieldValue(character(byte)), expected, quotedByte(byte));
  }
});

test('hexadecimal digits have their values, and no other byte has one [RFC 5234 B.1]', () => {
  for (const byte of everyByte) {
    const value = '0123456789abcdef'.indexOf(character(byte).toLowerCase());
    assert.equal(HEX_VALUE[byte], value < 0 ? 255 : value);
  }
});

test('digits are the ten of ASCII', () => {
  assert.equal(everyByte.filter(isDigit).map(character).join(''), '0123456789');
  assert.equal(isDigit(undefined), false);
});

test('a token is not empty and holds nothing but tchar [RFC 9110 5.6.2]', () => {
  assert.ok(isToken('M-SEARCH'));
  for (const text of ['', 'GET ', 'GET\n', 'GET\u010a', 'a:b', 'Ä']) assert.equal(isToken(text), false, quoted(text));
});

test('a field value can be empty, and cannot hold what latin1 has no byte for', () => {
  assert.ok(isFieldValue(''));
  assert.equal(isFieldValue('\u010d\u010a'), false);
});

test('an authority is a host with or without a port, and never has userinfo [RFC 9110 7.2]', () => {
  for (const text of ['a', 'a.example', 'A_b-c.', 'a:80', '127.0.0.1:8080', '[::1]', '[::ffff:1.2.3.4]:443']) {
    assert.ok(isAuthority(text), text);
  }
  for (const text of [
    '',
    ':80',
    'a:',
    'a:b',
    'a b',
    'u@a',
    'a/',
    'a?',
    'a#',
    '::1',
    '[::1',
    '[]',
    '[::1%25lo]',
    'a\n',
    'é',
  ]) {
    assert.equal(isAuthority(text), false, quoted(text));
  }
});

test('a request-target is visible ASCII without a fragment [RFC 9112 3.2]', () => {
  assert.ok(isRequestTarget('/a?b=%20&c=[]'));
  for (const text of ['', '/a b', '/a#b', '/\x7f', '/é', '/日', '/a\r']) assert.equal(isRequestTarget(text), false);
});

test('empty list elements are ignored, and only SP and HTAB are optional whitespace [RFC 9110 5.6.1.2]', () => {
  assert.deepEqual(listElements(' ,a , \tb,,c\u00a0 ,'), ['a', 'b', 'c\u00a0']);
  assert.deepEqual(listElements(''), []);
});

test('optional whitespace is taken off both ends and nowhere else [RFC 9110 5.6.3]', () => {
  assert.equal(trimOWS(' \t a b\t '), 'a b');
  assert.equal(trimOWS('\va\f'), '\va\f');
  assert.equal(trimOWS(' \t'), '');
});

test('what is shown in messages has its control characters escaped and is not long', () => {
  assert.equal(quoted('a\r\nb'), '"a\\r\\nb"');
  assert.equal(quoted('x'.repeat(100)).length, 62);
  assert.equal(quotedByte(0x41), '"A"');
  assert.equal(quotedByte(0x0a), '0x0a');
  assert.equal(quotedByte(undefined), 'nothing');
});

test('a parameter is found by its name, quoted or not, and not inside another one [RFC 9110 5.6.6]', () => {
  assert.equal(parameterOf('a/b; X=1; charset = "u\\tf-8" ; y=2', 'charset'), 'utf-8');
  assert.equal(parameterOf('a/b;x="; charset=no";Charset=yes', 'charset'), 'yes');
  assert.equal(parameterOf('a/b; charset=', 'charset'), '');
  assert.equal(parameterOf('a/b', 'charset'), undefined);
});
