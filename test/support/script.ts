/**
 * The language of scripts for one connection of a scripted server: a list of steps, each made by one
 * of these functions. Steps are plain data, since they travel to another thread; scripted-server-worker.ts plays them.
 *
 * Bytes given as a string are latin1. Reading goes on in the background from the start, so that a client's send
 * never waits for the script, until `stopReading()`.
 */

export interface Pace {
  /** Split into writes of this many bytes, each handed to the kernel before the next one is made. */
  chunk?: number;
  /** Milliseconds of pause after each write. */
  every?: number;
}

export type Step =
  | { readonly do: 'expect'; readonly bytes: Uint8Array }
  | { readonly do: 'expectHead' }
  | { readonly do: 'expectBytes'; readonly count: number }
  | { readonly do: 'expectAnything' }
  | { readonly do: 'expectEnd' }
  | { readonly do: 'send'; readonly bytes: Uint8Array; readonly pace: Pace; readonly peerMayLeave: boolean }
  | { readonly do: 'sendForever'; readonly bytes: Uint8Array; readonly pace: Pace; readonly limit: number }
  | { readonly do: 'gate'; readonly name: string }
  | { readonly do: 'mark'; readonly name: string }
  | { readonly do: 'delay'; readonly ms: number }
  | { readonly do: 'stopReading' }
  | { readonly do: 'end' }
  | { readonly do: 'close' }
  | { readonly do: 'reset' }
  | { readonly do: 'loop'; readonly count: number; readonly steps: Script };

/** The steps on one connection. After them, the connection stays open, and further bytes are a failure. */
export type Script = readonly Step[];

/** The next bytes are exactly these. */
export function expect(bytes: string | Uint8Array): Step {
  return { do: 'expect', bytes: bytesOf(bytes) };
}

/** The next bytes are any head: reads through CRLF CRLF. See `ScriptedServer.heads`. */
export function expectHead(): Step {
  return { do: 'expectHead' };
}

/** The next `count` bytes are any bytes. */
export function expectBytes(count: number): Step {
  return { do: 'expectBytes', count };
}

/** From here on any bytes may arrive, or none. They are counted but not kept. */
export function expectAnything(): Step {
  return { do: 'expectAnything' };
}

/** Nothing more arrives: the peer closes its sending side or the whole connection, in any way. */
export function expectEnd(): Step {
  return { do: 'expectEnd' };
}

/** Sends these bytes and waits until the kernel has taken them all. `peerMayLeave`: failing to is no failure of the script. */
export function send(bytes: string | Uint8Array, options: Pace & { peerMayLeave?: boolean } = {}): Step {
  const { peerMayLeave = false, ...pace } = options;
  return { do: 'send', bytes: bytesOf(bytes), pace, peerMayLeave };
}

/** Repeats these bytes, no faster than they are read, until the peer goes away; it must before `limit` (1 GiB). */
export function sendForever(bytes: string | Uint8Array, options: Pace & { limit?: number } = {}): Step {
  const { limit = 2 ** 30, ...pace } = options;
  return { do: 'sendForever', bytes: bytesOf(bytes), pace, limit };
}

/** Waits until the test calls `server.open(name)`. An open gate stays open. */
export function gate(name: string): Step {
  return { do: 'gate', name };
}

/** Tells the test that the script has come this far: `server.waitFor(name)`, `await server.reached(name)`. */
export function mark(name: string): Step {
  return { do: 'mark', name };
}

/** Lets time pass. Only where time matters; to wait for something, use `gate`. */
export function delay(ms: number): Step {
  return { do: 'delay', ms };
}

/** Leaves further bytes in the kernel, so that the peer's send blocks, until the next step that expects something. */
export function stopReading(): Step {
  return { do: 'stopReading' };
}

/** Closes the server's sending side (FIN) and goes on reading. */
export function end(): Step {
  return { do: 'end' };
}

/** Closes the connection, as close(2): a FIN, or a reset if unread bytes have arrived. */
export function close(): Step {
  return { do: 'close' };
}

/** Aborts the connection (RST). */
export function reset(): Step {
  return { do: 'reset' };
}

/** Does these steps `count` times. */
export function loop(count: number, steps: Script): Step {
  return { do: 'loop', count, steps };
}

function bytesOf(bytes: string | Uint8Array): Uint8Array {
  return Uint8Array.from(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
}
