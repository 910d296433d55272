import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Patience } from '../../src/cli/patience.ts';

describe('a wait for output', () => {
  test('ends as the write does', async () => {
    const patience = new Patience(new AbortController().signal);
    assert.equal(await patience.until(Promise.resolve('written')), 'written');
    const failure = new Error('disk full');
    await assert.rejects(patience.until(Promise.reject(failure)), failure);
    assert.equal(await patience.isStuck(), false);
  });

  test('ends with the reason of the signal, before or after it began; the write is stuck until it ends', async () => {
    const controller = new AbortController();
    const patience = new Patience(controller.signal);
    let end: () => void = () => assert.fail('too early');
    const write = new Promise<void>((resolve) => {
      end = resolve;
    });
    const waiting = patience.until(write);
    controller.abort('SIGINT');
    await assert.rejects(waiting, (reason) => reason === 'SIGINT');
    await assert.rejects(patience.until(write), (reason) => reason === 'SIGINT');
    assert.equal(await patience.isStuck(), true);
    end();
    await write;
    assert.equal(await patience.isStuck(), false);
  });
});
