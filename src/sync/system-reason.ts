/**
 * What an error of ours is called by programs that were written for node:http: its code and its words. It changes no error.
 */

import { ConnectionClosed, DNSUnavailable, HostnameNotResolvable, InvalidResponse } from '../errors.ts';

export interface SystemReason {
  readonly code: string | undefined;
  readonly message: string;
}

export function systemReason(error: unknown): SystemReason {
  if (error instanceof HostnameNotResolvable) return lookup('ENOTFOUND', error.hostname);
  if (error instanceof DNSUnavailable) {
    // Node cannot tell a name that does not exist from a resolver without a server.
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

/** Without the method and URL that our messages begin with: those of the programs have their own. */
function words(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^[A-Z]+ https?:\S+: /, '');
}
