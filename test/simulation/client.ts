/** The library over the simulated kernel: whatever runs in a world takes it from here, so that the kernel is there first. */

import { loaded } from './kernel/install.ts';

export { pool as syncPool } from '../../src/fetch/whole-fetch.ts';
export * from '../../src/index.ts';
export { closeIdleConnections, fetchSync } from '../../src/sync/index.ts';

loaded();
