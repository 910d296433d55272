/**
 * Traces what one protocol sends and receives: each head when its last byte has left, or when it was parsed; the lengths of bodies, and
 * trailers; how the connection fails and ends. Values of secret fields, and bodies, are hidden unless the trace wants them. The protocol
 * does not know of it: the driver reports each step.
 */

import { DugongError, InvalidResponse, ProxyError, UnsupportedResponse } from '../errors.ts';
import type { BodyDecoder } from '../http1/body-decoder.ts';
import { type Framing, isInformational } from '../http1/framing.ts';
import type { HTTPHeaders } from '../http1/headers.ts';
import type { ClientProtocol, Request, Response } from '../http1/protocol.ts';
import type { RequestFraming } from '../http1/request-head.ts';
import { HIDDEN } from '../inspection.ts';
import { systemError, WOULD_BLOCK } from '../io/system-error.ts';
import type { Transport } from '../io/transport.ts';
import { mayHoldSecret, shownFields, shownReason, shownRequestHead, shownResponseHead } from './shown-head.ts';
import type { WireTrace } from './wire-trace.ts';

const SWITCHING = 101;
/** Bytes of a refused response that are shown. */
const REFUSED_SHOWN = 256;

/** A part of what is sent that is shown as text. Positions count from the first byte of the protocol's output. */
interface Section {
  readonly begin: number;
  readonly end: number;
  readonly kind: 'head' | 'body-end';
  readonly mark: string;
  /** How the body behind a head ends. */
  readonly framing: RequestFraming;
}

export class MessageTrace {
  readonly #trace: WireTrace;
  readonly #protocol: ClientProtocol;
  /** Number of the latest request, and of the latest final response. */
  #requests: number;
  #responses: number;
  /** What is to be shown when it has left, in order. */
  readonly #sections: Section[] = [];
  /** What has left of the first one. */
  #text = '';
  /** The latest head that has left. */
  #latest: Section | undefined;
  /** Number of bytes that have left. */
  #sent = 0;
  #blocked = false;
  /** The body that is being received, and how many of its bytes have been read. */
  #body: BodyDecoder | undefined;
  #read = 0;
  /** What was shown already. */
  #error: unknown;
  #lost = false;

  /** `first` is the number of the first request. */
  constructor(trace: WireTrace, protocol: ClientProtocol, first: number) {
    this.#trace = trace;
    this.#protocol = protocol;
    this.#requests = first - 1;
    this.#responses = first - 1;
  }

  /** Whether the bytes of bodies are shown. */
  get showsBodies(): boolean {
    return this.#trace.secrets;
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** The head of a request was put into the output, which ended at `begin` before. */
  request(begin: number, { framing = { kind: 'none' } }: Request): void {
    this.#requests++;
    this.#put({ kind: 'head', begin, framing });
  }

  /** The end of a chunked body was put into the output. */
  bodyEnd(begin: number): void {
    this.#put({ kind: 'body-end', begin, framing: { kind: 'chunked' } });
  }

  #put(section: Pick<Section, 'kind' | 'begin' | 'framing'>): void {
    this.#sections.push({ ...section, end: this.#protocol.output.end, mark: `>${this.#requests}` });
  }

  /** The transport was given `views`, with this result. */
  sent(views: readonly Uint8Array[], result: number): void {
    const blocked = result === WOULD_BLOCK;
    if (blocked && !this.#blocked)
      this.#trace.note(`${this.#protocol.output.length} bytes wait: the kernel takes no more`);
    this.#blocked = blocked;
    let left = Math.max(0, result);
    for (const view of views) {
      this.#hasLeft(view.subarray(0, left));
      left -= Math.min(left, view.length);
    }
  }

  #hasLeft(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const [section] = this.#sections;
      const inside = section !== undefined && this.#sent >= section.begin;
      const stop = section === undefined ? Number.MAX_SAFE_INTEGER : inside ? section.end : section.begin;
      const part = bytes.subarray(at, at + stop - this.#sent);
      at += part.length;
      this.#sent += part.length;
      if (inside) this.#hasLeftOf(section, part);
      else this.#bodyHasLeft(part);
    }
  }

  #hasLeftOf(section: Section, part: Uint8Array): void {
    this.#text += Buffer.from(part).toString('latin1');
    if (this.#sent < section.end) return;
    const { kind, mark, framing } = section;
    const lines = this.#text.split('\r\n').slice(0, -2);
    this.#text = '';
    this.#sections.shift();
    if (kind === 'head') {
      this.#latest = section;
      const body = framing.kind === 'none' ? [] : [bodyOf(framing)];
      this.#trace.lines(mark, [...(this.#trace.secrets ? lines : shownRequestHead(lines)), '', ...body]);
    } else {
      // Behind the size of the last chunk.
      const trailers = lines.slice(1);
      this.#trace.lines(mark, [...(this.#trace.secrets ? trailers : shownFields(trailers)), '(the end of the body)']);
    }
  }

  #bodyHasLeft(part: Uint8Array): void {
    const { mark = '>', framing } = this.#protocol.sendState === 'raw' ? {} : (this.#latest ?? {});
    const { length } = part;
    const kind =
      framing === undefined ? 'of another protocol' : framing.kind === 'chunked' ? 'of chunks' : 'of the body';
    this.#trace.lines(mark, [`(${length} bytes ${kind})`]);
    if (this.#trace.secrets) this.#trace.bytes(mark, part);
  }

