/**
 * The header fields of a fetch. The platform's Headers check names and values, but make the names lower-case. This
 * module restores the case in which the caller wrote them in pairs or a record (Fetch, "append" to a header list).
 */

import { HTTPHeaders } from '../http1/headers.ts';

/** Fields about a connection, which a fetch does not have. They were copied from another request and are refused. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set(['expect', 'keep-alive', 'upgrade']);
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set(['close', 'keep-alive']);

/**
 * Reads `headers` once: returns a list of pairs as the platform accepts it, or a value that the platform must check.
 * @throws any error of the caller's iterators and conversions
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

/** Reads a record as Web IDL does: a symbol as a key is a TypeError. */
function ownEntries(record: object): (readonly [string, string])[] {
  return Reflect.ownKeys(record)
    .filter((key) => Object.prototype.propertyIsEnumerable.call(record, key))
    .map((key) => [`${key as string}`, `${Reflect.get(record, key)}`]);
}

/**
 * The checked fields with names in the case of `given`; several lines with one name get the case of the first. @throws
 * TypeError
 */
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
  // In the caller's order; Headers sort by name.
  for (const name of cases.size > 0 ? cases.values() : new Set(checked.keys())) {
    if (/^set-cookie$/i.test(name)) for (const value of checked.getSetCookie()) fields.append(name, value);
    else fields.append(name, checked.get(name) as string);
  }
  assertOfRequest(fields);
  return fields;
}

/** @throws TypeError for fields that Node's fetch refuses, too */
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
