/**
 * The option `qs` of the drop-in for sync-request: added to the query of a URL in the syntax of the package qs, `a[b]=c` for
 * objects, `a[0]=b` for arrays.
 */

import { types } from 'node:util';

/** A value of `qs`: null is empty, undefined left out. */
export type QueryValue = unknown;

/** What is in `query` replaces what the URL has of that name. */
export function withQuery(url: string, query: Readonly<Record<string, QueryValue>>): string {
  const [, start = '', given = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? [];
  const fields = new Map<string, string[]>(byRoot(given));
  for (const [name, value] of Object.entries(query)) fields.set(name, [...encoded(encode(name), value)]);
  const text = [...fields.values()].flat().join('&');
  return `${start}${text === '' ? '' : `?${text}`}${fragment}`;
}

/** The fields of a query by what their names begin with; several of one name are an array, as qs reads them. */
function byRoot(query: string): Map<string, string[]> {
  const pairs = [...new URLSearchParams(query)];
  const roots = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const [root = ''] = name.split('[', 1);
    const several = pairs.filter(([other]) => other === name).length > 1 || name.endsWith('[]');
    const before = roots.get(root) ?? [];
    const key = several ? `${name.replace(/\[\]$/, '')}[${before.length}]` : name;
    roots.set(root, [...before, `${encode(key)}=${encode(value)}`]);
  }
  return roots;
}

function encoded(name: string, value: QueryValue): string[] {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return [];
  if (value === null) return [`${name}=`];
  if (types.isDate(value)) return [`${name}=${encode(value.toISOString())}`];
  if (typeof value !== 'object') return [`${name}=${encode(String(value))}`];
  return Object.entries(value).flatMap(([key, each]) => encoded(`${name}${encode(`[${key}]`)}`, each));
}

/** RFC 3986 2.3: all but the unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