  // --- receiving -----------------------------------------------------------------------------------------------------

  /** The result of a receive that did not block. */
  received(result: number, transport: Transport): void {
    if (result > 0) this.#trace.note(`${result} bytes received`);
    else if (result === 0) this.#trace.note('the peer has ended its stream');
    else this.#trace.note(`receiving fails: ${(transport.failure ?? systemError(result, 'recv')).message}`);
  }

  /** The head of a response has come, informational ones included. */
  response({ head, framing, body }: Response): void {
    const { minorVersion, status, reason, headers } = head;
    const lines = [`HTTP/1.${minorVersion} ${status} ${reason}`, ...fieldLines(headers), ''];
    const shown = this.#trace.secrets ? lines : [...shownResponseHead(lines), ''];
    if (isInformational(status) && status !== SWITCHING) {
      this.#trace.lines(`<${this.#responses + 1}`, shown);
      return;
    }
    this.#responses++;
    this.#body = body;
    this.#read = 0;
    const note = status === SWITCHING ? '(HTTP ends here)' : bodyOf(framing);
    this.#trace.lines(`<${this.#responses}`, [...shown, note]);
  }

  /** `count` bytes of `body` were read, or dropped: those of `data`, if there is a target. */
  body(body: BodyDecoder, count: number, data: Uint8Array | undefined): void {
    if (body !== this.#body) return;
    const mark = `<${this.#responses}`;
    this.#read += count;
    if (this.#trace.secrets && data !== undefined) this.#trace.bytes(mark, data);
    if (!body.complete) return;
    this.#body = undefined;
    const trailers = fieldLines(body.trailers);
    const shown = this.#trace.secrets ? trailers : shownFields(trailers);
    this.#trace.lines(mark, [...shown, `(the end of the body: ${this.#read} bytes)`]);
  }

  /** Bytes of another protocol were read. */
  raw(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#trace.lines('<', [`(${data.length} bytes of another protocol)`]);
    if (this.#trace.secrets) this.#trace.bytes('<', data);
  }

  // --- errors and the end --------------------------------------------------------------------------------------------

  /** A call has failed. */
  failed(error: unknown): void {
    if (error === this.#error) return;
    this.#error = error;
    this.#trace.note(`error: ${error instanceof Error ? this.#messageOf(error) : typeof error}`);
    this.#look();
  }

  /** Messages about what the peer has sent quote its first bytes, or say the reason phrase of a proxy. */
  #messageOf(error: Error): string {
    if (!(error instanceof DugongError)) return error.name;
    const quotes =
      error instanceof InvalidResponse || error instanceof UnsupportedResponse || error instanceof ProxyError;
    return `${error.name}: ${quotes && !this.#trace.secrets ? shownMessage(error) : error.message}`;
  }

  /** Shows, once, that the connection is lost, and what has made the response invalid. */
  #look(): void {
    const { failure, input, receiveState, body } = this.#protocol;
    if (this.#lost || failure === undefined) return;
    this.#lost = true;
    this.#trace.note('the connection cannot be used any more');
    const refused = receiveState === 'failed' || failure instanceof InvalidResponse;
    // Behind a fault in the framing of a body may be the body.
    if (!refused || input.length === 0 || (body !== undefined && !this.#trace.secrets)) return;
    const shown = Math.min(input.length, REFUSED_SHOWN);
    const text = input.bytes.toString('latin1', input.start, input.start + shown);
    const lines = this.#trace.secrets ? [text] : shownResponseHead(text.replace(/^(?:\r\n)+/, '').split('\r\n'));
    this.#trace.note(`the bytes that are refused, ${shown} of ${input.length}:`);
    this.#trace.lines('<!', lines);
  }

  /** The connection is closed; `reason` is why it could not be made, if so. */
  closed(reason: unknown): void {
    if (reason !== undefined) this.failed(reason);
    this.#look();
    const { bytesSent, bytesReceived, pendingRequests } = this.#protocol;
    if (this.#body !== undefined)
      this.#trace.lines(`<${this.#responses}`, [`(the body was read as far as ${this.#read} bytes)`]);
    const open = pendingRequests.length === 0 ? '' : `, requests not answered in full: ${pendingRequests.length}`;
    this.#trace.note(`closed: ${bytesSent} bytes sent, ${bytesReceived} received${open}`);
  }
}

/** Text in quotation marks. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

function shownMessage(error: DugongError): string {
  const reason = error instanceof ProxyError ? shownReason(error.answer?.reason ?? '') : '';
  const message = mayHoldSecret(reason) ? error.message.replaceAll(reason, HIDDEN) : error.message;
  return message.replace(QUOTED, (text) => (mayHoldSecret(text) ? HIDDEN : text));
}

function fieldLines(headers: HTTPHeaders): string[] {
  return Array.from(headers, ([name, value]) => `${name}: ${value}`);
}

function bodyOf(framing: Framing | RequestFraming): string {
  switch (framing.kind) {
    case 'none':
      return '(no body)';
    case 'tunnel':
      return '(HTTP ends here)';
    case 'length':
      return `(a body of ${framing.length} bytes)`;
    case 'chunked':
      return '(a chunked body)';
    case 'close-delimited':
      return '(a body that ends with the connection)';
    case 'invalid':
      return `(a body whose end is not known: ${framing.error.message})`;
  }
}
