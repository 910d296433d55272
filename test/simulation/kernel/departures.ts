/**
 * The client's bytes that the kernel has taken, before they are encrypted: they show whether a request has begun to leave. One
 * that has not cannot have reached a server, whatever became of the connection.
 */

/** Most bytes of the first line of a request. */
const LONGEST_LINE = 200;

export class Departures {
  /** By connection, in the order of their first bytes. */
  readonly #streams = new Map<object, Buffer[]>();

  /** The kernel has taken `count` bytes of these buffers, behind the first `skip`. */
  note(connection: object, buffers: readonly Uint8Array[], skip: number, count: number): void {
    const parts = this.#streams.get(connection) ?? [];
    if (parts.length === 0) this.#streams.set(connection, parts);
    let start = skip;
    let left = count;
    for (const buffer of buffers) {
      const part = buffer.subarray(start, start + left);
      start = Math.max(0, start - buffer.length);
      left -= part.length;
      // A caller may use its memory again.
      if (part.length > 0) parts.push(Buffer.from(part));
    }
  }

  /** Number of requests of this kind of which a byte has left. It rather counts too many than too few. */
  count(method: string, hostname: string, target: string): number {
    const lines = [`${method} ${target} HTTP/1.1\r\n`, `${method} http://${hostname}${target} HTTP/1.1\r\n`];
    let count = 0;
    for (const parts of this.#streams.values()) {
      const text = Buffer.concat(parts).toString('latin1');
      for (const line of lines) count += text.split(line).length - 1;
      if (lines.some((line) => endsWithin(text, line))) count++;
    }
    return count;
  }
}

/** Whether the end of the text is the beginning of the line, and not all of it. */
function endsWithin(text: string, line: string): boolean {
  const end = text.slice(-LONGEST_LINE);
  for (let length = 1; length < line.length; length++) if (end.endsWith(line.slice(0, length))) return true;
  return false;
}
