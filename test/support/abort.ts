import type { Socket } from 'node:net';

/**
 * RST; a Unix socket, which has none, is just closed, and so is one whose FIN is under way: that one resetAndDestroy() would
 * take for closed and leave open, and its thread could never end (Node 20 to 26: uv_tcp_close_reset() refuses with EINVAL).
 */
export function abort(socket: Socket): void {
  const ending = socket.writableEnded && !socket.writableFinished;
  if (ending || socket.localPort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
