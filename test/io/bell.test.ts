import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { SystemError } from '../../src/errors.ts';
import { Bell } from '../../src/io/bell.ts';
import { native } from '../../src/io/native.ts';
import { Poller } from '../../src/io/poller.ts';
import { openDescriptors } from '../support/open-descriptors.ts';

describe('a bell', () => {
  test('makes a poller ready until it is silenced, however often each is done', () => {
    const before = openDescriptors();
    using poller = new Poller();
    const bell = new Bell();
    const ready = (): boolean => poller.wait(0).length > 0;
    assert.equal(ready(), false);
    bell.silence(poller);
    for (let round = 0; round < 2; round++) {
      bell.ring(poller);
      bell.ring(poller);
      assert.deepEqual([ready(), ready()], [true, true]);
      bell.silence(poller);
      bell.silence(poller);
      assert.equal(ready(), false);
    }
    bell.close();
    poller.close();
    assert.equal(openDescriptors(), before);
  });

  test('is an error if there is no descriptor for it', (context) => {
    context.mock.method(native, 'openBell', () => -constants.errno.EMFILE);
    assert.throws(
      () => new Bell(),
      (error) => error instanceof SystemError && error.code === 'EMFILE',
    );
  });
});
