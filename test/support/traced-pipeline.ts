/**
 * Real pipelined requests that publish what a fetch publishes: one `request` object per attempt, several of them under way on one
 * connection, answered in order. It decides nothing about recovery: a lost connection fails all requests that it carried.
 */

import { channel } from 'node:diagnostics_channel';
import type { HTTPConnection, TracedRequest, TraceMessages } from 'dugong';

/** Publishes a message on a channel of the library. */
export function publish<Name extends keyof TraceMessages>(name: Name, message: TraceMessages[Name]): void {
  channel(name).publish(message);
}

/** The subject of messages. */
export function traced(origin: string, path: string, method = 'GET'): TracedRequest {
  const headers = ['Authorization', 'Bearer secret', 'Accept', '*/*'];
  return {
    ...{ method, origin, path, headers, completed: false, aborted: false },
    addHeader() {
      return this;
    },
  };
}

/** Connects as a fetch does. */
export async function connectTraced(connection: HTTPConnection, origin: string): Promise<void> {
  publish('dugong:connection:create', { connection, origin });
  try {
    await connection.promises.connect();
  } catch (error) {
    publish('dugong:connection:error', { connection, origin, error });
    throw error;
  }
  publish('dugong:connection:open', { connection, origin });
}

/** Fetches the paths, `depth` at a time in flight. Returns those that were not answered. */
export async function pipelineTraced(
  connection: HTTPConnection,
  origin: string,
  { paths, depth }: { readonly paths: readonly string[]; readonly depth: number },
): Promise<readonly string[]> {
  const sent: TracedRequest[] = [];
  let answered = 0;
  try {
    if (connection.connectedAt === undefined) await connectTraced(connection, origin);
    while (answered < paths.length) {
      if (sent.length - answered <= depth / 2) {
        connection.cork();
        for (const path of paths.slice(sent.length, answered + depth)) {
          sent.push(await send(connection, traced(origin, path)));
        }
        connection.uncork();
      }
      await receive(connection, sent[answered] as TracedRequest);
      answered++;
    }
  } catch (error) {
    for (const request of sent.slice(answered)) publish('dugong:request:error', { request, error });
  }
  return paths.slice(answered);
}

async function send(connection: HTTPConnection, request: TracedRequest): Promise<TracedRequest> {
  publish('dugong:request:create', { request });
  publish('dugong:request:send', { request, connection, reused: false });
  await connection.promises.sendRequest(request.method, request.path);
  publish('dugong:request:sent', { request });
  return request;
}

async function receive(connection: HTTPConnection, request: TracedRequest): Promise<void> {
  const response = await connection.promises.readResponse();
  publish('dugong:request:headers', { request, response });
  const { length: bytes } = await connection.promises.readAll();
  publish('dugong:request:end', { request, response, bytes });
}
