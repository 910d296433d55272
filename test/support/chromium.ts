/** The system's Chromium, for tests of a page, and for pictures of it. Nothing is downloaded. */

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function chromiumPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/**
 * For a test's `skip` option: false, or the reason why tests with Chromium cannot run here.
 * @throws Error in CI (environment variable CI), where they may not be skipped
 */
export function chromiumMissing(): string | false {
  if (chromiumPath() !== undefined) return false;
  if (process.env.CI !== undefined) throw new Error('chromium is not installed, and CI must not skip its tests');
  return 'chromium is not installed';
}

/** Starts it without windows. As root it cannot make its sandbox. */
export async function startChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('chromium is not installed');
  return await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}
