import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Departures } from './kernel/departures.ts';

const HEAD = 'GET /7-0 HTTP/1.1\r\nHost: h.test\r\n\r\n';

/** Number of begun requests GET /7-0, if these texts have left on one connection. */
function counted(...texts: readonly string[]): number {
  const departures = new Departures();
  const connection = {};
  for (const text of texts) departures.note(connection, [Buffer.from(text)], 0, text.length);
  return departures.count('GET', 'h.test', '/7-0');
}

describe('departures', () => {
  test('a request has begun to leave with its first byte', () => {
    assert.equal(counted(), 0);
    assert.equal(counted('PUT /6-0 HTTP/1.1\r\n\r\n'), 0);
    assert.equal(counted('PUT /6-0 HTTP/1.1\r\n\r\n', 'G'), 1);
    assert.equal(counted('PUT /6-0 HTTP/1.1\r\n\r\n', 'GET /', '7-0 HTTP/1.1\r'), 1);
    assert.equal(counted(HEAD.slice(0, 9), HEAD.slice(9)), 1);
    assert.equal(counted('GET http://h.test/7-0 HTTP/1.1\r\n'), 1);
    assert.equal(counted(HEAD, 'GET /70-0 HTTP/1.1\r\n'), 1);
  });

  test('each time counts, on whatever connection', () => {
    const departures = new Departures();
    for (const connection of [{}, {}]) departures.note(connection, [Buffer.from(HEAD)], 0, HEAD.length);
    departures.note({}, [Buffer.from('GET /7-')], 0, 7);
    assert.equal(departures.count('GET', 'h.test', '/7-0'), 3);
    assert.equal(departures.count('PUT', 'h.test', '/7-0'), 0);
  });

  test('what was taken begins behind what is skipped, and is not the memory of the caller', () => {
    const departures = new Departures();
    const buffers = ['????', '??GET', ' /7-0', ' HTTP/1.1\r\n'].map((text) => Buffer.from(text));
    departures.note({}, buffers, 6, 8);
    for (const buffer of buffers) buffer.fill(0);
    assert.equal(departures.count('GET', 'h.test', '/7-0'), 1);
    assert.equal(departures.count('GET', 'h.test', '/8-0'), 0);
  });
});
