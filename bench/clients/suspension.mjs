/** A coroutine that waits for what is ready already: `count` suspensions, and nothing else. Our standard output is a pipe. */
import { dugong } from './measure.mjs';

const { POLLOUT, PollNeeded } = await dugong();
const STDOUT = 1;

export function* coSuspend(count) {
  const need = new PollNeeded(STDOUT, POLLOUT);
  for (let i = 0; i < count; i++) yield need;
  return 0;
}
