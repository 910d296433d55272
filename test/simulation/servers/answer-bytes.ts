/** The bytes of responses, right ones and wrong ones. */

import type { Answer } from './exchanges.ts';

/** Whether a response of this kind has a body on the wire (RFC 9112 6.3). */
export function hasContent(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

/** How the response ends the connection, by its version if by nothing else. */
export function closeOf({ version = '1.1', keepAlive = false, close, framing }: Answer): Answer['close'] {
  if (close !== undefined) return close;
  return framing === 'close' || (version === '1.0' && !keepAlive) ? 'unannounced' : undefined;
}

export function headOf(answer: Answer): string {
  const { status = 200, version = '1.1', headers = [], malformed } = answer;
  if (malformed === 'endless-head') return `HTTP/1.1 ${status} Simulated\r\n${'X-Endless: more\r\n'.repeat(10)}`;
  const lines = [malformed === 'status-line' ? 'Simulated' : `HTTP/${version} ${status} Simulated`, ...headers];
  if (malformed === 'version') lines[0] = `HTTP/9.1 ${status} Simulated`;
  if (malformed === 'switching') lines[0] = 'HTTP/1.1 101 Simulated';
  if (malformed === 'field') lines.push('no field at all');
  lines.push(...framingFields(answer, status));
  if (answer.close === 'announced') lines.push('Connection: close');
  else if (answer.keepAlive === true) lines.push('Connection: Keep-Alive');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function framingFields({ body, framing = 'length', malformed }: Answer, status: number): string[] {
  const length = body?.length ?? 0;
  const fields: string[] = [];
  if (malformed === 'length') fields.push('Content-Length: 5x');
  else if (framing === 'length' && status !== 204) fields.push(`Content-Length: ${length}`);
  if (malformed === 'two-lengths') fields.push(`Content-Length: ${length}`, `Content-Length: ${length + 1}`);
  if (malformed === 'length-and-chunks') fields.push(`Content-Length: ${length}`, 'Transfer-Encoding: chunked');
  else if (framing === 'chunked' && status !== 204) fields.push('Transfer-Encoding: chunked');
  return fields;
}

export function chunk(content: Uint8Array, extension: string = ''): Buffer {
  return Buffer.concat([Buffer.from(`${content.length.toString(16)}${extension}\r\n`), content, Buffer.from('\r\n')]);
}

export function lastChunk({ trailers = [] }: Answer): Buffer {
  return Buffer.from(`0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`);
}

export function framed(body: Buffer, answer: Answer): Buffer {
  const { framing = 'length', chunks = [1000], extensions = [''], malformed } = answer;
  if (framing !== 'chunked') return body;
  const parts: Buffer[] = [];
  for (let start = 0, index = 0; start < body.length; index++) {
    const part = body.subarray(start, start + (chunks[index % chunks.length] as number));
    parts.push(chunk(part, extensions[index % extensions.length]));
    start += part.length;
  }
  if (malformed === 'chunk-size') parts.push(Buffer.from('xyz\r\n'));
  if (malformed === 'chunk-end') parts.push(Buffer.from('1\r\nabc\r\n'));
  parts.push(lastChunk(answer));
  return Buffer.concat(parts);
}
