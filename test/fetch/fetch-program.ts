/** A script: fetches its argument and prints the body. The connection is left idle. */

import { fetchSync } from '../../src/sync/index.ts';

console.log(fetchSync(process.argv[2] ?? '', { proxy: false }).text());
