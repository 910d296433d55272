/**
 * What happens to this library's descriptors besides becoming ready, and who hears of it: one is closed, so that nobody may
 * keep waiting for a number that is gone or, worse, belongs to something else by now; or there is another reason for those who
 * wait for it to look again.
 */

import { native, ofAllCopies } from './native.ts';

interface DescriptorListener {
  /** Called right after `fd` has been closed, before its number can be used again. */
  closed(fd: number): void;
  /** Those who wait for `fd` are to be resumed, though it is not ready. */
  wake(fd: number): void;
}

const listeners = ofAllCopies<DescriptorListener>('descriptor');

export function addDescriptorListener(listener: DescriptorListener): void {
  listeners.push(listener);
}

/** The one way in which this library closes its descriptors. */
export function closeDescriptor(fd: number): void {
  native.close(fd);
  for (const listener of listeners) listener.closed(fd);
}

const forgotten: FinalizationRegistry<number> = new FinalizationRegistry(closeDescriptor);

/**
 * Closes `fd` when its owner has become garbage: nobody can use it then, and nobody else would free it. An owner has one
 * descriptor.
 */
export function closeWhenForgotten(owner: object, fd: number): void {
  forgotten.register(owner, fd, owner);
}

/** Closes the descriptor of `owner` now. */
export function closeOwned(owner: object, fd: number): void {
  // First: the number may be used again at once.
  forgotten.unregister(owner);
  closeDescriptor(fd);
}

/** Resumes whoever waits for `fd`: waking early is always legal. */
export function wakeWaiters(fd: number): void {
  for (const listener of listeners) listener.wake(fd);
}
