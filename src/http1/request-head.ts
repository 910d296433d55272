/**
 * Encodes the head of a request (RFC 9112 3) and refuses all input that would not be exactly one valid head: injected
 * line ends, contradictory framing, a Host that is not the connection's. Everything is checked before the first byte
 * exists. It relies on grammar.ts and HTTPHeaders, and does no I/O.
 */

import { isAuthority, isRequestTarget, isToken, listElements, quoted } from './grammar.ts';
import { type HeadersInit, HTTPHeaders } from './headers.ts';

/**
 * How the body of a request ends: `none`, there is no body; `length`, after so many bytes (Content-Length); `chunked`,
 * with the last chunk. Without Content-Length or chunked a request has no body (RFC 9112 6.3 rule 7).
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('POST', '/form', { framing: { kind: 'chunked' } });
 * protocol.sendData(Buffer.from('hello'));
 * protocol.endBody();
 * console.log(JSON.stringify(Buffer.concat(protocol.output.take()).toString().split('\r\n\r\n')[1])); // "5\r\nhello\r\n0"
 * ```
 */
export type RequestFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' };

/**
 * The parts of a request head: the argument of {@link encodeRequestHead}.
 *
 * @example
 * ```js
 * import { encodeRequestHead } from 'dugong/http1';
 *
 * const head = { method: 'OPTIONS', target: '*', host: 'server.example' };
 * console.log(encodeRequestHead({ ...head, framing: { kind: 'none' } }).text.split('\r\n')[0]); // OPTIONS * HTTP/1.1
 * ```
 */
export interface RequestHead {
  /** The method, a token (RFC 9110 9.1). */
  readonly method: string;
  /** Path and query, "*" for OPTIONS, host:port for CONNECT. */
  readonly target: string;
  /**
   * "http://authority" for absolute-form, which requests to a proxy have (RFC 9112 3.2.2); undefined for origin-form.
   */
  readonly absolute?: string | undefined;
  /**
   * The Host field's value: the authority without the scheme's default port. For CONNECT, the target is used instead.
   */
  readonly host: string;
  /** The caller's fields. Those that the client writes itself must agree with it. */
  readonly headers?: HeadersInit | undefined;
  /**
   * Fields of all requests of the connection, e.g. for a proxy. A field of the same name in `headers` replaces them.
   */
  readonly fixed?: HTTPHeaders | undefined;
  /** How the body ends; written as Content-Length or Transfer-Encoding. */
  readonly framing: RequestFraming;
  /** Whether to send "Expect: 100-continue" (RFC 9110 10.1.1). */
  readonly expectContinue?: boolean | undefined;
  /** Protocols to switch to, in the order of preference, as in the Upgrade field (RFC 9110 7.8). */
  readonly upgrade?: string | undefined;
}

/**
 * An encoded head, and whether it ends the connection: what {@link encodeRequestHead} returns.
 *
 * @example
 * ```js
 * import { encodeRequestHead } from 'dugong/http1';
 *
 * const headers = { Connection: 'close' };
 * const head = encodeRequestHead({ method: 'GET', target: '/', host: 'server.example', headers, framing: { kind: 'none' } });
 * console.log(head.close, Buffer.from(head.text, 'latin1').length); // true 86
 * ```
 */
export interface EncodedRequestHead {
  /** The head with its final empty line; each character is one byte (latin1). */
  readonly text: string;
  /** Whether the request says "Connection: close", so that the connection ends after its response. */
  readonly close: boolean;
}

/**
 * Methods for which a server expects content, so that "Content-Length: 0" must be sent if there is none (RFC 9110 8.6).
 */
const CONTENT_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Methods whose requests have no content, and the section of RFC 9110 that says so. */
const BODILESS_METHODS: ReadonlyMap<string, string> = new Map([
  ['CONNECT', '9.3.6'],
  ['TRACE', '9.3.8'],
]);

/** Fields that must not be sent with TRACE, because the response repeats them. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * Defaults for optional members. They are own properties, so that a missing one is not looked up on Object.prototype.
 */
const NOTHING_ELSE = {
  absolute: undefined,
  headers: undefined,
  fixed: undefined,
  expectContinue: undefined,
  upgrade: undefined,
};

/**
 * Checks and encodes the parts in `head` as the head of a request (RFC 9112 3), and refuses all that would not be
 * exactly one valid head: line ends in fields, contradictory framing, a Host that is not the connection's.
 * @throws TypeError - something cannot, or must not, be sent
 * @example
 * ```js
 * import { encodeRequestHead } from 'dugong/http1';
 *
 * const head = { method: 'GET', target: '/a?b=1', host: 'server.example', headers: { Accept: 'text/plain' } };
 * const { text } = encodeRequestHead({ ...head, framing: { kind: 'none' } });
 * console.log(text.split('\r\n'));
 * // prints:
 * // [
 * //   'GET /a?b=1 HTTP/1.1',
 * //   'Host: server.example',
 * //   'Accept: text/plain',
 * //   'Accept-Encoding: identity',
 * //   '',
 * //   ''
 * // ]
 * ```
 */
