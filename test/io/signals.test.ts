import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { after, describe, test } from 'node:test';
import { checkedOnSignal, heeded } from '../../src/io/signals.ts';

const { SIGWINCH } = constants.signals;

describe('what a blocked wait heeds', () => {
  const listener = (): void => undefined;
  const node = { refreshStdoutOnSigWinch(): void {} }.refreshStdoutOnSigWinch;
  after(() => {
    for (const each of [listener, node]) process.removeListener('SIGWINCH', each);
  });

  test('is nothing if it is to continue', () => assert.equal(heeded('continue'), undefined));

  test('is all signals, but SIGWINCH where Node alone listens for that', () => {
    assert.equal(heeded('interrupt'), 0);
    process.on('SIGWINCH', node);
    assert.equal(heeded('interrupt'), SIGWINCH);
    process.on('SIGWINCH', listener);
    assert.equal(heeded('interrupt'), 0);
  });
});

test('the option onSignal is one of two words', () => {
  assert.equal(checkedOnSignal(undefined), 'interrupt');
  assert.equal(checkedOnSignal('interrupt'), 'interrupt');
  assert.equal(checkedOnSignal('continue'), 'continue');
  for (const other of [null, true, 'ignore', '']) {
    assert.throws(() => checkedOnSignal(other), { name: 'TypeError', message: /"interrupt" or "continue"/ });
  }
});
