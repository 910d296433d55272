import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addDescriptorListener, closeDescriptor, closeOwned, closeWhenForgotten } from '../../src/io/descriptor.ts';
import { native } from '../../src/io/native.ts';

/** The descriptors that were closed, in their order; `open` says which of them were open when the listener was called. */
const closed: { fd: number; open: boolean }[] = [];
addDescriptorListener((fd) => closed.push({ fd, open: native.owns(fd) === 1 }));

describe('a descriptor', () => {
  test('is closed before its listeners are called, once for each', () => {
    closed.length = 0;
    const fds = [native.openBell(), native.openBell()];
    for (const fd of fds) closeDescriptor(fd);
    assert.deepEqual(
      closed,
      fds.map((fd) => ({ fd, open: false })),
    );
  });

  test('that its owner has closed is not closed again with the owner: the number may be another one’s', () => {
    closed.length = 0;
    const owner = {};
    const fd = native.openBell();
    closeWhenForgotten(owner, fd);
    closeOwned(owner, fd);
    const next = native.openBell();
    assert.deepEqual(closed, [{ fd, open: false }]);
    assert.equal(native.owns(next), 1);
    closeDescriptor(next);
  });
});
