/**
 * --verbose: tells of connections and heads, by what the library publishes. Secrets are hidden.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { HTTPHeaders, type TraceMessages } from '../index.ts';
import { withoutUserinfo } from './urls.ts';

/** Tells until the result is called. */
export function startVerbose(tell: (line: string) => void): () => void {
  const listeners = Object.entries(linesOf(tell));
  for (const [name, listener] of listeners) subscribe(name, listener as (message: unknown) => void);
  return () => {
    for (const [name, listener] of listeners) unsubscribe(name, listener as (message: unknown) => void);
  };
}

type Listeners = { readonly [Name in keyof TraceMessages]?: (message: TraceMessages[Name]) => void };

function linesOf(tell: (line: string) => void): Listeners {
  return {
    'dugong:connection:create': ({ origin }) => tell(`* connecting to ${origin}`),
    'dugong:connection:open': ({ connection, origin }) => {
      const { remoteAddress, remotePort } = connection;
      tell(`* connected to ${origin}${remoteAddress === undefined ? '' : ` (${remoteAddress} port ${remotePort})`}`);
    },
    'dugong:connection:error': ({ origin, error }) => tell(`* not connected to ${origin}: ${messageOf(error)}`),
    'dugong:request:send': ({ request }) => {
      const { method, origin, path, headers } = request;
      tell(`> ${method} ${withoutUserinfo(origin + path)}`);
      for (const line of fieldLines(pairs(headers))) tell(`> ${line}`);
    },
    'dugong:request:headers': ({ response }) => {
      const { httpVersion, status, reason, headers } = response;
      tell(`< HTTP/${httpVersion} ${status} ${reason}`);
      for (const line of fieldLines(headers)) tell(`< ${line}`);
    },
    'dugong:request:error': ({ request, error }) => {
      tell(`* ${request.method} ${withoutUserinfo(request.origin + request.path)}: ${messageOf(error)}`);
    },
  };
}

function fieldLines(headers: HTTPHeaders): string[] {
  return [...headers.withoutSecrets()].map(([name, value]) => `${name}: ${value}`);
}

/** The fields of a list in which names and values alternate. */
function pairs(list: readonly string[]): HTTPHeaders {
  const headers = new HTTPHeaders();
  for (let index = 0; index < list.length; index += 2) headers.append(list[index] ?? '', list[index + 1] ?? '');
  return headers;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
