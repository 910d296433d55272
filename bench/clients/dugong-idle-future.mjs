/** Suspensions under an AioFuture, among `connections` futures that only wait. */
import { idleCoroutines } from './idle.mjs';
import { dugong, job, measure } from './measure.mjs';
import { coSuspend } from './suspension.mjs';

const { AioFuture } = await dugong();
let waiting = 0;
await new Promise((resolve) => {
  const waits = () => {
    if (++waiting === job.connections) resolve();
  };
  for (const coroutine of idleCoroutines(waits)) new AioFuture(coroutine);
});

await measure((_path, count) => new AioFuture(coSuspend(count)));
process.exit();
