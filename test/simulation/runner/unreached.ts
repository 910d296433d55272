/** What no world reaches, with the reason: by kind, and by the names of the coverage. */

export const UNREACHED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  send: {
    'await-continue: close': 'a last answer to such a request leads through final-response first',
    'await-switch: close':
      'the head of such a request would have to be interrupted, and no head is larger than the buffers',
    'raw: close': 'what an interrupted sender leaves goes out before the next bytes',
  },
  receive: {
    'raw: fail': 'bytes behind HTTP have no form that they could break',
    'closed: fail': 'nothing is received any more; the sender has the error of a failure to send',
    'failed: fail': 'a connection that has failed is not looked at again',
  },
  phase: {
    'ConnectionTimedOut: idle': 'nothing waits on an idle connection',
  },
};

/** Places in which no coroutine waits, by a text of their line. */
export const UNREACHED_POINTS: readonly { readonly file: string; readonly text: string; readonly why: string }[] = [
  {
    file: 'client/tunnel.ts',
    text: 'else if (this.#receive() === WOULD_BLOCK)',
    why: 'a proxy would have to ask for something within TLS between its handshake and CONNECT',
  },
  {
    file: 'io/tcp.ts',
    text: 'yield* waitFor(transport.sendNeeds)',
    why: 'signals interrupt waits here, not connect(2); npm run native-faults does that',
  },
];
