/**
 * The signal of a fetch. A signal of another realm or polyfill gets a platform signal that follows it, because the rest
 * of the client accepts only that.
 */

import { bare } from '../options.ts';

const followers = new WeakMap<object, AbortSignal>();

/** Returns a platform signal. @throws TypeError for a value that is no AbortSignal */
export function givenSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined;
  if (signal instanceof AbortSignal) return signal;
  if (!isLikeSignal(signal)) throw new TypeError('the signal of fetch is no AbortSignal');
  const known = followers.get(signal);
  if (known !== undefined) return known;
  const follower = following(signal);
  followers.set(signal, follower);
  return follower;
}

function isLikeSignal(signal: unknown): signal is AbortSignal {
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) return false;
  if (!('addEventListener' in signal) || typeof signal.addEventListener !== 'function') return false;
  return typeof signal.aborted === 'boolean';
}

/**
 * Makes a signal that follows another one. If that has no reason (older polyfills), the reason is the platform's
 * AbortError.
 */
function following(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const follow = (): void => controller.abort('reason' in signal ? signal.reason : undefined);
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, bare({ once: true }));
  return controller.signal;
}
