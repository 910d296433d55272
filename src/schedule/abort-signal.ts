/**
 * One listener on an AbortSignal for any number of callbacks, and none while there are no callbacks. (Node warns of a leak from the
 * eleventh listener on, and hundreds of futures may share a signal.)
 */

import { bare } from '../options.ts';

/** The callbacks for the abort of one signal, in the order of registration. */
interface Listener {
  readonly entries: Set<() => void>;
  readonly withdraw: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Calls `aborted` when `signal` is aborted; the returned function withdraws the callback. A signal that is aborted already calls
 * nothing.
 */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  const { entries, withdraw } = listeners.get(signal) ?? listenTo(signal);
  // A new function, since `aborted` may be given twice.
  const entry = (): void => aborted();
  entries.add(entry);
  return () => {
    if (entries.delete(entry) && entries.size === 0) withdraw();
  };
}

function listenTo(signal: AbortSignal): Listener {
  const entries = new Set<() => void>();
  const tell = (): void => {
    listeners.delete(signal);
    // A callback that another one withdraws is not called any more.
    for (const entry of entries) {
      entries.delete(entry);
      entry();
    }
  };
  const withdraw = (): void => {
    listeners.delete(signal);
    signal.removeEventListener('abort', tell);
  };
  const listener = { entries, withdraw };
  listeners.set(signal, listener);
  signal.addEventListener('abort', tell, bare({ once: true }));
  return listener;
}
