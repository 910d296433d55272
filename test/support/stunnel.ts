/** A real stunnel, which takes TLS off before a proxy that speaks none, with OpenSSL. Debian: stunnel4. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';
import { installCertificate, type RealProxy, startRealProxy } from './real-proxy.ts';

/** Clients connect to this proxy in place of `proxy`, which ends with it. */
export async function startStunnel(proxy: RealProxy, certificate: Certificate): Promise<RealProxy> {
  const options = (port: number) => ({
    program: 'stunnel',
    ready: /Configuration successful/,
    prepare(folder: string): string[] {
      const path = join(folder, 'stunnel.conf');
      const { cert, key } = installCertificate(certificate, folder);
      const lines = [
        // It must write little: a full pipe would stop it while the test's thread is blocked.
        ...['foreground = yes', 'pid =', 'syslog = no', 'debug = notice', '[proxy]'],
        ...[`accept = 127.0.0.1:${port}`, `connect = 127.0.0.1:${proxy.port}`, `cert = ${cert}`, `key = ${key}`],
      ];
      writeFileSync(path, `${lines.join('\n')}\n`);
      return [path];
    },
  });
  const front = await startRealProxy({ certificate }, options);
  front.before(proxy);
  return front;
}
