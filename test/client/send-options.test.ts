import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SendRequestOptions } from '../../src/index.ts';
import { ok } from '../support/messages.ts';
import { expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { connectionTo } from '../support/waiting.ts';

/** What is given for the options, and what the TypeError says. */
const wrong: readonly [string, unknown, RegExp][] = [
  ['null', null, /must be an object.*got null/],
  ['a body', 'body', /must be an object, such as \{body: \.\.\.\}, got string/],
  ['bytes', Buffer.from('body'), /must be an object.*got Uint8Array/],
  ['an array', [['Accept', 'text/html']], /must be an object/],
  ['a misspelt option', { header: { Accept: 'text/html' } }, /no option "header"/],
  ['an upgrade that is no text', { upgrade: 5 }, /upgrade must be a string, got 5/],
];

describe('the options of a request', () => {
  for (const [name, options, message] of wrong) {
    test(`cannot be ${name}: TypeError, and nothing is sent`, async () => {
      using server = startScriptedServer([[expectHead(), send(ok('x')), expectEnd()]]);
      const connection = connectionTo(server);
      const refused = { name: 'TypeError', message };
      assert.throws(() => connection.sendRequest('PUT', '/', options as SendRequestOptions), refused);
      await assert.rejects(connection.promises.sendRequest('PUT', '/', options as SendRequestOptions), refused);
      connection.sendRequest('GET', '/after');
      assert.equal(connection.readResponse().path, '/after');
      assert.equal(connection.readText(), 'x');
      connection.disconnect();
      server.check();
    });
  }
});
