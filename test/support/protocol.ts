/** Helpers for tests of a ClientProtocol: bytes in and out, without a connection. */

import assert from 'node:assert/strict';
import { ClientProtocol, type ClientProtocolOptions, type Response } from '../../src/http1/protocol.ts';

/** The bytes that wait to be sent, which count as sent from here on. */
export function sent(protocol: ClientProtocol): string {
  const bytes = Buffer.concat(protocol.output.take());
  protocol.output.sent(bytes.length);
  return bytes.toString('latin1');
}

/** Sends `count` of the waiting bytes. */
export function sendSome(protocol: ClientProtocol, count: number): void {
  protocol.output.take();
  protocol.output.sent(count);
}

export function start(options: Partial<ClientProtocolOptions> = {}): ClientProtocol {
  return new ClientProtocol({ host: 'x', ...options });
}

export function bring(protocol: ClientProtocol, text: string): void {
  protocol.input.push(Buffer.from(text, 'latin1'));
}

/** The next response with its whole body, all of which has been received. */
export function receive(protocol: ClientProtocol): { response: Response; body: string } {
  const response = protocol.nextResponse();
  assert.ok(response);
  return { response, body: readBody(protocol, response) };
}

export function readBody(protocol: ClientProtocol, response: Response): string {
  const target = Buffer.alloc(100);
  let text = '';
  while (response.body !== undefined) {
    const count = protocol.readBody(response.body, target, 0, target.length);
    assert.notEqual(count, undefined, 'the body is not there');
    if (count === 0) break;
    text += target.toString('latin1', 0, count);
  }
  return text;
}

export const ok = (body: string, fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
export const ANNOUNCED = { framing: { kind: 'length', length: 10 } } as const;
export const EXPECTING = { framing: { kind: 'length', length: 10 }, expectContinue: true } as const;
