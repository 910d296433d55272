/**
 * `dugong/http1`: the HTTP/1.1 of a client without any I/O (RFC 9110, RFC 9112), usable over any byte stream.
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
