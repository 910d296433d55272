/** What no world reaches, and why: by kind, and by the names that the coverage has for it. */

const NO_SWITCH =
  'no server of the worlds leaves HTTP but behind CONNECT; test/client/raw.test.ts has 101 and bytes behind it';
const WITH_PROXY = 'no world speaks TLS with a proxy; test/client/proxy-tls*.test.ts do, with real ones';
const BODY_LENGTHS = 'programs give the bytes that they announce; test/client/announced-pieces.test.ts has the others';

export const UNREACHED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  send: {
    'await-continue: close': 'a last answer to such a request leads through final-response first',
    'await-switch: close': NO_SWITCH,
    'await-switch: fail': NO_SWITCH,
    'raw: data': NO_SWITCH,
    'raw: close': NO_SWITCH,
    'raw: fail': NO_SWITCH,
  },
  receive: {
    'raw: fail': NO_SWITCH,
    'closed: fail': 'nothing is received any more; a failure of sending is told by what sends',
    'failed: fail': 'a connection that has failed is not looked at again',
  },
  phase: {
    'ConnectionClosed: proxy-handshake': WITH_PROXY,
    'ConnectionTimedOut: proxy-handshake': WITH_PROXY,
    'ConnectionTimedOut: idle': 'nothing waits on an idle connection',
  },
  class: {
    ExcessBodyData: BODY_LENGTHS,
    MissingBodyData: BODY_LENGTHS,
    HostnameNotResolvable: 'names of these worlds are known, or their resolver fails for a while: DNSUnavailable',
  },
};

/** Places in which no coroutine waits, by what their line has in it. */
export const UNREACHED_POINTS: readonly { readonly file: string; readonly text: string; readonly why: string }[] = [
  { file: 'client/tunnel.ts', text: 'else if (this.#receive() === WOULD_BLOCK)', why: WITH_PROXY },
  {
    file: 'io/tcp.ts',
    text: 'yield* waitFor(transport.sendNeeds)',
    why: 'signals interrupt waits here, not connect(2); npm run native-faults does that',
  },
];
