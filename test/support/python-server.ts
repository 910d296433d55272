/** A real HTTP/1.0 server, `python3 -m http.server`: it ends the connection after each response. */

import { type Daemon, startDaemon } from './daemon.ts';

export interface PythonServer extends AsyncDisposable {
  readonly port: number;
}

/** Starts one for the files of a folder, on loopback. */
export async function startPythonServer(folder: string): Promise<PythonServer> {
  const server = ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1', '--directory', folder];
  const daemon: Daemon = await startDaemon({ program: 'python3', prepare: () => server, ready: /port \d+/ });
  return {
    port: Number(/port (\d+)/.exec(daemon.output)?.[1]),
    [Symbol.asyncDispose]: () => daemon.stop(),
  };
}
