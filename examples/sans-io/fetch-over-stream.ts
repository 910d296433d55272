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

/** Sends a GET for each path at once and yields the documents in order, as they come in. */
export async function* fetchOverStream(
  input: Readable,
  output: Writable,
  host: string,
  paths: readonly string[],
): AsyncGenerator<Document, void, void> {
  const protocol = new ClientProtocol({ host });
  const chunks: AsyncIterator<Buffer> = input[Symbol.asyncIterator]();
  /** Brings the next bytes, or the end, to the protocol. */
  const bring = async (): Promise<void> => {
    const { done, value } = await chunks.next();
    if (done) protocol.receivedEnd();
    else protocol.buffer.push(value);
  };

  for (const path of paths) output.write(protocol.sendRequest('GET', path), 'latin1');
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
