/**
 * Makes two contexts, with the files that the environment names, and says so; `limited` opens descriptors first until there are no
 * more. What is warned of goes to standard error.
 *
 *     tls-files-program.ts [limited]
 */

import { openSync } from 'node:fs';
import { TLSContext } from '../../src/io/tls-context.ts';

function useUp(): void {
  try {
    for (;;) openSync('/dev/null', 'r');
  } catch {
    // No more.
  }
}

// Loaded now, since that takes descriptors.
new TLSContext({ ca: [] });
if (process.argv[2] === 'limited') useUp();
for (let count = 0; count < 2; count++) {
  try {
    new TLSContext();
    process.stdout.write('made\n');
  } catch (error) {
    process.stdout.write(`${error}\n`);
  }
}
