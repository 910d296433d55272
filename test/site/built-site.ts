/** The built documentation site, as files: pages, what they link to, what can be linked to. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { inflateSync } from 'node:zlib';
import { repository } from '../support/compiled.ts';

export const SITE: string = join(repository, 'docs/site');

export interface Link {
  /** The page that has it. */
  readonly from: string;
  readonly href: string;
}

interface NavigationElement {
  readonly path?: string;
  readonly children?: readonly NavigationElement[];
}

/** All files, as paths within the site. */
export function files(): string[] {
  return readdirSync(SITE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => posix.join(parentPath.slice(SITE.length + 1), name))
    .sort();
}

export function contentOf(file: string): string {
  return readFileSync(join(SITE, file), 'utf8');
}

/** What a page names in its tags, of whatever kind. */
export function linksOf(page: string): Link[] {
  return [...contentOf(page).matchAll(/<[a-z]+\s[^>]*?\b(?:href|src)="([^"]*)"/g)].map(({ 1: href = '' }) => ({
    from: page,
    href: href.replaceAll('&amp;', '&'),
  }));
}

export function anchorsOf(page: string): Set<string> {
  return new Set([...contentOf(page).matchAll(/\bid="([^"]*)"/g)].map(({ 1: id = '' }) => id));
}

/** What the navigation and the search lead to. */
export function scriptedLinks(): Link[] {
  const elements = compressed<readonly NavigationElement[]>('navigation.js').flatMap(withChildren);
  const { rows } = compressed<{ readonly rows: readonly { readonly url: string }[] }>('search.js');
  return [...elements.flatMap(({ path }) => path ?? []), ...rows.map(({ url }) => url)].map((href) => ({
    from: 'index.html',
    href,
  }));
}

function withChildren(element: NavigationElement): NavigationElement[] {
  return [element, ...(element.children ?? []).flatMap(withChildren)];
}

/** The value of a script of the site that is a compressed string. */
function compressed<Value>(script: string): Value {
  const text = /"(.*)"/s.exec(contentOf(`assets/${script}`))?.[1] ?? '';
  return JSON.parse(inflateSync(Buffer.from(text, 'base64')).toString()) as Value;
}

/** Where a link leads, within the site, or what is wrong with it; undefined for one that leads out of it. */
export function targetOf({ from, href }: Link): { readonly file: string; readonly anchor: string } | undefined {
  if (/^(?:https?|mailto|data):/.test(href)) return undefined;
  const [path = '', anchor = ''] = href.split('#');
  return { file: path === '' ? from : posix.join(posix.dirname(from), decodeURI(path)), anchor: decodeURI(anchor) };
}
