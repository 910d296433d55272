/**
 * Signals that arrive while the thread is blocked. A listener (`process.on('SIGINT', ...)`) runs in a turn of the event
 * loop, so a blocked call must end first. The module decides which signals end a blocked call. It does not know what
 * the call waits for.
 */

import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { oneMoreTurn } from '../clock.ts';
import { Interrupted } from '../errors.ts';
import { native, withoutLibuv } from './native.ts';
import { shownValue } from './shown-value.ts';
import { errorNumber } from './system-error.ts';

/**
 * What a blocked call does when a signal arrives that the process listens for: throw {@link Interrupted}, so that the
 * listener can run, or go on. In the second case the listener runs after the call, when the program returns to the
 * event loop.
 *
 * @example
 * ```js
 * import { HTTPConnection } from 'dugong';
 *
 * let heard = 0;
 * process.once('SIGUSR2', () => heard++);
 * const connection = new HTTPConnection('http://localhost:8080', { onSignal: 'continue' });
 * process.kill(process.pid, 'SIGUSR2');
 * console.log(connection.request('GET', '/a').response.status, heard); // 200 0
 * connection.disconnect();
 * while (heard === 0) await new Promise((resolve) => setImmediate(resolve));
 * console.log(heard); // 1
 * ```
 */
export type OnSignal = 'interrupt' | 'continue';

/** What a native wait returns for a signal that it heeds. */
export const INTERRUPTED: number = errorNumber('EINTR');

const { SIGWINCH } = constants.signals;

/** Listeners that Node itself adds if stdout or stderr is a terminal. */
const NODES_OWN: ReadonlySet<string> = new Set(['refreshStdoutOnSigWinch', 'refreshStderrOnSigWinch']);

/**
 * Whether a blocked call can notice signals. Only listeners of the main thread are called; without libuv the addon gets
 * no signals.
 */
const CAN_HEAR = isMainThread && withoutLibuv === undefined;

/**
 * The parameter `signals` of native waits: undefined to ignore all signals, else the number of the signal to ignore, 0
 * for none. SIGWINCH is ignored if Node alone listens for it.
 */
export function heeded(onSignal: OnSignal): number | undefined {
  if (!CAN_HEAR || onSignal === 'continue') return undefined;
  if (process.listenerCount('SIGWINCH') === 0) return 0;
  return process.listeners('SIGWINCH').every(({ name }) => NODES_OWN.has(name)) ? SIGWINCH : 0;
}

/**
 * Makes the error for a wait that has just returned {@link INTERRUPTED}. It also keeps the event loop alive for one
 * more turn, because Node would exit without running the listener if the program ends now.
 */
export function interruption(): Interrupted {
  oneMoreTurn();
  const numbers = new Set(native.caughtSignals());
  const names = Object.entries(constants.signals).filter(([, number]) => numbers.has(number));
  return new Interrupted(names.map(([name]) => name as NodeJS.Signals));
}

/** Checks the option `onSignal`; the default is "interrupt". @throws TypeError */
export function checkedOnSignal(onSignal: unknown): OnSignal {
  if (onSignal === undefined) return 'interrupt';
  if (onSignal === 'interrupt' || onSignal === 'continue') return onSignal;
  throw new TypeError(`onSignal must be "interrupt" or "continue", got ${shownValue(onSignal)}`);
}
