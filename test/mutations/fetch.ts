/** Faults in createFetch, and in what fetchSync has in common with it. */

import type { Mutation } from './mutation.ts';

export const FETCH: readonly Mutation[] = [
  {
    name: 'A connection that is given back still counts as one in use',
    file: 'fetch/connection-pool.ts',
    before: '    busy?.delete(lease);\n',
    after: '',
    world: 'fetch',
  },
  {
    name: 'Responses that are not read keep others from their connections',
    file: 'fetch/connection-pool.ts',
    before: '      if (neglected > 0) this.#wake(key, neglected);',
    after: '      if (neglected < 0) this.#wake(key, neglected);',
    world: 'fetch',
  },
  {
    name: 'A body that is cut short is whole to its reader',
    file: 'fetch/incoming-body.ts',
    before: "    if (!this.over) this.#fail(new TypeError('terminated', { cause: this.#use.told(error) }));",
    after:
      "    if (!this.over) this.#finish(error instanceof TypeError ? { failed: true, error } : ENDED, 'given up');",
    world: 'fetch',
  },
  {
    name: 'A redirect takes credentials to another origin',
    file: 'fetch/redirect.ts',
    before: "  if (url.origin !== request.url.origin) remove(headers, [...CREDENTIALS, 'Host']);",
    after: "  if (url.origin !== request.url.origin) remove(headers, ['Host']);",
    world: 'fetch',
  },
  {
    name: 'A redirect that asks for GET keeps the body',
    file: 'fetch/redirect.ts',
    before: '    content: becomesGet ? undefined : request.content,',
    after: '    content: request.content,',
    world: 'fetch',
  },
  {
    name: 'Errors say nothing of earlier attempts',
    file: 'fetch/exchange.ts',
    before: '      attempts.failed(lease.connection, error);\n',
    after: '',
    history: 'fix(fetch): errors say what the requests of all attempts may have done',
    world: 'fetch',
  },
  {
    name: 'The error of a body that is cut short names no requests',
    file: 'fetch/create-fetch.ts',
    before: '    attempts.failed(lease.connection, error);\n',
    after: '',
    history: 'fix(fetch): a body cut short says what all attempts may have done',
    world: 'fetch',
  },
  {
    name: 'Idle connections are never looked at',
    file: 'fetch/connection-pool.ts',
    before: 'if (withoutLibuv === undefined) this.#sweeping ??=',
    after: 'if (withoutLibuv !== undefined) this.#sweeping ??=',
    world: 'fetch',
  },
  {
    name: 'A connection that cannot be used again stays open',
    file: 'fetch/connection-pool.ts',
    before: '    } else {\n      connection.disconnect();\n    }',
    after: '    }',
    world: 'fetch',
  },
  {
    name: 'No alarm is set for how long servers may be silent',
    file: 'fetch/time-limits.ts',
    before: '      if (this.#alarm === undefined) this.#ringAt(silence.at);',
    after: '      if (this.#alarm !== undefined) this.#ringAt(silence.at);',
    world: 'fetch',
  },
  {
    name: 'A body still listens to the signal when it has ended',
    file: 'fetch/incoming-body.ts',
    before: '    this.#withdrawSignal?.();\n',
    after: '',
    world: 'fetch',
  },
  {
    name: 'Each attempt that failed may have been processed',
    file: 'fetch/attempts.ts',
    before: 'this.#lost.push({ method, path, mayHaveBeenProcessed });',
    after: 'this.#lost.push({ method, path, mayHaveBeenProcessed: mayHaveBeenProcessed || true });',
    world: 'fetch',
  },
];

export const SYNC: readonly Mutation[] = [
  {
    name: 'What fetchSync has read of a body is lost when the request has been sent in whole',
    file: 'sync/whole-exchange.ts',
    before: '    collected ??= bodyIn(response, maxBodySize);',
    after: '    collected = bodyIn(response, maxBodySize);',
    history: 'fix(schedule): decided combinators begin no member and keep their result',
    world: 'sync',
  },
  {
    name: 'A redirect during a large upload is not followed before its body has ended',
    file: 'sync/whole-exchange.ts',
    before: 'isRedirect(response, redirect) ? undefined : maxBodySize;',
    after: 'isRedirect(response, redirect) && maxBodySize < 0 ? undefined : maxBodySize;',
    history: 'fix(fetch): follow a redirect whose body does not end',
    world: 'sync',
  },
  {
    name: 'The connection of an answer that is larger than wanted stays open',
    file: 'sync/whole-exchange.ts',
    before: '  } finally {\n    lease.drop();\n  }',
    after: '  } finally {\n    if (answer.body !== undefined) lease.drop();\n  }',
    world: 'sync',
  },
];
