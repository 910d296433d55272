/**
 * The error of the drop-in for sync-fetch.
 */

import { bare } from '../options.ts';

/** The error of node-fetch and sync-fetch for what fails in operation: `type` says what, `code` is the system's. */
export class FetchError extends Error {
  /** "system", "request-timeout", "body-timeout", "max-size", "max-redirect", "no-redirect", "invalid-redirect", ... */
  readonly type: string | undefined;
  /** Of type "system": the system's word, as ECONNREFUSED. */
  declare readonly code?: string | undefined;
  /** The same. */
  declare readonly errno?: string | undefined;

  constructor(message: string, type?: string, systemError?: { readonly code?: string | undefined }) {
    super(message);
    // As in node-fetch 2, where JSON shows it.
    Object.defineProperty(this, 'message', bare({ enumerable: true }));
    this.type = type;
    if (systemError !== undefined) {
      const { code } = systemError;
      this.code = code;
      this.errno = code;
    }
  }

  static {
    FetchError.prototype.name = 'FetchError';
  }
}
