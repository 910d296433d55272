/**
 * The header fields of a fetch. The platform's Headers say what names and values are, but forget the case of names, which callers
 * that give pairs or a record have chosen (Fetch, "append" to a header list).
 */

import { HTTPHeaders } from '../http1/headers.ts';

/** They speak of a connection, which a fetch has none of: what was taken over from another request is not sent on. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set(['expect', 'keep-alive', 'upgrade']);
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set(['close', 'keep-alive']);

/**
 * What was given as `headers`, read once: a list of pairs as the platform takes it, or what it is to decide about.
 * @throws what the caller's iterators and conversions throw
 */
export function givenFields(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null || headers instanceof Headers) return headers;
  if (!(Symbol.iterator in headers) || typeof headers[Symbol.iterator] !== 'function') {
    return ownEntries(headers);
  }
  return Array.from(headers as Iterable<unknown>, (pair) =>
    typeof pair === 'object' && pair !== null ? Array.from(pair as Iterable<unknown>, (part) => `${part}`) : pair,
  );
}

/** As Web IDL reads a record: a symbol as a key is a TypeError. */
function ownEntries(record: object): (readonly [string, string])[] {
  return Reflect.ownKeys(record)
    .filter((key) => Object.prototype.propertyIsEnumerable.call(record, key))
    .map((key) => [`${key as string}`, `${Reflect.get(record, key)}`]);
}

/** What the platform has made of `given`, names in their case there: of several lines, that of the first. @throws TypeError */
export function fieldsInCase(given: unknown, checked: Headers | undefined): HTTPHeaders {
  if (checked === undefined) return new HTTPHeaders();
  const cases = new Map<string, string>();
  if (Array.isArray(given)) {
    for (const [name] of given as [string, string][]) {
      const key = name.toLowerCase();
      if (!cases.has(key)) cases.set(key, name);
    }
  }
  const fields = new HTTPHeaders();
  // In the order of the caller: that of Headers is alphabetical.
  for (const name of cases.size > 0 ? cases.values() : new Set(checked.keys())) {
    if (/^set-cookie$/i.test(name)) for (const value of checked.getSetCookie()) fields.append(name, value);
    else fields.append(name, checked.get(name) as string);
  }
  assertOfRequest(fields);
  return fields;
}

/** @throws TypeError for those that Node's fetch refuses, too */
function assertOfRequest(fields: HTTPHeaders): void {
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (OF_CONNECTIONS.has(key) || (key === 'connection' && !CONNECTION_OPTIONS.has(value.toLowerCase()))) {
      throw new TypeError(
        `fetch does not send this field of a connection: ${name}; HTTPConnection has options for some`,
      );
    }
  }
}
