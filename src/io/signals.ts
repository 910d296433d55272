/**
 * Signals that come while the thread is blocked. A listener (`process.on('SIGINT', ...)`) runs in a turn of the event loop, so
 * that a blocked call ends for it. It knows which signals count, not what is waited for.
 */

import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { oneMoreTurn } from '../clock.ts';
import { Interrupted } from '../errors.ts';
import { native, withoutLibuv } from './native.ts';
import { shownValue } from './shown-value.ts';

/** What a blocked call does when a signal comes that the process listens for: throw {@link Interrupted}, or go on. */
export type OnSignal = 'interrupt' | 'continue';

/** What a native wait returns for a signal that it was to heed. */
export const INTERRUPTED: number = -constants.errno.EINTR;

const { SIGWINCH } = constants.signals;

/** Listeners that Node itself adds when stdout or stderr is a terminal. */
const NODES_OWN: ReadonlySet<string> = new Set(['refreshStdoutOnSigWinch', 'refreshStderrOnSigWinch']);

/** Signals reach listeners of the main thread only; without libuv nothing says that they came. */
const CAN_HEAR = isMainThread && withoutLibuv === undefined;

/** The parameter `signals` of native waits. */
export function heeded(onSignal: OnSignal): number | undefined {
  if (!CAN_HEAR || onSignal === 'continue') return undefined;
  if (process.listenerCount('SIGWINCH') === 0) return 0;
  return process.listeners('SIGWINCH').every(({ name }) => NODES_OWN.has(name)) ? SIGWINCH : 0;
}

/**
 * The error for a wait that has just returned {@link INTERRUPTED}. The listener runs also if the program then comes to its end:
 * Node by itself would leave without having looked for signals.
 */
export function interruption(): Interrupted {
  oneMoreTurn();
  const numbers = new Set(native.caughtSignals());
  const names = Object.entries(constants.signals).filter(([, number]) => numbers.has(number));
  return new Interrupted(names.map(([name]) => name as NodeJS.Signals));
}

/** @throws TypeError */
export function checkedOnSignal(onSignal: unknown): OnSignal {
  if (onSignal === undefined) return 'interrupt';
  if (onSignal === 'interrupt' || onSignal === 'continue') return onSignal;
  throw new TypeError(`onSignal must be "interrupt" or "continue", got ${shownValue(onSignal)}`);
}
