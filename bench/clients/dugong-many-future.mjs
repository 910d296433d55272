/** coAll over many connections on Node's event loop, by one future. */
import { coGetAll, disconnect } from './dugong-many.mjs';
import { dugong, measure } from './measure.mjs';

const { AioFuture } = await dugong();

await measure((path, count) => new AioFuture(coGetAll(path, count)));
disconnect();
