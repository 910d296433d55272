import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import type { Given } from '../../src/cli/given.ts';
import { Voice } from '../../src/cli/voice.ts';

/** What is said: a message, and whether totals follow. */
function said(given: Given): [text: string, totals: boolean] {
  let text = '';
  const write = mock.method(process.stderr, 'write', (part: string) => {
    text += part;
    return true;
  });
  try {
    const voice = new Voice(given);
    voice.say('message');
    return [text, voice.tellsTotals];
  } finally {
    write.mock.restore();
  }
}

describe('the command', () => {
  test('says messages and totals; -q: messages only; -s: nothing; -sS: messages only [curl(1), --show-error]', () => {
    const message = 'dugong: message\n';
    assert.deepEqual(said({}), [message, true]);
    assert.deepEqual(said({ showError: true }), [message, true]);
    assert.deepEqual(said({ quiet: true }), [message, false]);
    assert.deepEqual(said({ silent: true }), ['', false]);
    assert.deepEqual(said({ silent: true, showError: true }), [message, false]);
  });
});
