/**
 * What Node's own HTTP client (llhttp behind node:http, strict) and this client make of the same bytes, as plain data for a
 * comparison. Both get all bytes at once and then the end of the connection; both are in memory.
 */

import { type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import { ClientProtocol } from 'dugong/http1';

/** Accepted with this status and body, or refused with the reason. */
export type Verdict =
  | { readonly accepted: true; readonly status: number; readonly body: string; readonly trailers: string[] }
  | { readonly accepted: false; readonly reason: string };

export type Ending = 'close' | 'reset';

/** The verdict of node:http. Nothing of the exchange is left after it. */
export async function nodeVerdict(method: string, wire: Buffer, ending: Ending): Promise<Verdict> {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const outgoing = request({
    createConnection: () => stream,
    method,
    path: method === 'CONNECT' ? 'origin.example:443' : '/',
    headers: { Host: 'origin.example' },
    insecureHTTPParser: false,
    // The same limits as this client's, so that limits do not make a difference.
    maxHeaderSize: 200_000,
  });
  // Fields beyond this number would be dropped silently.
  outgoing.maxHeadersCount = 0;
  let response: IncomingMessage | undefined;
  // The first error is the cause of the others.
  let reason: string | undefined;
  const parts: Buffer[] = [];
  const keep = (message: IncomingMessage): void => {
    response = message;
    message.on('data', (part: Buffer) => parts.push(part));
    message.on('error', (error) => {
      reason ??= describe(error);
    });
  };
  outgoing.on('response', keep);
  outgoing.on('connect', (message: IncomingMessage) => {
    keep(message);
    message.complete = true;
  });
  outgoing.on('error', (error) => {
    reason ??= describe(error);
  });
  outgoing.end();
  await settled();
  stream.push(wire);
  await settled();
  if (ending === 'close') stream.push(null);
  else stream.destroy(new Error('reset'));
  await settled();
  stream.destroy();
  if (response === undefined || !response.complete) return { accepted: false, reason: reason ?? 'no response' };
  const body = Buffer.concat(parts).toString('latin1');
  return { accepted: true, status: response.statusCode ?? 0, body, trailers: response.rawTrailers };
}

function describe(error: Error & { code?: string; reason?: string }): string {
  return [error.code, error.reason ?? error.message].join(' ');
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

/** The verdict of this client. */
export function ourVerdict(method: string, wire: Buffer, ending: Ending): Verdict {
  const protocol = new ClientProtocol({ host: 'origin.example' });
  protocol.sendRequest(method, method === 'CONNECT' ? 'origin.example:443' : '/');
  protocol.input.push(wire);
  if (ending === 'close') protocol.receivedEnd();
  else protocol.receiveFailed(new Error('reset'));
  try {
    const response = protocol.nextResponse();
    if (response === undefined) return { accepted: false, reason: 'incomplete' };
    const { head, body: decoder } = response;
    let body = '';
    const target = Buffer.alloc(65_536);
    for (let count: number | undefined = -1; decoder !== undefined && count !== 0; ) {
      count = protocol.readBody(decoder, target, 0, target.length);
      if (count === undefined) return { accepted: false, reason: 'incomplete' };
      body += target.toString('latin1', 0, count);
    }
    return { accepted: true, status: head.status, body, trailers: decoder?.trailers.raw() ?? [] };
  } catch (error) {
    return { accepted: false, reason: `${(error as Error).name}: ${(error as Error).message}` };
  }
}

/** The difference between the two; undefined if they agree. The reasons of two refusals are not compared. */
export function difference(
  ours: Verdict,
  nodes: Verdict,
): 'we refuse' | 'Node refuses' | 'read differently' | undefined {
  if (!ours.accepted) return nodes.accepted ? 'we refuse' : undefined;
  if (!nodes.accepted) return 'Node refuses';
  const same = ours.status === nodes.status && ours.body === nodes.body;
  return same ? undefined : 'read differently';
}
