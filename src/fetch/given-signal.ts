/**
 * The signal of a fetch. One of another realm, or of a polyfill, is listened to by one of the platform's, since the rest of this
 * client knows no other.
 */

import { bare } from '../options.ts';

const followers = new WeakMap<object, AbortSignal>();

/** @throws TypeError for what is no AbortSignal */
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

/** Without a reason, as older polyfills have none, it is that of the platform: an AbortError. */
function following(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const follow = (): void => controller.abort('reason' in signal ? signal.reason : undefined);
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, bare({ once: true }));
  return controller.signal;
}
