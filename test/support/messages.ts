/**
 * HTTP messages as strings of latin1 characters: what this client sends for a call, and what scripted servers answer.
 */

/** The head that this client sends. `own` are the caller's field lines, `framing` those that the client adds at the end. */
export function requestHead(
  authority: string,
  line: string,
  fields: { own?: readonly string[]; framing?: readonly string[] } = {},
): string {
  const { own = [], framing = [] } = fields;
  return head(`${line} HTTP/1.1`, [`Host: ${authority}`, ...own, 'Accept-Encoding: identity', ...framing]);
}

/** A response of any status, as it stands: no field is added. */
export function response(status: string, fields: readonly string[] = [], body: string = ''): string {
  return head(`HTTP/1.1 ${status}`, fields) + body;
}

/** 200 with this body and its length. */
export function ok(body: string | Uint8Array, ...fields: readonly string[]): string {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
  return response('200 OK', [`Content-Length: ${text.length}`, ...fields], text);
}

/** 200 with a body in these chunks. */
export function chunkedResponse(chunks: readonly (string | Uint8Array)[], trailers: readonly string[] = []): string {
  return response('200 OK', ['Transfer-Encoding: chunked'], chunked(chunks, trailers));
}

/** A body in these chunks (RFC 9112 7.1). */
export function chunked(chunks: readonly (string | Uint8Array)[], trailers: readonly string[] = []): string {
  const texts = chunks.map((chunk) => (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')));
  const parts = texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`);
  return `${parts.join('')}${head('0', trailers)}`;
}

function head(line: string, fields: readonly string[]): string {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n`;
}
