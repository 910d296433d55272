/**
 * The error class of the drop-in replacement for sync-fetch.
 */

import { bare } from '../options.ts';

/** The error of node-fetch and sync-fetch for failures in operation. `type` is the kind, `code` the system's code. */
export class FetchError extends Error {
  /** "system", "request-timeout", "body-timeout", "max-size", "max-redirect", "no-redirect", "invalid-redirect", ... */
  readonly type: string | undefined;
  /** For type "system": the system's code, as ECONNREFUSED. */
  declare readonly code?: string | undefined;
  /** The same as {@link code}. */
  declare readonly errno?: string | undefined;

  /** @param systemError the failure whose code becomes `code` and `errno` */
  constructor(message: string, type?: string, systemError?: { readonly code?: string | undefined }) {
    super(message);
    // Enumerable as in node-fetch 2, so that JSON shows it.
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
