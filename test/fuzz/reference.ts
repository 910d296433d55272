/**
 * A second reading of responses, for comparison: all bytes at once, as latin1 text, by regular expressions that are the ABNF of
 * RFC 9112 and RFC 9110. It shares no code with src/http1, says nothing of why it refuses, and has no limits.
 */

export type Pair = readonly [string, string];

/** A response that is there in full. */
export interface Message {
  readonly minor: number;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Pair[];
  readonly body: string;
  readonly trailers: readonly Pair[];
}

/** What a connection has brought. */
export interface Reading {
  readonly messages: readonly Message[];
  /** Of each message: bytes of the informational responses before it, and of its chunk extensions. */
  readonly skipped: readonly { readonly interim: number; readonly extensions: number }[];
  /** Whether the last of them is the last on its connection. */
  readonly last: boolean;
  /** Bytes behind it. */
  readonly rest: number;
}

/** Inner pieces of regular expressions. */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const TEXT = '\\t\\x20-\\x7e\\x80-\\xff';
const QUOTED = `"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[${TEXT}])*"`;
const BWS = '[ \\t]*';

const EMPTY_LINES = /(?:\r\n){0,2}/y;
const STATUS_LINE = new RegExp(`HTTP/1\\.([0-9]) ([1-9][0-9]{2})(?: ([${TEXT}]*))?\\r\\n`, 'y');
const FIELD = new RegExp(`(${TOKEN}):([${TEXT}]*(?:\\r\\n[ \\t][${TEXT}]*)*)\\r\\n`, 'y');
const CHUNK = new RegExp(
  `([0-9A-Fa-f]{1,20})((?:${BWS};${BWS}${TOKEN}(?:${BWS}=${BWS}(?:${TOKEN}|${QUOTED}))?)*)\\r\\n`,
  'y',
);
/** RFC 9110 6.5.1: what decides framing, routing, authentication, and how content is processed. */
const NO_TRAILER =
  /^(?:authorization|cache-control|connection|content-(?:encoding|length|range|type)|cookie|expect|host|keep-alive|max-forwards|pragma|proxy-auth(?:enticate|orization)|range|set-cookie|te|trailer|transfer-encoding|upgrade|www-authenticate)$/i;

/** The bytes are not there, or are no HTTP. */
class Unreadable extends Error {}

function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

class Reference {
  readonly #wire: string;
  readonly #orderly: boolean;
  #at = 0;
  /** Of the response that was read last. */
  interim = 0;
  extensions = 0;

  get rest(): number {
    return this.#wire.length - this.#at;
  }

  constructor(wire: string, orderly: boolean) {
    this.#wire = wire;
    this.#orderly = orderly;
  }

  /** One final response. Whether another may follow is in `last`. */
  read(method: string): { message: Message; last: boolean } {
    this.interim = 0;
    this.extensions = 0;
    for (;;) {
      const start = this.#at;
      this.#take(EMPTY_LINES);
      const [, minor = '', code = '', reason = ''] = this.#take(STATUS_LINE);
      const fields = this.#section();
      const status = Number(code);
      if (status === 101) throw new Unreadable();
      if (status < 200) {
        this.interim += this.#at - start;
        continue;
      }
      const head = { minor: Number(minor), status, reason, fields };
      const lines = (name: string): string[] =>
        fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
      return this.#withBody(method, head, lines);
    }
  }

  #withBody(
    method: string,
    head: Omit<Message, 'body' | 'trailers'>,
    lines: (name: string) => string[],
  ): { message: Message; last: boolean } {
    const { minor, status } = head;
    const empty = { ...head, body: '', trailers: [] };
    if (method === 'CONNECT' && status < 300) return { message: empty, last: true };
    const codings = lines('transfer-encoding');
    const lengths = lines('content-length')
      .flatMap((line) => line.split(','))
      .map(trimmed);
    const options = lines('connection')
      .flatMap((line) => line.split(','))
      .map((each) => trimmed(each).toLowerCase());
    const kept = !options.includes('close') && (minor > 0 || options.includes('keep-alive'));
    if (method === 'HEAD' || status === 204 || status === 304) {
      return { message: empty, last: !kept || (minor === 0 && codings.length > 0) };
    }
    if (codings.length > 0) {
      const names = codings
        .flatMap((line) => line.split(','))
        .map(trimmed)
        .filter((each) => each !== '');
      if (minor === 0 || names.length !== 1 || names[0]?.toLowerCase() !== 'chunked') throw new Unreadable();
      return { message: { ...head, ...this.#chunks() }, last: !kept || lengths.length > 0 };
    }
    if (lengths.length > 0) {
      const [length = ''] = lengths;
      const sound = /^[0-9]+$/.test(length) && BigInt(length) < 2n ** 53n && lengths.every((each) => each === length);
      if (!sound) throw new Unreadable();
      return { message: { ...head, body: this.#bytes(Number(length)), trailers: [] }, last: !kept };
    }
    if (!this.#orderly) throw new Unreadable();
    return { message: { ...head, body: this.#bytes(this.#wire.length - this.#at), trailers: [] }, last: true };
  }

  #chunks(): { body: string; trailers: Pair[] } {
    let body = '';
    for (;;) {
      const [, digits = '', extensions = ''] = this.#take(CHUNK);
      this.extensions += extensions.length;
      const size = BigInt(`0x${digits}`);
      if (size >= 2n ** 53n) throw new Unreadable();
      if (size === 0n) break;
      body += this.#bytes(Number(size));
      this.#take(/\r\n/y);
    }
    return { body, trailers: this.#section().filter(([name]) => !NO_TRAILER.test(name)) };
  }

  /** Fields and the empty line behind them. Framing fields that are folded are refused (RFC 9112 5.2). */
  #section(): Pair[] {
    const fields: Pair[] = [];
    for (;;) {
      FIELD.lastIndex = this.#at;
      const match = FIELD.exec(this.#wire);
      if (match === null) break;
      this.#at = FIELD.lastIndex;
      const [, name = '', value = ''] = match;
      if (value.includes('\r\n') && /^(?:content-length|transfer-encoding)$/i.test(name)) throw new Unreadable();
      fields.push([name, trimmed(value.split('\r\n').map(trimmed).join(' '))]);
    }
    this.#take(/\r\n/y);
    return fields;
  }

  #bytes(length: number): string {
    if (this.#wire.length - this.#at < length) throw new Unreadable();
    this.#at += length;
    return this.#wire.slice(this.#at - length, this.#at);
  }

  #take(expression: RegExp): RegExpExecArray {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#wire);
    if (match === null) throw new Unreadable();
    this.#at = expression.lastIndex;
    return match;
  }
}

/** The responses to `methods` that are there in full, if all bytes are `wire` and then the stream ends so, or not at all. */
export function readResponses(methods: readonly string[], wire: string, orderly: boolean): Reading {
  const reference = new Reference(wire, orderly);
  const messages: Message[] = [];
  const skipped: { interim: number; extensions: number }[] = [];
  let ended = false;
  try {
    for (const method of methods) {
      const { message, last } = reference.read(method);
      messages.push(message);
      skipped.push({ interim: reference.interim, extensions: reference.extensions });
      ended = last;
      if (last) break;
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return { messages, skipped, last: ended, rest: reference.rest };
}
