/**
 * Writes the man page into the folder of the compiled package: `node dist/cli/write-man-page.js`, a step of the build.
 */

import { writeFileSync } from 'node:fs';
import { manPage } from './man-page.ts';
import { version } from './version.ts';

writeFileSync(new URL('../dugong.1', import.meta.url), manPage(version()));
