/** A real tinyproxy: HTTP/1.0 answers to CONNECT, one request per connection, no TLS. Debian: tinyproxy-bin. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Demands, type RealProxy, startRealProxy } from './real-proxy.ts';
import { startStunnel } from './stunnel.ts';

/** With a certificate behind a stunnel. */
export async function startTinyproxy({ credentials, certificate }: Demands = {}): Promise<RealProxy> {
  const options = (port: number) => ({
    program: 'tinyproxy',
    ready: /Accepting connections/,
    prepare(folder: string): string[] {
      const path = join(folder, 'tinyproxy.conf');
      const lines = [
        `Port ${port}`,
        'Listen 127.0.0.1',
        'Allow 127.0.0.1',
        'Timeout 60',
        'MaxClients 50',
        'LogLevel Info',
      ];
      if (credentials !== undefined) lines.push(`BasicAuth ${credentials.user} ${credentials.password}`);
      writeFileSync(path, `${lines.join('\n')}\n`);
      return ['-d', '-c', path];
    },
  });
  const plain = await startRealProxy({ credentials }, options);
  return certificate === undefined ? plain : startStunnel(plain, certificate);
}
