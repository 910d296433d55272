/** Requests, as servers of the world read them. */

import type { Acting, Conversation } from './actors.ts';
import type { SeenRequest } from './exchanges.ts';

/** Bytes at a time, and milliseconds before each. */
export interface Pace {
  readonly size: number;
  readonly pause: number;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) (HTTP\/1\.[01])$/;

/** What has come when a stream ends within a head. */
export const HALF = 'half a request, and the end';

/** Undefined at the end of the stream; a text: why the bytes are no request. */
export function* coReadHead(talk: Conversation): Acting<SeenRequest | string | undefined> {
  const head = yield* talk.readThrough('\r\n\r\n');
  if (head === undefined) return talk.left.length > 0 ? HALF : undefined;
  const [first = '', ...lines] = head.slice(0, -4).split('\r\n');
  const [, method, target, version] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined || version === undefined)
    return `no request: ${first.slice(0, 100)}`;
  const headers = new Map(lines.map((line) => fieldOf(line)));
  const connection = talk.endpoint.name;
  const complete = !hasBody(headers);
  if (talk.world.traced) talk.world.note(connection, `has the head of ${method} ${target}`);
  const body = Buffer.alloc(0);
  return { connection, method, target, version, headers, body, complete, trailers: new Map(), granted: false };
}

/** Reads the rest of the body. `coPart` is given each part when it has arrived. */
export function* coReadBody(
  talk: Conversation,
  request: SeenRequest,
  pace?: Pace,
  coPart?: (part: Buffer) => Acting<void>,
): Acting<void> {
  if (request.complete) return;
  const length = request.headers.get('content-length');
  const chunked = request.headers.has('transfer-encoding');
  request.complete = chunked
    ? yield* coReadChunks(talk, request, pace, coPart)
    : yield* coReadPart(talk, request, Number(length), pace, coPart);
}

function* coReadChunks(talk: Conversation, request: SeenRequest, pace?: Pace, coPart?: CoPart): Acting<boolean> {
  for (;;) {
    const line = yield* talk.readThrough('\r\n');
    if (line === undefined) return false;
    const size = Number.parseInt(line, 16);
    if (size === 0) break;
    if (!(yield* coReadPart(talk, request, size, pace, coPart))) return false;
    if ((yield* talk.readBytes(2)).toString('latin1') !== '\r\n') return false;
  }
  for (;;) {
    const line = yield* talk.readThrough('\r\n');
    if (line === undefined || line === '\r\n') return line !== undefined;
    request.trailers.set(...fieldOf(line.slice(0, -2)));
  }
}

type CoPart = (part: Buffer) => Acting<void>;

/** Reads as one part, or, with `coPart`, in the parts that arrive. False if the stream ends before. */
function* coReadPart(
  talk: Conversation,
  request: SeenRequest,
  length: number,
  pace?: Pace,
  coPart?: CoPart,
): Acting<boolean> {
  let left = length;
  while (left > 0) {
    const part = yield* talk.readBytes(coPart === undefined ? left : Math.min(left, pace?.size ?? 1000), pace);
    if (part.length === 0) return false;
    request.body = request.body.length === 0 ? part : Buffer.concat([request.body, part]);
    left -= part.length;
    if (coPart !== undefined) yield* coPart(part);
  }
  return true;
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function hasBody(headers: ReadonlyMap<string, string>): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}
