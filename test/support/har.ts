/** What HAR 1.2 demands of an archive, with the types of its members (http://www.softwareishard.com/blog/har-12-spec/). */

import assert from 'node:assert/strict';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Check = (value: Json | undefined, at: string) => void;

const text: Check = (value, at) => assert.equal(typeof value, 'string', at);
const whole: Check = (value, at) => assert.ok(Number.isInteger(value) && Number(value) >= -1, at);
const duration: Check = (value, at) =>
  assert.ok(typeof value === 'number' && (value >= 0 || value === -1), `${at}: ${value}`);
const time: Check = (value, at) => assert.ok(typeof value === 'number' && value >= 0, at);
const date: Check = (value, at) => assert.match(String(value), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/, at);

function optional(check: Check): Check {
  return (value, at) => value === undefined || check(value, at);
}

function list(check: Check): Check {
  return (value, at) => {
    assert.ok(Array.isArray(value), at);
    for (const [index, each] of value.entries()) check(each, `${at}[${index}]`);
  };
}

/** An object with these members, comments, and own ones, which begin with "_". */
function object(members: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), at);
    for (const [name, check] of Object.entries(members)) check(value[name], `${at}.${name}`);
    const known = new Set([...Object.keys(members), 'comment']);
    const unknown = Object.keys(value).filter((name) => !known.has(name) && !name.startsWith('_'));
    assert.deepEqual(unknown, [], at);
  };
}

const fields = list(object({ name: text, value: text }));
const timings = object({
  ...{ blocked: duration, dns: duration, connect: duration, ssl: duration, send: time, wait: time, receive: time },
});
const request = object({
  ...{ method: text, url: (value, at) => assert.ok(URL.canParse(String(value)), at), httpVersion: text },
  ...{ cookies: fields, headers: fields, queryString: fields, headersSize: whole, bodySize: whole },
  postData: optional(object({ mimeType: text, text })),
});
const response = object({
  ...{ status: whole, statusText: text, httpVersion: text, cookies: fields, headers: fields, redirectURL: text },
  ...{ headersSize: whole, bodySize: whole, content: object({ size: whole, mimeType: text }) },
});
const entry = object({
  ...{ startedDateTime: date, time, request, response, cache: object({}), timings },
  ...{ serverIPAddress: optional(text), connection: optional(text) },
});
const har = object({
  log: object({
    ...{ version: text, creator: object({ name: text, version: text }), pages: list(object({})) },
    entries: list(entry),
  }),
});

/** The members that tests look at. */
export interface HarEntry {
  readonly startedDateTime: string;
  readonly time: number;
  readonly connection?: string;
  readonly serverIPAddress?: string;
  readonly _error?: string;
  readonly request: { readonly url: string; readonly headers: readonly { name: string; value: string }[] };
  readonly response: {
    readonly status: number;
    readonly bodySize: number;
    readonly content: { size: number; mimeType: string };
  };
  readonly timings: Readonly<
    Record<'blocked' | 'dns' | 'connect' | 'ssl' | 'send' | 'wait' | 'receive' | '_held', number>
  >;
}

/** Parses an archive. @throws AssertionError if it is none of HAR 1.2 */
export function parsedHar(archive: string): { readonly comment?: string; readonly entries: readonly HarEntry[] } {
  const parsed = JSON.parse(archive);
  har(parsed, 'har');
  assert.equal(parsed.log.version, '1.2');
  for (const { time, timings } of parsed.log.entries as HarEntry[]) {
    const { ssl: _, _held, ...parts } = timings;
    const sum = Object.values(parts).reduce((total, each) => total + Math.max(0, each), 0);
    assert.ok(Math.abs(sum - time) < 0.01, `the timings add up to ${sum}, not to ${time}`);
    assert.ok(_held <= timings.wait);
  }
  return parsed.log;
}
