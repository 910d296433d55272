/**
 * Listening to an AbortSignal together: however many wait for its abort, the signal has one listener, and none when nobody
 * does. (Node warns of a leak from the eleventh listener on, while hundreds of futures may well share a signal.)
 */

import { bare } from '../options.ts';

/** Those who are to hear of the abort of one signal, in the order in which they came. */
interface Listener {
  readonly entries: Set<() => void>;
  readonly withdraw: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Calls `aborted` when `signal` is aborted, unless that is withdrawn before by calling what is returned. A signal that is aborted
 * already calls nothing.
 */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  const { entries, withdraw } = listeners.get(signal) ?? listenTo(signal);
  // One of its own, since the same function may be given twice.
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
    // One that is withdrawn meanwhile, by what another one does, is no longer called.
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
