/**
 * A DNS server at 127.0.0.1:53, in another thread, that says of each name what the test has told it to. For tests in a private
 * network, where that port is free and the C library asks there (private-network.ts).
 */

import type { Answer, DNSServerCalls, Name } from './dns-server-worker.ts';
import { serverThread } from './server-thread.ts';

export type { Answer } from './dns-server-worker.ts';

export interface NameServer {
  /** Forgets all names and questions, and begins anew with these; of a name that is not among them, there is nothing. */
  serve(names: Readonly<Record<string, Partial<Name> | Answer>>): void;
  /** Sends the answers for all names that are `held`, and no longer holds any back. */
  release(): void;
  /** What was asked since `serve`, in order: `A host.test`. */
  questions(): string[];
  /** Settles when this was asked. */
  asked(question: string): Promise<void>;
}

export function startNameServer(): NameServer {
  const thread = serverThread<DNSServerCalls>(new URL('./dns-server-worker.ts', import.meta.url));
  thread.call('listen', { address: '127.0.0.1' });
  return {
    serve: (names) => thread.call('setNames', Object.fromEntries(Object.entries(names).map(named))),
    release: () => thread.call('release', undefined),
    questions: () => thread.call('questions', undefined),
    asked: (question) => thread.callAsync('asked', question),
  };
}

/** An error goes for all types; a name without addresses of a type is there all the same. */
function named([name, given]: [string, Partial<Name> | Answer]): [string, Name] {
  if (typeof given === 'string' || Array.isArray(given)) return [name, { A: given as Answer, AAAA: given as Answer }];
  return [name, { A: [], AAAA: [], ...(given as Partial<Name>) }];
}
