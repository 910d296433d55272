/** Suspensions in a PollLoop, among `connections` tasks that only wait. */
import { idleCoroutines } from './idle.mjs';
import { dugong, job, measure } from './measure.mjs';
import { coSuspend } from './suspension.mjs';

const { PollLoop } = await dugong();
const loop = new PollLoop();
let waiting = 0;
for (const coroutine of idleCoroutines(() => waiting++)) loop.createTask(coroutine);
while (waiting < job.connections) loop.runOnce();

await measure((_path, count) => loop.runUntilComplete(loop.createTask(coSuspend(count))));
process.exit();
