/**
 * HTTP/1.1 over any pair of byte streams: `dugong/http1` says which bytes to send and what the received ones mean; this
 * function carries them. A transport of your own needs no more than this (here: anything with Node's stream interface).
 */

import type { Readable, Writable } from 'node:stream';
import { ClientProtocol } from 'dugong/http1';

export interface Document {
  readonly path: string;
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Sends a GET for each path at once and yields the documents in order, as they arrive. The caller closes the streams.
 * @throws ConnectionClosed when a stream ends or fails before that: its `lostRequests` are the requests without a whole document
 */
export async function* fetchOverStream(
  input: Readable,
  output: Writable,
  host: string,
  paths: readonly string[],
): AsyncGenerator<Document, void, void> {
  const protocol = new ClientProtocol({ host });
  const chunks: AsyncIterator<Buffer> = input[Symbol.asyncIterator]();

  /** Takes the waiting bytes, writes the first part of them, and reports it once it has left; then goes on with the rest. */
  const send = (): void => {
    const [bytes] = protocol.output.take();
    if (bytes === undefined) return;
    output.write(bytes, (error) => {
      if (error) return protocol.sendFailed(error);
      protocol.output.sent(bytes.length);
      send();
    });
  };
  /** Gives the protocol the next bytes, or the end of the stream. */
  const bring = async (): Promise<void> => {
    try {
      const { done, value } = await chunks.next();
      if (done) protocol.receivedEnd();
      else protocol.input.push(value);
    } catch (error) {
      protocol.receiveFailed(error);
    }
  };

  // The callback of write() gets the error, too, but a stream without a listener throws it.
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
