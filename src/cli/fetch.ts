/**
 * Fetches the URLs of a task in their order, one connection per server, on Node's event loop (a command must hear of SIGINT).
 */

import { type ByteReader, contentCodings, decodingReader } from '../fetch/content-coding.ts';
import {
  BodyFollowing,
  ConnectionClosed,
  DugongError,
  HTTPConnection,
  type HTTPResponse,
  proxyFromEnvironment,
  UnsupportedResponse,
} from '../index.ts';
import type { Task } from './arguments.ts';
import type { OpenOutput } from './output.ts';
import type { Patience } from './patience.ts';
import { printable } from './printable.ts';
import type { Progress } from './progress.ts';

/** Requests without a body are sent so many ahead. */
const DEPTH = 64;
const PART = 65_536;
const AS_IT_CAME = 'Without --compressed it is written as it came';
/** Methods whose requests may be sent again when it is unknown whether the server has acted on them (RFC 9110 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

/** A task whose body is there. */
export interface FetchTask extends Omit<Task, 'body'> {
  readonly body: Uint8Array | undefined;
}

type FetchErrorDetails = Pick<FetchError, 'incomplete' | 'undecodable'>;
const NO_DETAILS: Partial<FetchErrorDetails> = Object.create(null);

/** Where the error happened; `cause` is the error. */
export class FetchError extends Error {
  readonly url: URL;
  /** A file of which only a part has been written. */
  readonly incomplete: string | undefined;
  /** The server's bytes came, but cannot be decompressed. */
  readonly undecodable: boolean;

  constructor(url: URL, cause: unknown, { incomplete, undecodable = false }: Partial<FetchErrorDetails> = NO_DETAILS) {
    super(aboutURL(url, cause), { cause });
    this.url = url;
    this.incomplete = incomplete;
    this.undecodable = undecodable;
  }
}

/** Errors of a connection begin with method and URL, or with that of the server, themselves. */
function aboutURL(url: URL, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  const bare = cause instanceof DugongError ? message.replace(/^(\S+ )?https?:\/\/\S*?: /, '') : message;
  return `${url}: ${bare}`;
}

/** What is used for fetching. */
export interface Use {
  readonly openOutput: OpenOutput;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly progress: Progress;
}

/** Returns the highest status. @throws FetchError */
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

/** @throws FetchError if the options, or a proxy in the environment, cannot be */
function connectionTo(url: URL, { ca, insecure, proxy: chosen }: FetchTask): HTTPConnection {
  const trust = { ...(ca !== undefined && { ca }), ...(insecure && { rejectUnauthorized: false }) };
  const port = url.port === '' ? undefined : Number(url.port);
  try {
    // As curl has it, an empty one is none.
    const proxy = chosen === false || chosen === '' ? undefined : (chosen ?? proxyFromEnvironment(url));
    return new HTTPConnection(url.hostname, { port, proxy, tls: url.protocol === 'https:' && trust });
  } catch (error) {
    throw new FetchError(url, error);
  }
}

/** URLs of the same server next to each other. */
function runs(urls: readonly URL[]): URL[][] {
  const all: URL[][] = [];
  for (const url of urls) {
    const last = all.at(-1);
    if (last?.[0]?.origin === url.origin) last.push(url);
    else all.push([url]);
  }
  return all;
}

/** URLs of one server over its connection. */
class Run {
  readonly #task: FetchTask;
  readonly #connection: HTTPConnection;
  readonly #use: Use;
  readonly #limits: { readonly signal: AbortSignal; readonly timeout: number | undefined };
  #highest = 0;
  #finished = 0;
  /** Whether a part of the response being read has been written. */
  #begun = false;
  /** The file that it has been written to. */
  #incomplete: string | undefined;
  /** What has been received of a body with content codings is being decompressed. */
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
        // The first one alone, since the next connection may end in the same way (RFC 9112 9.3.2).
        depth = 1;
        this.#connection.disconnect();
      }
    }
    return this.#highest;
  }

  #depth(): number {
    const { body, method } = this.#task;
    return body === undefined && IDEMPOTENT.has(method) ? DEPTH : 1;
  }

  #mayRepeat(error: unknown): boolean {
    if (!(error instanceof ConnectionClosed) || this.#begun) return false;
    return (
      IDEMPOTENT.has(this.#task.method) || error.lostRequests.every(({ mayHaveBeenProcessed }) => !mayHaveBeenProcessed)
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
      // The server may have answered before it closed: then readResponse has it, otherwise it raises the same.
      if (!(error instanceof ConnectionClosed) || !this.#connection.responsePending()) throw error;
    }
  }

  async #request(path: string): Promise<void> {
    const { method, headers, body } = this.#task;
    const { promises } = this.#connection;
    const following = body && new BodyFollowing(body.length);
    await promises.sendRequest(method, path, { headers: [...headers], body: following }, this.#limits);
    // In parts, since the time limit is one for each call.
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
   * What is to be written of the response.
   * @throws UnsupportedResponse for a coding that cannot be undone: what is written would look as if it had been
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

  /** The next bytes of the body, as they are received. */
  async #part(): Promise<Uint8Array | undefined> {
    const decoding = this.#decoding;
    // What fails here is the connection.
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

/** For a terminal, which is not to obey the server. */
function shownHead(response: HTTPResponse): Buffer {
  const lines = headLines(response).map((line) => printable(Buffer.from(line, 'latin1').toString('utf8')));
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

function headLines({ httpVersion, status, reason, headers }: HTTPResponse): string[] {
  return [`HTTP/${httpVersion} ${status} ${reason}`, ...[...headers].map(([name, value]) => `${name}: ${value}`)];
}