export function encodeRequestHead(head: RequestHead): EncodedRequestHead {
  return encodeWholeHead({ ...NOTHING_ELSE, ...head });
}

/**
 * As {@link encodeRequestHead}, for a head with all members as own properties. Adding defaults takes as long as all other
 * work for a request.
 */
export function encodeWholeHead(head: Required<RequestHead>): EncodedRequestHead {
  const { method, framing } = head;
  if (typeof method !== 'string' || !isToken(method)) {
    throw new TypeError(`method ${quoted(String(method))} is no token (RFC 9110 9.1)`);
  }
  const section = BODILESS_METHODS.get(method);
  if (section !== undefined && framing.kind !== 'none') {
    throw new TypeError(`a ${method} request has no body (RFC 9110 ${section})`);
  }
  if (head.expectContinue && (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0))) {
    throw new TypeError('100-continue cannot be expected without a body (RFC 9110 10.1.1)');
  }
  if (head.upgrade !== undefined) checkUpgrade(head.upgrade, framing);
  const target = requestTarget(head);
  const host = hostField(head);
  const own = head.fixed === undefined && head.headers === undefined ? NO_FIELDS : new OwnFields(head, host);
  const lines = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`;
  const text = `${lines}${own.text}${own.acceptEncoding}${framingField(method, framing)}${extraFields(head)}\r\n`;
  return { text, close: own.close };
}

function requestTarget({ method, target, absolute }: RequestHead): string {
  const own = checkedTarget(method, target);
  if (absolute === undefined || method === 'CONNECT') return own;
  const authority = /^https?:\/\/(.*)$/.exec(absolute)?.[1];
  if (!isAuthority(authority ?? '')) throw new TypeError(`${quoted(absolute)} is not of the form http://host:port`);
  // RFC 9112 3.2.4: sent to a proxy, "OPTIONS *" has an absolute-form without a path.
  return own === '*' ? absolute : absolute + own;
}

/** The last valid host: most requests have the same host as the one before, and skip the check. */
let lastHost: string | undefined;

/** The Host field: the authority of the connection, or the target of CONNECT (RFC 9112 3.2). */
function hostField({ method, target, host }: RequestHead): string {
  if (method === 'CONNECT') return target;
  if (host === lastHost) return host;
  if (typeof host !== 'string' || !isAuthority(host)) {
    throw new TypeError(`host ${quoted(String(host))} is not of the form host:port (RFC 9110 7.2)`);
  }
  lastHost = host;
  return host;
}

/** Returns the request-target in origin-, asterisk- or authority-form (RFC 9112 3.2). @throws TypeError */
function checkedTarget(method: string, target: string): string {
  if (typeof target !== 'string') throw new TypeError(`the path must be a string, got ${typeof target}`);
  if (target !== '' && !isRequestTarget(target)) {
    throw new TypeError(
      `path ${quoted(target)} holds a space, "#", control or non-ASCII character: percent-encode it (RFC 3986 2.1)`,
    );
  }
  if (method === 'CONNECT') {
    const port = Number(/:([0-9]+)$/.exec(target)?.[1] ?? 0);
    if (isAuthority(target) && port > 0 && port < 65_536) return target;
    throw new TypeError(`CONNECT needs a target of the form host:port, got ${quoted(target)} (RFC 9112 3.2.3)`);
  }
  if (target === '' || target.startsWith('?')) return `/${target}`;
  if (target.startsWith('/') || (target === '*' && method === 'OPTIONS')) return target;
  throw new TypeError(`path ${quoted(target)} must begin with "/" (RFC 9112 3.2.1)`);
}

function framingField(method: string, framing: RequestFraming): string {
  if (framing.kind === 'length') {
    const { length } = framing;
    if (Number.isSafeInteger(length) && length >= 0) return `Content-Length: ${length}\r\n`;
    throw new TypeError(`the length of a body must be a whole number >= 0, got ${String(length)}`);
  }
  if (framing.kind === 'chunked') return 'Transfer-Encoding: chunked\r\n';
  return CONTENT_METHODS.has(method) ? 'Content-Length: 0\r\n' : '';
}

function extraFields({ expectContinue, upgrade }: RequestHead): string {
  const expect = expectContinue ? 'Expect: 100-continue\r\n' : '';
  return upgrade === undefined ? expect : `${expect}Connection: upgrade\r\nUpgrade: ${upgrade}\r\n`;
}

