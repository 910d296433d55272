/** createFetch for tests: its results are held as long as the test runs, and their idle connections are closed after it. */

import { afterEach } from 'node:test';
import { createFetch as createFetchOfLibrary } from 'dugong';

/** Ignores the proxies of the environment. */
export const direct = { proxy: false } as const;

/** Otherwise the idle connections would be closed whenever garbage is collected. */
const fetches: ReturnType<typeof createFetchOfLibrary>[] = [];

export function createFetch(
  ...options: Parameters<typeof createFetchOfLibrary>
): ReturnType<typeof createFetchOfLibrary> {
  const fetch = createFetchOfLibrary(...options);
  fetches.push(fetch);
  return fetch;
}

afterEach(() => {
  for (const fetch of fetches.splice(0)) fetch.closeIdleConnections();
});
