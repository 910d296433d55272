/** Writes the man page into dist/, a step of the build. */

import { writeFileSync } from 'node:fs';
import { manPage } from './man-page.ts';
import { version } from './version.ts';

writeFileSync(new URL('../../dist/dugong.1', import.meta.url), manPage(version()));
