/**
 * A coroutine that waits for what is ready already: `count` suspensions, and nothing else. It waits for a descriptor of the
 * library's own, as those of connections are: a poller with our standard output in it, a pipe.
 */
import { dugong } from './measure.mjs';

const { POLLIN, POLLOUT, Poller, PollNeeded } = await dugong();
const STDOUT = 1;
const poller = new Poller();
poller.add(STDOUT, POLLOUT);

export function* coSuspend(count) {
  const need = new PollNeeded(poller.fd, POLLIN);
  for (let i = 0; i < count; i++) yield need;
  return 0;
}
