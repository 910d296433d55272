/** createFetch for tests: what they make is held as long as the test runs, and its idle connections are closed after it. */

import { afterEach } from 'node:test';
import { createFetch as createFetchOfLibrary } from 'dugong';

/** Nothing of the environment's proxies. */
export const direct = { proxy: false } as const;

/** Or their idle connections would go whenever garbage is collected. */
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
