/**
 * HTTP/1.1 as its client sees it, without any I/O (RFC 9110, RFC 9112): usable over any stream of bytes. It says which
 * bytes to send, and what the received ones mean; sockets, time and waiting are the caller's.
 *
 * - {@link ClientProtocol} is one connection: begin with it. {@link SendBuffer} and {@link ReceiveBuffer} are its two
 * ends.
 * - {@link encodeRequestHead}, {@link ResponseHeadParser}, {@link responseFraming} and {@link ByterangesDecoder} are
 * parts of it that are of use   alone.
 * - {@link HTTPHeaders} and the errors are the same as those of `dugong`.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('GET', '/a');
 * const bytes = Buffer.concat(protocol.output.take()); // to be written
 * protocol.output.sent(bytes.length);
 * protocol.input.push(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')); // what was received
 * console.log(bytes.toString('latin1', 0, 15), protocol.nextResponse()?.head.status); // GET /a HTTP/1.1 204
 * ```
 *
 * @module dugong/http1
 */

export type { DugongError } from '../errors.ts';
export {
  ConnectionClosed,
  type ConnectionClosedDetails,
  ExcessBodyData,
  InvalidResponse,
  type LostRequest,
  MissingBodyData,
  type Phase,
  StateError,
  UnsupportedResponse,
} from '../errors.ts';
export type { BodyDecoder } from './body-decoder.ts';
export { ByterangesDecoder, type RangePart, rangePart } from './byteranges-decoder.ts';
export type { FramingFields } from './field-section.ts';
export { type FramedMessage, type Framing, isPersistent, responseFraming } from './framing.ts';
export { type HeadersInit, HTTPHeaders } from './headers.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { isIdempotent } from './methods.ts';
export {
  ClientProtocol,
  type ClientProtocolOptions,
  type PendingRequest,
  type Request,
  type RequestDefaults,
  type Response,
} from './protocol.ts';
export { ReceiveBuffer } from './receive-buffer.ts';
export { type EncodedRequestHead, encodeRequestHead, type RequestFraming, type RequestHead } from './request-head.ts';
export { type ResponseHead, ResponseHeadParser } from './response-head.ts';
export type { SendBuffer } from './send-buffer.ts';
export type { ReceiveState, SendState } from './transitions.ts';
