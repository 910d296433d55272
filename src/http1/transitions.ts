/**
 * The states of a client's connection, as two tables: what may happen in which state, and where it leads. A pair of state and
 * event that is not in its table is refused. docs/state-diagrams.md is generated from them.
 */

/** What the client does next on the wire. From everywhere the end may be announced (close), or bytes be lost (fail). */
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

/** What the server's bytes are next. In the `last-` states nothing can follow. */
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

/** What the client may send next. */
export type SendState = keyof typeof SEND_TRANSITIONS;
/** What the server's bytes are next. */
export type ReceiveState = keyof typeof RECEIVE_TRANSITIONS;

type EventsOf<Table> = { [State in keyof Table]: keyof Table[State] }[keyof Table];

export type SendEvent = EventsOf<typeof SEND_TRANSITIONS>;
export type ReceiveEvent = EventsOf<typeof RECEIVE_TRANSITIONS>;
