/**
 * Fetches the URLs of a task in order, over one connection per server. It uses Node's event loop, so that the command
 * can react to SIGINT. It knows neither the command line nor exit statuses.
 */

import { type ByteReader, contentCodings, decodingReader } from '../fetch/content-coding.ts';
import {
  BodyFollowing,
  ConnectionClosed,
  DugongError,
  HTTPConnection,
  type HTTPResponse,
  isIdempotent,
  proxyFromEnvironment,
  UnsupportedResponse,
} from '../index.ts';
import type { Task } from './arguments.ts';
import type { OpenOutput } from './output.ts';
import type { Patience } from './patience.ts';
import { printable } from './printable.ts';
import type { Progress } from './progress.ts';

/** Most requests without a body that are sent ahead of their responses. */
const DEPTH = 64;
const PART = 65_536;
const AS_IT_CAME = 'Without --compressed it is written as it came';

/** A task whose body has been read. */
export interface FetchTask extends Omit<Task, 'body'> {
  readonly body: Uint8Array | undefined;
}

type FetchErrorDetails = Pick<FetchError, 'incomplete' | 'undecodable'>;
const NO_DETAILS: Partial<FetchErrorDetails> = Object.create(null);

/** An error with its URL; `cause` is the error. */
export class FetchError extends Error {
  readonly url: URL;
  /** The path of a file that was written in part. */
  readonly incomplete: string | undefined;
  /** Whether the received bytes cannot be decompressed. */
  readonly undecodable: boolean;

  constructor(url: URL, cause: unknown, { incomplete, undecodable = false }: Partial<FetchErrorDetails> = NO_DETAILS) {
    super(aboutURL(url, cause), { cause });
    this.url = url;
    this.incomplete = incomplete;
    this.undecodable = undecodable;
  }
}

/**
 * Puts the URL before the message. Messages of a connection begin with the method and URL, or with the server's URL,
 * which is removed.
 */
function aboutURL(url: URL, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const bare = cause instanceof DugongError ? message.replace(/^(\S+ )?https?:\/\/\S*?: /, '') : message;
  return `${url}: ${bare}`;
}

/** The helpers of a fetch. */
export interface Use {
  readonly openOutput: OpenOutput;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly progress: Progress;
}

/** Fetches all URLs. Returns the highest status. @throws FetchError */
export async function fetchAll(task: FetchTask, use: Use): Promise<number> {
  const connections = new Map<string, HTTPConnection>();
  let highest = 0;
  try {
    for (const urls of runs(task.urls)) {
      const { origin } = urls[0] as URL;
      const connection = connections.get(origin) ?? connectionTo(urls[0] as URL, task);
      connections.set(origin, connection);
      highest = Math.max(highest, await new Run(task, connection, use).fetch(urls));
    }
  } finally {
    for (const connection of connections.values()) connection.disconnect();
  }
  return highest;
}

/** Makes the connection. @throws FetchError if an option, or a proxy in the environment, is invalid */
function connectionTo(url: URL, { ca, insecure, proxy: chosen }: FetchTask): HTTPConnection {
  const trust = { ...(ca !== undefined && { ca }), ...(insecure && { rejectUnauthorized: false }) };
  const port = url.port === '' ? undefined : Number(url.port);
  try {
    // As in curl, an empty text means no proxy.
    const proxy = chosen === false || chosen === '' ? undefined : (chosen ?? proxyFromEnvironment(url));
    return new HTTPConnection(url.hostname, { port, proxy, tls: url.protocol === 'https:' && trust });
  } catch (error) {
    throw new FetchError(url, error);
  }
}

/** Groups adjacent URLs of the same server. */
function runs(urls: readonly URL[]): URL[][] {
  const all: URL[][] = [];
  for (const url of urls) {
    const last = all.at(-1);
    if (last?.[0]?.origin === url.origin) last.push(url);
    else all.push([url]);
  }
  return all;
}

/** Fetches URLs of one server over its connection. */
class Run {
  readonly #task: FetchTask;
  readonly #connection: HTTPConnection;
  readonly #use: Use;
  readonly #limits: { readonly signal: AbortSignal; readonly timeout: number | undefined };
  #highest = 0;
  #finished = 0;
  /** Whether a part of the current response has been written. */
  #begun = false;
  /** The path of the file to which it was written. */
  #incomplete: string | undefined;
  /** Whether the current step decompresses received bytes. */
  #decoding = false;

  constructor(task: FetchTask, connection: HTTPConnection, use: Use) {
    this.#task = task;
    this.#connection = connection;
    this.#use = use;
    this.#limits = { signal: use.signal, timeout: task.timeout };
  }

