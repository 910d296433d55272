/** The library over the simulated kernel: whatever runs in a world takes it from here, so that the kernel is there first. */

import { loaded } from './kernel/install.ts';

export * from '../../src/index.ts';
export { closeIdleConnections, fetchSync } from '../../src/sync/index.ts';
export { pool as syncPool } from '../../src/sync/whole-exchange.ts';

loaded();
