/**
 * The public surface of `dugong/sync`: fetch for scripts, blocking.
 */

export type { FetchRouting } from '../fetch/endpoint.ts';
export type { RedirectMode } from '../fetch/fetch-request.ts';
export { closeIdleConnections, type FetchSyncInit, fetchSync } from '../fetch/fetch-sync.ts';
export type { SyncBody } from '../fetch/sync-body.ts';
export { SyncResponse } from '../fetch/sync-response.ts';
export type { TimeLimits } from '../fetch/time-limits.ts';
