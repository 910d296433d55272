/** Suspensions under runBlocking: a poll(2) for each. */
import { dugong, measure } from './measure.mjs';
import { coSuspend } from './suspension.mjs';

const { runBlocking } = await dugong();

await measure((_path, count) => runBlocking(coSuspend(count)));
