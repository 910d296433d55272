/**
 * Closes this library's descriptors, and calls listeners then: a coroutine must not keep waiting for a number that is gone or,
 * worse, belongs to something else by now.
 */

import { native, ofAllCopies } from './native.ts';

/** Called right after `fd` has been closed, before its number can be used again. */
type OnClosed = (fd: number) => void;

const listeners = ofAllCopies<OnClosed>('closed');

export function addDescriptorListener(listener: OnClosed): void {
  listeners.push(listener);
}

/** The one way in which this library closes its descriptors. */
export function closeDescriptor(fd: number): void {
  native.close(fd);
  for (const closed of listeners) closed(fd);
}

const forgotten: FinalizationRegistry<number> = new FinalizationRegistry(closeDescriptor);

/** Closes `fd` when its owner has become garbage, since nothing else would close it. An owner has one descriptor. */
export function closeWhenForgotten(owner: object, fd: number): void {
  forgotten.register(owner, fd, owner);
}

/** Closes the descriptor of `owner` now. */
export function closeOwned(owner: object, fd: number): void {
  // First: the number may be used again at once.
  forgotten.unregister(owner);
  closeDescriptor(fd);
}
