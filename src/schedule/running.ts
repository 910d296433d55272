/**
 * Which set's member is being run at this moment on this thread, so that a set which is run inside another one knows it. Who
 * runs a coroutine on his own account, as AioFuture and runBlocking do, says so, since what surrounds him is not what waits.
 */

/** A member of a task set, as far as others need to know. */
export interface RunningMember {
  /** Resumes it if it waits. */
  wake(): void;
}

let running: RunningMember | undefined;

export function runningMember(): RunningMember | undefined {
  return running;
}

/** Calls `step` as (a part of) what `member` does; undefined: as what nobody's member does. */
export function runAs<T>(member: RunningMember | undefined, step: () => T): T {
  const before = running;
  running = member;
  try {
    return step();
  } finally {
    running = before;
  }
}