function isProtocol(text: string): boolean {
  const [name = '', version, ...more] = text.split('/');
  return isToken(name) && (version === undefined || isToken(version)) && more.length === 0;
}

/** Checks a list of protocol names with optional versions (RFC 9110 7.8). @throws TypeError */
function checkUpgrade(upgrade: string, framing: RequestFraming): void {
  const protocols = listElements(upgrade);
  if (protocols.length === 0 || !protocols.every(isProtocol)) {
    throw new TypeError(`upgrade ${quoted(upgrade)} is no list of protocols (RFC 9110 7.8)`);
  }
  if (framing.kind !== 'none')
    throw new TypeError('a request to upgrade cannot have a body here: it would come before the switch');
}

/** This layer decodes no content coding, so it asks for none unless the caller does. */
const PLAIN = 'Accept-Encoding: identity\r\n';
const NO_FIELDS = { text: '', close: false, acceptEncoding: PLAIN };

/**
 * The caller's fields that are sent as they are. Fields that the client writes itself are left out; they must agree
 * with it.
 */
class OwnFields {
  text = '';
  close = false;
  acceptEncoding: string = PLAIN;
  readonly #head: RequestHead;
  readonly #host: string;
  #te = false;
  #teOption = false;
  /** Whether `text` already contains "Content-Length: 0". */
  #nothing = false;

  constructor(head: RequestHead, host: string) {
    this.#head = head;
    this.#host = host;
    const { headers } = head;
    const own = headers instanceof HTTPHeaders ? headers : new HTTPHeaders(headers);
    const fixed = head.fixed?.raw() ?? [];
    for (let at = 0; at < fixed.length; at += 2) {
      const name = fixed[at] as string;
      if (!own.has(name)) this.#add(name, fixed[at + 1] as string);
    }
    const lines = own.raw();
    for (let at = 0; at < lines.length; at += 2) {
      const name = lines[at] as string;
      if (head.method === 'TRACE' && CREDENTIALS.has(name.toLowerCase())) {
        throw new TypeError(`${name} must not be sent with TRACE, whose response would show it (RFC 9110 9.3.8)`);
      }
      this.#add(name, lines[at + 1] as string);
    }
    // RFC 9110 10.1.4: Connection must name TE, so that a proxy does not forward the field.
    if (this.#te && !this.#teOption) this.text += 'Connection: TE\r\n';
  }

  #add(name: string, value: string): void {
    if (!this.#isOurs(name.toLowerCase(), value)) this.text += `${name}: ${value}\r\n`;
  }

  /** Whether the client writes this field itself. @throws TypeError if the caller's value contradicts the client's */
  #isOurs(key: string, value: string): boolean {
    const head = this.#head;
    switch (key) {
      case 'host':
        if (value.toLowerCase() === this.#host.toLowerCase()) return true;
        throw new TypeError(`Host ${quoted(value)} is not this connection's, which is ${quoted(this.#host)}`);
      case 'content-length':
        if (head.framing.kind === 'length' && value === String(head.framing.length)) return true;
        if (head.framing.kind === 'none' && value === '0') return this.#announcedNothing(head.method);
        throw new TypeError(`Content-Length ${quoted(value)} contradicts the body (${describe(head.framing)})`);
      case 'transfer-encoding':
        if (head.framing.kind === 'chunked' && value.toLowerCase() === 'chunked') return true;
        throw new TypeError(`Transfer-Encoding ${quoted(value)} contradicts the body (${describe(head.framing)})`);
      case 'expect':
        if (head.expectContinue && value.toLowerCase() === '100-continue') return true;
        throw new TypeError('Expect is written by this client: sendRequest() has the option expect100 for it');
      case 'upgrade':
        throw new TypeError('Upgrade ends HTTP on the connection: use the option upgrade');
      case 'te':
        if (!listElements(value).every((coding) => coding.toLowerCase() === 'trailers')) {
          throw new TypeError(
            `TE ${quoted(value)} asks for what is not decoded here: it may say "trailers" (RFC 9112 7.4)`,
          );
        }
        this.#te = true;
        return false;
      case 'connection': {
        const options = listElements(value.toLowerCase());
        this.close ||= options.includes('close');
        this.#teOption ||= options.includes('te');
        return false;
      }
      case 'accept-encoding':
        this.acceptEncoding = '';
        return false;
      default:
        return false;
    }
  }

  /**
   * Whether "Content-Length: 0" is written anyway. It is sent once, also with methods for which the client would not
   * write it.
   */
  #announcedNothing(method: string): boolean {
    const announced = this.#nothing || CONTENT_METHODS.has(method);
    this.#nothing = true;
    return announced;
  }
}

function describe(framing: RequestFraming): string {
  if (framing.kind === 'length') return `${framing.length} bytes`;
  return framing.kind === 'chunked' ? 'chunked' : 'none';
}
