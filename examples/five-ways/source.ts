/**
 * The source of the documents: the server of this example, started for the purpose, or the user's own servers.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { AnnouncedDocument, Announcement } from './documents.ts';
import type { Origin } from './fetch-documents.ts';
import type { Expected } from './verify.ts';

export interface Source extends Disposable {
  /** For the heading: what is fetched from where. */
  readonly title: string;
  readonly origins: readonly Origin[];
  /** What each document must be; undefined: not known, it must only be the same in every way. */
  readonly expected: readonly Expected[] | undefined;
}

/** Starts the document server in a process of its own. */
export async function startDocumentServer(count: number): Promise<Source> {
  const server = fork(new URL('./document-server.ts', import.meta.url), [String(count)]);
  const { hostname, port, documents } = await announcement(server);
  return {
    title: `${documents.length} documents from http://${hostname}:${port}/, a process of its own`,
    origins: [{ hostname, port, tls: false, paths: documents.map(({ path }) => path) }],
    expected: documents.map(expectation),
    [Symbol.dispose]: () => {
      if (server.connected) server.disconnect();
    },
  };
}

function announcement(server: ChildProcess): Promise<Announcement> {
  return new Promise((resolve, reject) => {
    server.once('message', (message) => resolve(message as Announcement));
    server.once('error', reject);
    server.once('exit', (code, signal) => reject(new Error(`the document server ended (${signal ?? code})`)));
  });
}

function expectation(document: AnnouncedDocument): Expected {
  const { path } = document;
  return 'missing' in document ? { path, status: 404 } : { path, status: 200, sha256: document.sha256 };
}

/** Documents of the user's servers, one connection per origin. @throws TypeError on what is no http or https URL */
export function fromURLs(urls: readonly string[]): Source {
  const byOrigin = new Map<string, Origin & { paths: string[] }>();
  for (const url of urls) {
    const { protocol, origin, hostname, port, pathname, search } = parsed(url);
    const tls = protocol === 'https:';
    const group = byOrigin.get(origin) ?? { hostname, port: Number(port || (tls ? 443 : 80)), tls, paths: [] };
    group.paths.push(pathname + search);
    byOrigin.set(origin, group);
  }
  const title = `${urls.length} document${urls.length === 1 ? '' : 's'} from ${[...byOrigin.keys()].join(', ')}`;
  return { title, origins: [...byOrigin.values()], expected: undefined, [Symbol.dispose]: () => {} };
}

function parsed(url: string): URL {
  if (!URL.canParse(url)) throw new TypeError(`${url}: no URL; one looks like http://localhost:8080/index.html`);
  const taken = new URL(url);
  if (taken.protocol === 'http:' || taken.protocol === 'https:') return taken;
  throw new TypeError(`${url}: only http:// and https:// URLs can be fetched`);
}
