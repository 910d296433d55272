/**
 * HTTP/1.1 over any pair of byte streams: `dugong/http1` says which bytes to send and what the received ones mean, this
 * function carries them. It is all that a transport of your own needs (here: anything with Node's stream interface).
 */

import type { Readable, Writable } from 'node:stream';
import { ClientProtocol } from 'dugong/http1';

export interface Document {
  readonly path: string;
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Sends a GET for each path at once and yields the documents in order, as they come in. The streams stay the caller's to close.
 * @throws ConnectionClosed when a stream ends or fails before that: its `lostRequests` are those without a whole document
 */
export async function* fetchOverStream(
  input: Readable,
  output: Writable,
  host: string,
  paths: readonly string[],
): AsyncGenerator<Document, void, void> {
  const protocol = new ClientProtocol({ host });
  const chunks: AsyncIterator<Buffer> = input[Symbol.asyncIterator]();

  /** Takes what waits to be sent, writes the first part of it, and reports when that has left; then goes on with the rest. */
  const send = (): void => {
    const [bytes] = protocol.output.take();
    if (bytes === undefined) return;
    output.write(bytes, (error) => {
      if (error) return protocol.sendFailed(error);
      protocol.output.sent(bytes.length);
      send();
    });
  };
  /** Brings the next bytes to the protocol, or how the stream has ended. */
  const bring = async (): Promise<void> => {
    try {
      const { done, value } = await chunks.next();
      if (done) protocol.receivedEnd();
      else protocol.input.push(value);
    } catch (error) {
      protocol.receiveFailed(error);
    }
  };

  // The callback of write() hears of it, too, but a stream throws an error that has no listener.
  output.on('error', (error) => protocol.sendFailed(error));
  for (const path of paths) protocol.sendRequest('GET', path);
  send();
  while (protocol.responsePending) {
    const response = protocol.nextResponse();
    if (response === undefined) {
      await bring();
      continue;
    }
    const { body } = response;
    const parts: Buffer[] = [];
    while (body !== undefined) {
      const part = Buffer.allocUnsafe(65_536);
      const count = protocol.readBody(body, part, 0, part.length);
      if (count === 0) break;
      if (count === undefined) await bring();
      else parts.push(part.subarray(0, count));
    }
    yield { path: response.path, status: response.head.status, body: Buffer.concat(parts) };
  }
}
