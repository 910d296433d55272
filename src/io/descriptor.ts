/**
 * The one way in which this library closes its descriptors, so that nobody keeps waiting for a number that is gone or,
 * worse, belongs to something else by now.
 */

import { native } from './native.ts';

type ClosedListener = (fd: number) => void;

const listeners: ClosedListener[] = [];

/** `listener` is called right after a descriptor has been closed, before its number can be used again. */
export function onDescriptorClosed(listener: ClosedListener): void {
  listeners.push(listener);
}

export function closeDescriptor(fd: number): void {
  native.close(fd);
  for (const listener of listeners) listener(fd);
}
