/** coAll over many connections in one blocked thread. */
import { coGetAll, disconnect } from './dugong-many.mjs';
import { dugong, measure } from './measure.mjs';

const { runBlocking } = await dugong();

await measure((path, count) => runBlocking(coGetAll(path, count)));
disconnect();
