import type { AddressInfo, Server } from 'node:net';

/** A host, whose port the kernel chooses, or the path of a Unix socket. */
export type Where = { host: string; port: 0 } | { path: string; backlog?: number };

/** Resolves to the port when the server is listening: 0 for a Unix socket. */
export async function listen(server: Server, where: Where): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, resolve);
  });
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string' ? 0 : address.port;
}
