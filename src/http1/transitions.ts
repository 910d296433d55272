/**
 * The states of a client's connection as two tables: which events each state allows, and which state follows. The table
 * does not know what causes an event. A pair of state and event that is not in its table is refused.
 * docs/state-diagrams.md is generated from the tables.
 */

/** Of the sending direction. Every state allows `close` (the client sends no more) and `fail` (the connection is lost). */
export const SEND_TRANSITIONS = {
  idle: {
    request: 'idle',
    'request-with-body': 'body',
    'request-expecting': 'await-continue',
    'request-switching': 'await-switch',
    close: 'closed',
    fail: 'failed',
  },
  body: { data: 'body', 'body-end': 'idle', close: 'closed', fail: 'failed' },
  'await-continue': { continue: 'body', 'final-response': 'idle', close: 'closed', fail: 'failed' },
  'await-switch': { switch: 'raw', 'final-response': 'idle', close: 'closed', fail: 'failed' },
  raw: { data: 'raw', close: 'closed', fail: 'failed' },
  closed: { close: 'closed', fail: 'failed' },
  failed: { close: 'failed', fail: 'failed' },
} as const;

/** Of the receiving direction. */
export const RECEIVE_TRANSITIONS = {
  idle: {
    head: 'idle',
    'head-with-body': 'body',
    'last-head': 'closed',
    'last-head-with-body': 'last-body',
    switch: 'raw',
    fail: 'failed',
  },
  body: { 'body-end': 'idle', fail: 'failed' },
  'last-body': { 'body-end': 'closed', fail: 'failed' },
  raw: { fail: 'failed' },
  closed: { fail: 'failed' },
  failed: { fail: 'failed' },
} as const;

/**
 * The state of the sending direction: what the client may send next. `idle`: a request; `body`: more of a body;
 * `await-continue`: nothing until 100 (Continue); `await-switch`: nothing until the answer to Upgrade or CONNECT;
 * `raw`: bytes of another protocol; `closed`: nothing more; `failed`: the connection is lost.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * console.log(protocol.sendState); // idle
 * protocol.sendRequest('PUT', '/a', { framing: { kind: 'chunked' } });
 * console.log(protocol.sendState); // body
 * protocol.endBody();
 * console.log(protocol.sendState); // idle
 * ```
 */
export type SendState = 'idle' | 'body' | 'await-continue' | 'await-switch' | 'raw' | 'closed' | 'failed';
/**
 * The state of the receiving direction: what the server's next bytes are. `idle`: a head; `body`: a body, then heads;
 * `last-body`: the body of the connection's last response; `raw`: bytes of another protocol; `closed`: nothing more;
 * `failed`: the connection is lost.
 *
 * @example
 * ```js
 * import { ClientProtocol } from 'dugong/http1';
 *
 * const protocol = new ClientProtocol({ host: 'server.example' });
 * protocol.sendRequest('GET', '/a');
 * protocol.input.push(Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n'));
 * protocol.nextResponse();
 * console.log(protocol.receiveState); // last-body
 * ```
 */
export type ReceiveState = 'idle' | 'body' | 'last-body' | 'raw' | 'closed' | 'failed';

type EventsOf<Table> = { [State in keyof Table]: keyof Table[State] }[keyof Table];

/** Event of the sending direction. */
export type SendEvent = EventsOf<typeof SEND_TRANSITIONS>;
/** Event of the receiving direction. */
export type ReceiveEvent = EventsOf<typeof RECEIVE_TRANSITIONS>;
