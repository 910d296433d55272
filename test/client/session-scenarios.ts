/**
 * What one sender and one reader do on a connection, and what its server says: the material of session-interleavings.test.ts. Requests
 * and answers are few and short, and each answer names its request.
 */

import { ClientProtocol } from '../../src/http1/protocol.ts';

/** How a request is sent. */
export interface SentRequest {
  readonly path: string;
  /** get: no body; whole: given at once; pieces: from an iterable, chunked; expecting: when a 100 (Continue) has come. */
  readonly how: 'get' | 'whole' | 'pieces' | 'expecting';
  readonly body: readonly string[];
}

/** Bytes that the server sends. */
export interface Answer {
  /** The number of the request. */
  readonly to: number;
  readonly bytes: string;
  /** The server answers when it has got the whole request, its head, or so many bytes of the request. */
  readonly when: 'whole' | 'head' | number;
  /** A part of the answers ends within this one, or at its end: so many bytes into it. */
  readonly cut?: readonly number[];
  /** Nothing may be sent behind it: ever, or if the request has not been taken to its end. */
  readonly last?: 'always' | 'early';
}

export interface SessionScenario {
  readonly name: string;
  readonly requests: readonly SentRequest[];
  readonly answers: readonly Answer[];
  /** Where the peer pauses: [the number of a request, so many bytes into it]; negative: before its end. */
  readonly pauses: readonly (readonly [number, number])[];
  /** The connection is not there at once. */
  readonly connects?: 'later';
  /** The server does not want the body of the request that asks. */
  readonly permits?: false;
  /** The peer takes nothing behind its last pause. */
  readonly stops?: true;
  /** The server ends the connection behind its answers. */
  readonly ends?: true;
  /** What the sender must come to if nothing interferes; any: the answers are no answers. */
  readonly sender: 'done' | 'refused' | 'either' | 'any';
  /** The answers that the reader must get if nothing interferes, by the numbers of the requests. */
  readonly answered: readonly number[];
}

/** The host of all requests. */
export const HOST = 'h';

/** Longer than what the protocol copies. */
const LARGE = 'x'.repeat(2100);

export function get(path: string): SentRequest {
  return { path, how: 'get', body: [] };
}

function put(path: string, how: SentRequest['how'], ...body: string[]): SentRequest {
  return { path, how, body };
}

function lengthAnswer(to: number, path: string, more: Partial<Answer> = {}, status = '200 OK', fields = ''): Answer {
  const bytes = `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${path.length}\r\n\r\n${path}`;
  return { to, bytes, when: 'whole', ...more };
}

