/**
 * The public surface of `dugong/sync`: fetch for scripts, blocking.
 */

export type { Reach } from '../fetch/endpoint.ts';
export type { RedirectMode } from '../fetch/fetch-request.ts';
export type { TimeLimits } from '../fetch/time-limits.ts';
export { closeIdleConnections, type FetchSyncInit, fetchSync } from './fetch-sync.ts';
export type { SyncBody } from './request-content.ts';
export { SyncResponse } from './sync-response.ts';