  async fetch(urls: readonly URL[]): Promise<number> {
    let depth = this.#depth();
    while (this.#finished < urls.length) {
      const before = this.#finished;
      try {
        await this.#pipeline(urls.slice(before, depth === 1 ? before + 1 : undefined), depth);
        depth = this.#depth();
      } catch (error) {
        const stuck = depth === 1 && this.#finished === before;
        if (stuck || !this.#mayRepeat(error)) {
          throw new FetchError(urls[this.#finished] as URL, error, {
            incomplete: this.#incomplete,
            undecodable: this.#decoding,
          });
        }
        // Send one request only, because the next connection may end in the same way (RFC 9112 9.3.2).
        depth = 1;
        this.#connection.disconnect();
      }
    }
    return this.#highest;
  }

  #depth(): number {
    const { body, method } = this.#task;
    return body === undefined && isIdempotent(method) ? DEPTH : 1;
  }

  #mayRepeat(error: unknown): boolean {
    if (!(error instanceof ConnectionClosed) || this.#begun) return false;
    return (
      isIdempotent(this.#task.method) || error.lostRequests.every(({ mayHaveBeenProcessed }) => !mayHaveBeenProcessed)
    );
  }

  async #pipeline(urls: readonly URL[], depth: number): Promise<void> {
    let sent = 0;
    for (const [index, url] of urls.entries()) {
      if (sent - index <= depth / 2) {
        const upTo = Math.min(index + depth, urls.length);
        await this.#send(urls.slice(sent, upTo));
        sent = upTo;
      }
      await this.#receive(url);
      this.#finished++;
    }
  }

  async #send(urls: readonly URL[]): Promise<void> {
    this.#connection.cork();
    try {
      await this.#connection.promises.connect(this.#limits);
      for (const { pathname, search } of urls) await this.#request(pathname + search);
      this.#connection.uncork();
    } catch (error) {
      // The server may have answered before it closed the connection. Then readResponse returns the response; otherwise
      // it throws the same error.
      if (!(error instanceof ConnectionClosed) || !this.#connection.responsePending()) throw error;
    }
  }

  async #request(path: string): Promise<void> {
    const { method, headers, body } = this.#task;
    const { promises } = this.#connection;
    const following = body && new BodyFollowing(body.length);
    await promises.sendRequest(method, path, { headers: [...headers], body: following, ...this.#limits });
    // In parts, because the time limit applies to each call.
    for (let sent = 0; body !== undefined && sent < body.length; sent += PART) {
      await promises.write(body.subarray(sent, sent + PART), this.#limits);
    }
  }

  async #receive(url: URL): Promise<void> {
    const { promises } = this.#connection;
    const { openOutput, patience, progress } = this.#use;
    const response = await promises.readResponse(this.#limits);
    this.#highest = Math.max(this.#highest, response.status);
    const body = this.#body(response);
    const output = await patience.until(openOutput(url));
    this.#begun = true;
    this.#incomplete = output.file;
    progress.begin(response.length);
    try {
      if (this.#task.include) {
        await patience.until(output.write(output.terminal ? shownHead(response) : headOf(response)));
      }
      for (;;) {
        const part = await body.read();
        if (part === undefined) break;
        await patience.until(output.write(part));
      }
    } finally {
      body.cancel();
      await patience.until(output.close());
    }
    this.#begun = false;
    this.#decoding = false;
    this.#incomplete = undefined;
  }

  /**
   * The bytes of the response to write.
   * @throws UnsupportedResponse for an unknown coding, because the output would look decoded
   */
  #body({ headers, length }: HTTPResponse): ByteReader {
    const received: ByteReader = { read: () => this.#part(), cancel() {} };
    if (!this.#task.compressed || length === 0) return received;
    this.#decoding = true;
    const codings = contentCodings(headers, AS_IT_CAME);
    if (codings !== undefined) return decodingReader(received, codings, AS_IT_CAME);
    const coding = JSON.stringify(headers.get('Content-Encoding')?.slice(0, 100));
    throw new UnsupportedResponse(`the body has a content coding that is not known here: ${coding}. ${AS_IT_CAME}`);
  }

  /** The next bytes of the body as received. */
  async #part(): Promise<Uint8Array | undefined> {
    const decoding = this.#decoding;
    // An error of this call is an error of the connection.
    this.#decoding = false;
    const part = await this.#connection.promises.read(PART, this.#limits);
    this.#decoding = decoding;
    this.#use.progress.add(part.length);
    return part.length === 0 ? undefined : part;
  }
}

function headOf(response: HTTPResponse): Buffer {
  return Buffer.from(`${headLines(response).join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The head for a terminal, without control characters of the server. */
function shownHead(response: HTTPResponse): Buffer {
  const lines = headLines(response).map((line) => printable(Buffer.from(line, 'latin1').toString('utf8')));
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

function headLines({ httpVersion, status, reason, headers }: HTTPResponse): string[] {
  return [`HTTP/${httpVersion} ${status} ${reason}`, ...[...headers].map(([name, value]) => `${name}: ${value}`)];
}
