/** The library over the simulated kernel: code that runs in a world imports it from here, so that the kernel is installed first. */

import { loaded } from './kernel/install.ts';

export { pool as syncPool } from '../../src/fetch/whole-fetch.ts';
export * from '../../src/index.ts';
export { closeIdleConnections, fetchSync } from '../../src/sync/index.ts';

loaded();