function chunkedAnswer(to: number, path: string, more: Partial<Answer> = {}): Answer {
  const bytes = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n${path[0]}\r\n1\r\n${path[1]}\r\n0\r\n\r\n`;
  return { to, bytes, when: 'whole', ...more };
}

function emptyAnswer(to: number, path: string, more: Partial<Answer> = {}): Answer {
  return { to, bytes: `HTTP/1.1 204 No Content\r\nX-For: ${path}\r\n\r\n`, when: 'whole', ...more };
}

/** A cut at the end of an answer. */
const WHOLE = Number.POSITIVE_INFINITY;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const TOO_LARGE = '413 Content Too Large';

const gets = ['/1', '/2', '/3', '/4'].map(get);

export const SCENARIOS: readonly SessionScenario[] = [
  {
    name: 'a refused upload in one piece, of which the server takes no more',
    requests: [...gets.slice(0, 3), put('/4', 'whole', LARGE)],
    answers: [
      lengthAnswer(0, '/1'),
      emptyAnswer(1, '/2', { cut: [9] }),
      lengthAnswer(2, '/3'),
      lengthAnswer(3, '/4', { when: 'head', cut: [30, -1], last: 'early' }, TOO_LARGE),
    ],
    pauses: [
      [2, 4],
      [3, 300],
    ],
    stops: true,
    sender: 'refused',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'a refused upload in pieces, of which the server takes no more',
    requests: [...gets.slice(0, 3), put('/4', 'pieces', 'one', LARGE, 'two')],
    answers: [
      chunkedAnswer(0, '/1'),
      lengthAnswer(1, '/2'),
      emptyAnswer(2, '/3', { cut: [9] }),
      lengthAnswer(3, '/4', { when: 'head', cut: [30, -1], last: 'early' }, TOO_LARGE),
    ],
    pauses: [
      [3, 70],
      [3, 300],
    ],
    stops: true,
    sender: 'refused',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'a refused upload, which the server would take',
    requests: [...gets.slice(0, 3), put('/4', 'whole', LARGE)],
    answers: [
      lengthAnswer(0, '/1'),
      emptyAnswer(1, '/2'),
      lengthAnswer(2, '/3', { cut: [9] }),
      lengthAnswer(3, '/4', { when: 'head', cut: [30, -1], last: 'early' }, TOO_LARGE),
    ],
    pauses: [[3, 300]],
    sender: 'either',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'an upload that is permitted, and refused in its middle',
    requests: [...gets.slice(0, 3), put('/4', 'expecting', LARGE)],
    answers: [
      emptyAnswer(0, '/1'),
      lengthAnswer(1, '/2'),
      lengthAnswer(2, '/3', { cut: [WHOLE] }),
      { to: 3, bytes: CONTINUE, when: 'head', cut: [WHOLE] },
      lengthAnswer(3, '/4', { when: 'head', cut: [30], last: 'early' }, TOO_LARGE),
    ],
    pauses: [[3, 300]],
    stops: true,
    sender: 'refused',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'an upload that is permitted by a 100 (Continue)',
    requests: [...gets.slice(0, 3), put('/4', 'expecting', LARGE)],
    answers: [
      emptyAnswer(0, '/1'),
      lengthAnswer(1, '/2', { cut: [9] }),
      lengthAnswer(2, '/3'),
      { to: 3, bytes: CONTINUE, when: 'head', cut: [9, WHOLE] },
      lengthAnswer(3, '/4', { cut: [20] }),
    ],
    pauses: [[3, -7]],
    sender: 'done',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'an upload that is not permitted',
    permits: false,
    requests: [...gets.slice(0, 3), put('/4', 'expecting', LARGE)],
    answers: [
      emptyAnswer(0, '/1'),
      lengthAnswer(1, '/2', { cut: [9] }),
      lengthAnswer(2, '/3'),
      lengthAnswer(3, '/4', { when: 'head', cut: [30, -1] }, '417 Expectation Failed'),
    ],
    pauses: [[3, 9]],
    sender: 'done',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'an upload whose permission does not come',
    requests: [...gets.slice(0, 3), put('/4', 'expecting', LARGE)],
    answers: [
      emptyAnswer(0, '/1'),
      lengthAnswer(1, '/2'),
      lengthAnswer(2, '/3', { cut: [9, WHOLE] }),
      lengthAnswer(3, '/4', { cut: [20] }),
    ],
    pauses: [[3, -7]],
    sender: 'done',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'GETs on a connection that is still being made',
    requests: gets,
    answers: [
      lengthAnswer(0, '/1', { cut: [9] }),
      emptyAnswer(1, '/2', { cut: [9] }),
      chunkedAnswer(2, '/3', { cut: [-7] }),
      lengthAnswer(3, '/4'),
    ],
    pauses: [],
    connects: 'later',
    sender: 'done',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'a server that answers before it is asked',
    requests: gets,
    answers: [emptyAnswer(0, '/1', { when: 0, cut: [9] })],
    pauses: [],
    connects: 'later',
    ends: true,
    sender: 'any',
    answered: [],
  },
  {
    name: 'a server that greets in another protocol',
    requests: gets,
    answers: [{ to: 0, bytes: 'SSH-2.0-OpenSSH\r\n', when: 0 }],
    pauses: [],
    connects: 'later',
    sender: 'any',
    answered: [],
  },
  {
    name: 'pipelined GETs',
    requests: gets,
    answers: [
      lengthAnswer(0, '/1', { cut: [-1] }),
      chunkedAnswer(1, '/2', { cut: [-9] }),
      emptyAnswer(2, '/3', { cut: [20] }),
      lengthAnswer(3, '/4'),
    ],
    pauses: [[1, 4]],
    sender: 'done',
    answered: [0, 1, 2, 3],
  },
  {
    name: 'a close in the middle of the pipeline',
    requests: gets,
    answers: [
      lengthAnswer(0, '/1', { cut: [11] }),
      lengthAnswer(1, '/2', { cut: [30, -1], last: 'always' }, '200 OK', 'Connection: close\r\n'),
    ],
    pauses: [[2, 3]],
    sender: 'either',
    answered: [0, 1],
  },
  {
    name: 'a body that ends with the connection',
    requests: gets,
    answers: [
      lengthAnswer(0, '/1'),
      { to: 1, bytes: 'HTTP/1.1 200 OK\r\n\r\n/2', when: 'whole', cut: [9], last: 'always' },
    ],
    pauses: [[2, 3]],
    ends: true,
    sender: 'either',
    answered: [0, 1],
  },
  {
    name: 'an early success while the upload goes on',
    requests: [get('/1'), put('/2', 'pieces', 'one', LARGE, 'two'), get('/3'), get('/4')],
    answers: [
      lengthAnswer(0, '/1'),
      lengthAnswer(1, '/2', { when: 'head', cut: [-1, WHOLE] }),
      lengthAnswer(2, '/3', { cut: [9] }),
      emptyAnswer(3, '/4'),
    ],
    pauses: [[1, 300]],
    sender: 'done',
    answered: [0, 1, 2, 3],
  },
];

/** Where a request lies among all bytes that are to be sent. */
interface Place {
  readonly start: number;
  readonly head: number;
  readonly end: number;
}

/** A scenario, as bytes. */
export interface Script {
  readonly scenario: SessionScenario;
  /** All bytes that are to be sent. */
  readonly wire: Buffer;
  readonly places: readonly Place[];
  /** The parts in which the answers arrive; each when the peer has taken so many bytes, `after`. */
  readonly parts: readonly { readonly bytes: Buffer; readonly after: number }[];
  /** What the peer takes, between its pauses. */
  readonly room: readonly number[];
  /** Where each answer ends among all bytes of the answers. */
  readonly answerEnds: readonly number[];
}

export function scripted(scenario: SessionScenario): Script {
  const { wire, places } = encoded(scenario);
  const at = ([request, offset]: readonly [number, number]): number => {
    const { start, end } = places[request] as Place;
    return offset < 0 ? end + offset : start + offset;
  };
  const pauses = scenario.pauses.map(at);
  const ends = scenario.stops ? pauses : [...pauses, wire.length];
  const room = ends.map((end, index) => end - (ends[index - 1] ?? 0));
  const answers = Buffer.from(scenario.answers.map(({ bytes }) => bytes).join(''), 'latin1');
  const answerEnds: number[] = [];
  const cuts: number[] = [];
  for (const { bytes, cut = [] } of scenario.answers) {
    const start = answerEnds.at(-1) ?? 0;
    for (const offset of cut) cuts.push(start + (offset < 0 ? bytes.length + offset : Math.min(bytes.length, offset)));
    answerEnds.push(start + bytes.length);
  }
  const parts = [...cuts, answers.length].map((end, index) => {
    const start = cuts[index - 1] ?? 0;
    const begun = scenario.answers.filter((_, answer) => (answerEnds[answer - 1] ?? 0) < end);
    const after = Math.max(...begun.map(({ to, when }) => neededBytes(places[to] as Place, when)));
    return { bytes: answers.subarray(start, end), after };
  });
  return { scenario, wire, places, parts, room, answerEnds };
}

function neededBytes({ start, head, end }: Place, when: Answer['when']): number {
  if (when === 'whole') return end;
  return when === 'head' ? head : start + when;
}

/** What a protocol makes of the requests, one after the other. */
function encoded({ requests, permits }: SessionScenario): { wire: Buffer; places: Place[] } {
  const protocol = new ClientProtocol({ host: HOST });
  const places = requests.map((request) => {
    const { output } = protocol;
    const start = output.end;
    protocol.sendRequest(request.how === 'get' ? 'GET' : 'PUT', request.path, requestOf(request));
    const head = output.end;
    if (request.how === 'expecting') {
      if (permits === false) return { start, head, end: head };
      protocol.stopWaitingForContinue();
    }
    for (const piece of request.body) protocol.sendData(Buffer.from(piece));
    if (request.how === 'pieces') protocol.endBody();
    return { start, head, end: output.end };
  });
  return { wire: Buffer.concat(protocol.output.take()), places };
}

/** What the session, or the protocol, is given of a request. */
export function requestOf({ how, body }: SentRequest): Parameters<ClientProtocol['sendRequest']>[2] & object {
  if (how === 'get') return {};
  if (how === 'pieces') return { framing: { kind: 'chunked' } };
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  return { framing: { kind: 'length', length }, expectContinue: how === 'expecting' };
}
