/**
 * The code and message of an error in the words of node:http, for programs that were written for it. It changes no
 * error.
 */

import { ConnectionClosed, DNSUnavailable, HostnameNotResolvable, InvalidResponse } from '../errors.ts';

/** The words of node:http for an error. */
export interface SystemReason {
  readonly code: string | undefined;
  readonly message: string;
}

/** Converts an error. */
export function systemReason(error: unknown): SystemReason {
  if (error instanceof HostnameNotResolvable) return lookup('ENOTFOUND', error.hostname);
  if (error instanceof DNSUnavailable) {
    // Node does not distinguish an unknown name from a resolver without a server.
    return lookup(codeOf(error.cause) === 'EAI_NONAME' ? 'ENOTFOUND' : 'EAI_AGAIN', error.hostname);
  }
  if (error instanceof ConnectionClosed) return { code: 'ECONNRESET', message: 'socket hang up' };
  if (error instanceof InvalidResponse) return { code: error.code, message: `Parse Error: ${words(error)}` };
  return { code: codeOf(error), message: words(error) };
}

function lookup(code: string, hostname: string): SystemReason {
  return { code, message: `getaddrinfo ${code} ${hostname}` };
}

function codeOf(error: unknown): string | undefined {
  const code =
    error instanceof Error && Object.hasOwn(error, 'code') ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The message without the method and URL at its beginning: these programs add their own. */
function words(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[A-Z]+ https?:\S+: /, '');
}
