/**
 * An error that is raised deep inside this library has ten stack frames, all in the library's own files. Where the error leaves
 * the library, this puts the caller's frames behind the first few of them. Without an error it costs nothing. It understands V8's
 * stacks only, and leaves the stacks of the user's own errors as they are.
 */

import { bare } from '../options.ts';

/** Number of own frames to keep: they show what went wrong, the others only the way there. */
const MOST_OWN = 3;
/** Enough to reach through the library. */
const DEPTH = 60;

/**
 * Where this library's files are in a stack: as URLs, as paths, and as the sources that source maps name. None in a bundle, which
 * is the program's file as well; there the URL may even be missing.
 */
function ownPlaces(url: string | undefined): string[] {
  const found = /^(file:.*\/)(?:(dist)\/chunks|(dist-modules|src)\/schedule)\/[^/]+$/.exec(url ?? '');
  if (found === null) return [];
  const [, root, built, source] = found;
  const { pathname } = new URL(root as string);
  return [`${root}${built ?? source}/`, `${pathname}${built ?? source}/`, `${pathname}src/`];
}

const OWN: readonly string[] = ownPlaces(import.meta.url);

function isOwn(frame: string): boolean {
  return OWN.some((place) => frame.includes(place));
}

function isCallers(frame: string): boolean {
  return !isOwn(frame) && !/\(<anonymous>\)|\bnode:/.test(frame);
}

/**
 * Puts the caller's frames into the stack of an error of this library that has none. In a reaction to a promise, these are the
 * async functions that await it. False if no caller is on the stack. It never throws: the error matters more than its stack.
 */
export function showCaller(error: unknown): boolean {
  try {
    return tryToShow(error);
  } catch {
    // An accessor, a proxy, or Error.prepareStackTrace, which a program may replace, has thrown.
    return true;
  }
}

function tryToShow(error: unknown): boolean {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return true;
  const [head, frames] = framesOf(error.stack);
  const first = frames.at(0);
  if (first === undefined || !isOwn(first) || frames.some(isCallers)) return true;
  const callers = framesHere().filter(isCallers);
  if (callers.length === 0) return false;
  const stack = [head, ...frames.slice(0, MOST_OWN), ...callers.slice(0, Error.stackTraceLimit)].join('\n');
  Reflect.defineProperty(error, 'stack', bare({ value: stack, writable: true, configurable: true }));
  return true;
}

function framesHere(): string[] {
  const limit = Error.stackTraceLimit;
  const here: { stack?: unknown } = {};
  try {
    // Where Error is frozen, its limit stays as it is.
    Reflect.set(Error, 'stackTraceLimit', DEPTH);
    Error.captureStackTrace(here);
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
  return typeof here.stack === 'string' ? framesOf(here.stack)[1] : [];
}

/** The text before the frames, and the frames. */
function framesOf(stack: string): [head: string, frames: string[]] {
  const [head = '', ...frames] = stack.split(/\n(?= {4}at )/);
  return [head, frames];
}
