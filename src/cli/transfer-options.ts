/**
 * The options of the engine, from the flags: pace, retries, limits, credentials of hosts, cookies.
 */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TransferOptions } from '../index.ts';
import type { Cookies } from './cookies.ts';
import type { Given } from './given.ts';
import { takenAway } from './request.ts';
import { routingOf } from './routing.ts';
import { reasonOf, UsageError } from './usage-error.ts';

const REDIRECTS = 20;
/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;

type Hooks = Pick<TransferOptions, 'beforeRequest' | 'afterResponse'>;

/** The options of the engine; `jar` saves the cookies at the end. */
export interface TransferSetup {
  readonly options: TransferOptions;
  readonly jar: Cookies | undefined;
}

/** Makes the options. `follows`: whether redirects are followed without -L. @throws UsageError */
export async function transferSetup(
  given: Given,
  { signal, follows }: { signal: AbortSignal; follows: boolean },
): Promise<TransferSetup> {
  const { connections, pipeline, retry, retryMaxTime, maxTime, maxFilesize, limitRate, location } = given;
  const { connectTimeout = CONNECT_TIMEOUT, maxRedirs = REDIRECTS } = given;
  const jar = await cookieJar(given);
  const options: TransferOptions = {
    ...routingOf({ ...given, connectTimeout }),
    ...(connections !== undefined && { connections }),
    ...(pipeline !== undefined && { depth: pipeline }),
    ...(retry !== undefined && { attempts: retry + 1 }),
    // What -m leaves no time for is not tried again.
    retryMaxTime: retryMaxTime ?? maxTime ?? 0,
    ...(maxTime !== undefined && { timeout: maxTime, headersTimeout: maxTime }),
    ...(maxFilesize !== undefined && { maxSize: maxFilesize }),
    ...(limitRate !== undefined && { bytesPerSecond: limitRate }),
    redirects: location || follows ? maxRedirs : 0,
    signal,
    ...(await hooks(given, jar)),
  };
  return { options, jar };
}

async function cookieJar({ cookie = [], cookieJar: write }: Given): Promise<Cookies | undefined> {
  const read = cookie.filter((each) => !each.includes('='));
  if (read.length === 0 && write === undefined) return undefined;
  const { openCookieJar } = await import('./cookies.ts');
  return await openCookieJar({ read, ...(write !== undefined && { write }) });
}

/** Cookies and passwords of ~/.netrc go to the servers that they are for, redirects included. */
async function hooks(given: Given, jar: Cookies | undefined): Promise<Hooks> {
  const unwanted = takenAway(given);
  const netrc = given.netrc && !unwanted.includes('Authorization') ? await readNetrc() : undefined;
  if (netrc === undefined && jar === undefined && unwanted.length === 0) return {};
  return {
    beforeRequest: ({ url, headers }) => {
      for (const name of unwanted) headers.delete(name);
      const login = headers.has('Authorization') ? undefined : netrc?.for(url.hostname);
      if (login !== undefined) headers.set('Authorization', basic(`${login.login}:${login.password}`));
      const cookies = jar?.header(url.href);
      if (cookies) headers.set('Cookie', [headers.get('Cookie'), cookies].filter(Boolean).join('; '));
    },
    afterResponse: ({ headers }, { url }) => jar?.store(headers.getAll('Set-Cookie'), url.href),
  };
}

async function readNetrc(): Promise<import('./netrc.ts').Netrc> {
  const file = process.env['NETRC'] ?? join(homedir(), '.netrc');
  const { parseNetrc } = await import('./netrc.ts');
  try {
    return parseNetrc(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`-n: ${file}: ${reasonOf(error)}`);
  }
}

function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}
