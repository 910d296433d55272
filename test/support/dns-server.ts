/**
 * A DNS server at 127.0.0.1:53, in another thread, whose answers the test decides. For tests in a private
 * network, where that port is free and the C library asks there (private-network.ts).
 */

import type { Answer, DNSServerCalls, Name } from './dns-server-worker.ts';
import { serverThread } from './server-thread.ts';

export type { Answer } from './dns-server-worker.ts';

export interface NameServer {
  /** Replaces all names, and forgets all questions. Names that are not among `names` do not exist. */
  serve(names: Readonly<Record<string, Partial<Name> | Answer>>): void;
  /** Sends all answers that are `held`, and holds none back from now on. */
  release(): void;
  /** The questions since `serve`, in order: `A host.test`. */
  questions(): string[];
  /** Settles when this question has arrived. */
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

/** An error is for all types; a name without addresses of a type exists all the same. */
function named([name, given]: [string, Partial<Name> | Answer]): [string, Name] {
  if (typeof given === 'string' || Array.isArray(given)) return [name, { A: given as Answer, AAAA: given as Answer }];
  return [name, { A: [], AAAA: [], ...(given as Partial<Name>) }];
}
