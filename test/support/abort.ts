import type { Socket } from 'node:net';

/**
 * Resets the connection (RST). A Unix socket, which has no RST, is only closed, and so is a socket whose FIN is under way:
 * resetAndDestroy() would leave that one open, and its thread could never end (Node 20 to 26: uv_tcp_close_reset(): EINVAL).
 */
export function abort(socket: Socket): void {
  const ending = socket.writableEnded && !socket.writableFinished;
  if (ending || socket.localPort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
