/**
 * The option `qs` of the drop-in replacement for sync-request: adds to the query of a URL in the syntax of the package
 * qs, `a[b]=c` for objects, `a[0]=b` for arrays.
 */

/**
 * Adds `query` to the URL; it replaces fields of the same name. Values are converted by JSON, as the package does: null
 * becomes an empty value, undefined is left out. @throws TypeError for a value that JSON cannot represent
 */
export function withQuery(url: string, query: Readonly<Record<string, unknown>>): string {
  const [, start = '', given = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(url) ?? [];
  const fields = new Map<string, string[]>(byRoot(given));
  for (const [name, value] of Object.entries(asJSON(query))) fields.set(name, [...encoded(encode(name), value)]);
  const text = [...fields.values()].flat().join('&');
  return `${start}${text === '' ? '' : `?${text}`}${fragment}`;
}

function asJSON(query: object): object {
  return JSON.parse(JSON.stringify(query));
}

/** The fields of a query by the first part of their names. Several fields of one name are an array, as in qs. */
function byRoot(query: string): Map<string, string[]> {
  const pairs = [...new URLSearchParams(query)];
  const counts = new Map<string, number>();
  for (const [name] of pairs) counts.set(name, (counts.get(name) ?? 0) + 1);
  const roots = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const [root = ''] = name.split('[', 1);
    const several = (counts.get(name) ?? 0) > 1 || name.endsWith('[]');
    const fields = roots.get(root) ?? [];
    const key = several ? `${name.replace(/\[\]$/, '')}[${fields.length}]` : name;
    fields.push(`${encode(key)}=${encode(value)}`);
    roots.set(root, fields);
  }
  return roots;
}

function encoded(name: string, value: unknown): string[] {
  if (value === null) return [`${name}=`];
  if (typeof value !== 'object') return [`${name}=${encode(String(value))}`];
  return Object.entries(value).flatMap(([key, each]) => encoded(`${name}${encode(`[${key}]`)}`, each));
}

/** Percent-encodes all characters except the unreserved ones (RFC 3986 2.3). */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
