/**
 * A registry of packages on loopback: the tarball that is tested, as dugong, and what this repository's node_modules has. Nothing
 * comes from elsewhere. It knows of the registry's protocol only what package managers ask for when they install.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { repository } from '../support/compiled.ts';
import { listen } from '../support/listen.ts';

interface Version {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly tarball: Buffer;
}

/** Managers can be told to take nothing that was published a moment ago, and some do by themselves. */
const PUBLISHED = '2026-01-01T00:00:00.000Z';

export class Registry implements AsyncDisposable {
  readonly #server: Server;
  readonly #origin: string;
  /** By name: one of each folder in node_modules that has it. */
  readonly #versions = new Map<string, Version[]>();

  private constructor(server: Server, port: number, tarball: string) {
    this.#server = server;
    this.#origin = `http://127.0.0.1:${port}/`;
    const manifest = JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }));
    this.#versions.set('dugong', [{ manifest, tarball: readFileSync(tarball) }]);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  /** @param tarball its path */
  static async start(tarball: string): Promise<Registry> {
    const server = createServer();
    return new Registry(server, await listen(server, { host: '127.0.0.1', port: 0 }), tarball);
  }

  get url(): string {
    return this.#origin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(url, this.#origin).pathname.slice(1));
    const [name = '', file] = path.split('/-/');
    const versions = this.#versionsOf(name);
    const found = versions.find((version) => fileOf(version) === file);
    if (method !== 'GET' || versions.length === 0) json(response, 404, { error: 'not found' });
    else if (file === undefined) json(response, 200, this.#document(name, versions));
    else if (found === undefined) json(response, 404, { error: 'not found' });
    else response.end(found.tarball);
  }

  #versionsOf(name: string): readonly Version[] {
    const known = this.#versions.get(name);
    if (known !== undefined) return known;
    const versions = foldersOf(name).map((folder) => ({
      manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
      tarball: packed(folder),
    }));
    this.#versions.set(name, versions);
    return versions;
  }

  #document(name: string, versions: readonly Version[]): object {
    const described = versions.map((version) => {
      const { manifest, tarball } = version;
      const dist = {
        tarball: `${this.#origin}${name}/-/${fileOf(version)}`,
        shasum: createHash('sha1').update(tarball).digest('hex'),
        integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
      };
      return [manifest.version, { ...manifest, dist }] as const;
    });
    const times = described.map(([version]) => [version, PUBLISHED] as const);
    return {
      name,
      'dist-tags': { latest: described.at(-1)?.[0] },
      versions: Object.fromEntries(described),
      time: { created: PUBLISHED, modified: PUBLISHED, ...Object.fromEntries(times) },
    };
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function fileOf({ manifest: { name, version } }: Version): string {
  return `${name.split('/').at(-1)}-${version}.tgz`;
}

const { packages } = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, object>>;
};

/** The folders that have a package of this name, one for each version of it. */
function foldersOf(name: string): string[] {
  const paths = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${name}`));
  return paths.map((path) => join(repository, path)).filter((folder) => existsSync(folder));
}

function packed(folder: string): Buffer {
  const args = ['--exclude=./node_modules', '--transform=s,^[.],package,', '-C', folder, '-czf', '-', '.'];
  return execFileSync('tar', args, { maxBuffer: 2 ** 28 });
}
