/** Suspensions under an AioFuture: a turn of the event loop for each. */
import { dugong, measure } from './measure.mjs';
import { coSuspend } from './suspension.mjs';

const { AioFuture } = await dugong();

await measure((_path, count) => new AioFuture(coSuspend(count)));
