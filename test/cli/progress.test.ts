import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Progress } from '../../src/cli/progress.ts';

class Screen {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

/** What takes the line away. */
const CLEAR = '\r\x1b[K';

describe('the progress of a command', () => {
  test('is shown on a terminal after a second, a few times a second, and taken away at the end', () => {
    const screen = new Screen(true);
    const progress = new Progress(screen, 2, 0);
    progress.begin(1_000_000);
    progress.add(1_000_000, 999);
    assert.equal(screen.text, '');
    progress.begin(20_000_000);
    progress.add(1_000_000, 1000);
    assert.equal(screen.text, `${CLEAR}2 of 2: 1.0 of 20.0 MB`);
    progress.add(1_000_000, 1199);
    progress.add(500_000, 1200);
    assert.equal(screen.text, `${CLEAR}2 of 2: 1.0 of 20.0 MB${CLEAR}2 of 2: 2.5 of 20.0 MB`);
    progress.clear();
    progress.clear();
    assert.match(screen.text, /MB\r.\[K$/);
  });

  test('does not promise an end that nobody knows', () => {
    const screen = new Screen(true);
    const progress = new Progress(screen, 1, 0);
    progress.begin(null);
    progress.add(1_500_000, 5000);
    assert.equal(screen.text, `${CLEAR}1 of 1: 1.5 MB`);
  });

  test('is not shown where there is no terminal, nor is anything taken away there', () => {
    const screen = new Screen(false);
    const progress = new Progress(screen, 1, 0);
    progress.begin(5);
    progress.add(5, 5000);
    progress.clear();
    assert.equal(screen.text, '');
  });
});
