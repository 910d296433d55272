/**
 * fetch for scripts: {@link fetchSync} blocks the thread until the whole response has arrived, and returns it as a
 * {@link SyncResponse}. It starts no process, follows redirects, decodes content codings and keeps idle connections,
 * which {@link closeIdleConnections} closes.
 *
 * @example
 * ```js
 * import { fetchSync } from 'dugong/sync';
 *
 * const response = fetchSync('http://localhost:8080/status', { timeout: 10_000 });
 * console.log(response.status, response.json()); // 200 { version: '1.0', healthy: true }
 * ```
 *
 * @module dugong/sync
 */

export type { FetchRouting } from '../fetch/endpoint.ts';
export type { RedirectMode } from '../fetch/fetch-request.ts';
export { closeIdleConnections, type FetchSyncInit, fetchSync } from '../fetch/fetch-sync.ts';
export type { SyncBody } from '../fetch/sync-body.ts';
export { SyncResponse } from '../fetch/sync-response.ts';
export type { TimeLimits } from '../fetch/time-limits.ts';
