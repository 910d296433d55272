/**
 * HTTP proxies of the world: servers that pass requests on by their absolute targets, and lead CONNECT to other servers. Those
 * behind a proxy are reached at once: its own connections have no network, and are the client's.
 */

import type { Acting, Conversation, Wire } from './actors.ts';
import type { Answer, Ending, SeenRequest } from './exchanges.ts';
import { Server, type ServerOptions } from './servers.ts';

/** How a tunnel begins and ends. */
export interface Tunnel {
  /** Milliseconds before the answer. */
  readonly delay?: number;
  /** Any 2xx. */
  readonly status?: number;
  readonly headers?: readonly string[];
  /** Bytes of the proxy's own, where only the server's are allowed. */
  readonly stray?: Buffer;
  /** It ends when it has carried this many bytes to the client. `silence`: it carries no more. */
  readonly cut?: { readonly after: number; readonly how: Ending | 'silence' };
}

export interface ProxyOptions
  extends Pick<ServerOptions, 'name' | 'path' | 'secure' | 'most' | 'greeting' | 'between'> {
  /** The server behind "host:port". */
  readonly origins: (authority: string) => Server | undefined;
  /** A response of its own, instead of passing the request on; for CONNECT it is the refusal. */
  readonly refuse?: (request: SeenRequest, index: number) => Answer | undefined;
  readonly tunnel?: (request: SeenRequest, index: number) => Tunnel;
}

export function proxy({ origins, refuse, tunnel, ...options }: ProxyOptions): Server {
  return new Server({
    ...options,
    answer: (request, index) => refuse?.(request, index) ?? forwarded(request, origins),
    *connect(talk, request, index) {
      const origin = origins(request.target);
      const refusal = refuse?.(request, index) ?? (origin === undefined ? BAD_GATEWAY : undefined);
      if (refusal !== undefined || origin === undefined) return refusal ?? BAD_GATEWAY;
      yield* coTunnel(talk, origin, tunnel?.(request, index) ?? {});
      return false;
    },
  });
}

const BAD_GATEWAY: Answer = { status: 502, body: Buffer.from('nothing is there') };

/** The server's response to the same request in the form that servers get (RFC 9112 3.2). */
function forwarded(request: SeenRequest, origins: ProxyOptions['origins']): Answer {
  const { protocol, host, port, pathname, search } = new URL(request.target);
  const origin = protocol === 'http:' ? origins(port === '' ? `${host}:80` : host) : undefined;
  const headers = new Map([...request.headers].filter(([name]) => !name.startsWith('proxy-')));
  return origin?.answerTo({ ...request, headers, target: `${pathname}${search}` }) ?? BAD_GATEWAY;
}

function* coTunnel(talk: Conversation, origin: Server, tunnel: Tunnel): Acting<void> {
  const { delay = 0, status = 200, headers = [], stray = Buffer.alloc(0), cut } = tunnel;
  if (delay > 0) yield* talk.sleep(delay);
  const head = Buffer.from(`${[`HTTP/1.1 ${status} Connected`, ...headers].join('\r\n')}\r\n\r\n`);
  yield* talk.send(Buffer.concat([head, stray]));
  if (cut !== undefined) talk.wire = new CutWire(talk, cut.after, cut.how);
  yield* origin.coServe(talk);
}

/** The server's wire in a tunnel that breaks off. */
class CutWire implements Wire {
  readonly #talk: Conversation;
  readonly #below: Wire;
  readonly #how: Ending | 'silence';
  #left: number;

  constructor(talk: Conversation, after: number, how: Ending | 'silence') {
    this.#talk = talk;
    this.#below = talk.wire;
    this.#left = after;
    this.#how = how;
  }

  take(most: number): Buffer | undefined {
    return this.#below.take(most);
  }

  put(bytes: Uint8Array): number {
    if (this.#left === 0) return this.#end(bytes.length);
    const count = this.#below.put(bytes.subarray(0, this.#left));
    this.#left -= Math.max(0, count);
    return count;
  }

  flush(): boolean | undefined {
    return this.#below.flush();
  }

  part(): void {
    if (this.#left > 0) this.#below.part();
  }

  finish(): void {
    if (this.#left > 0 || this.#how !== 'silence') this.#below.finish();
  }

  #end(length: number): number {
    const { endpoint } = this.#talk;
    if (this.#how === 'silence') return length;
    if (this.#how === 'reset') endpoint.reset();
    else if (this.#how === 'abrupt') endpoint.close();
    else this.#below.finish();
    return -1;
  }
}
