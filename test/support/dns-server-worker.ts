/** The thread behind dns-server.ts: questions and answers in the format of RFC 1035 4, over UDP. */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { answerCalls } from './server-thread.ts';

/** For one type of question: addresses (none: the name exists, but has none of this type), an error, or silence. */
export type Answer = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silence';

export interface Name {
  readonly A: Answer;
  readonly AAAA: Answer;
  /** The answers wait for the test's `release`. */
  readonly held?: boolean | undefined;
}

export interface DNSServerCalls {
  listen(argument: { address: string }): Promise<void>;
  /** Other names do not exist. */
  setNames(argument: Readonly<Record<string, Name>>): void;
  release(): void;
  /** The questions so far, e.g. `AAAA host.test`. */
  questions(): string[];
  /** Waits until this question has arrived. */
  asked(question: string): Promise<void>;
}

const TYPES: ReadonlyMap<number, 'A' | 'AAAA'> = new Map([
  [1, 'A'],
  [28, 'AAAA'],
]);
const CODES: ReadonlyMap<Answer, number> = new Map<Answer, number>([
  ['SERVFAIL', 2],
  ['NXDOMAIN', 3],
  ['REFUSED', 5],
]);
const HEADER_LENGTH = 12;
const RESPONSE = 0x8000;
const RECURSION = 0x0180;
const SECONDS_TO_LIVE = 60;

const names = new Map<string, Name>();
const questions: string[] = [];
const held: (() => void)[] = [];
let released = false;
let waiting: { question: string; wake: () => void }[] = [];

/** The question section of a query, which has one question. */
function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_LENGTH;
  for (let length = query[at] as number; length > 0; length = query[at] as number) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function response(query: Buffer, answer: Answer, type: number, end: number): Buffer {
  const addresses = typeof answer === 'string' ? [] : answer;
  const head = Buffer.alloc(HEADER_LENGTH);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(RESPONSE | RECURSION | (CODES.get(answer) ?? 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => record(type, addressBytes(address)));
  return Buffer.concat([head, query.subarray(HEADER_LENGTH, end), ...records]);
}

/** The name of the record is a pointer to that in the question (RFC 1035 4.1.4). */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER_LENGTH, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(SECONDS_TO_LIVE, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** In network order. "::" stands for as many zeros as are missing. */
function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [start = [], end = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - start.length - end.length }, () => '0');
  const bytes = Buffer.alloc(16);
  [...start, ...zeros, ...end].forEach(
    (group, index) => void bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index),
  );
  return bytes;
}

function answerTo(socket: Socket, query: Buffer, { address, port }: RemoteInfo): void {
  const { name, type, end } = questionOf(query);
  const kind = TYPES.get(type);
  if (kind === undefined) return;
  const { [kind]: answer, held: withheld = false } = names.get(name) ?? { [kind]: 'NXDOMAIN' as const };
  note(`${kind} ${name}`);
  if (answer === 'silence') return;
  const send = (): void => socket.send(response(query, answer, type, end), port, address);
  if (withheld && !released) held.push(send);
  else send();
}

function note(question: string): void {
  questions.push(question);
  for (const each of waiting) if (each.question === question) each.wake();
  waiting = waiting.filter((each) => each.question !== question);
}

answerCalls<DNSServerCalls>({
  async listen({ address }) {
    const socket = createSocket('udp4');
    socket.on('message', (query, from) => answerTo(socket, query, from));
    socket.bind(53, address);
    await once(socket, 'listening');
  },
  setNames(given) {
    names.clear();
    questions.length = 0;
    released = false;
    for (const [name, answers] of Object.entries(given)) names.set(name, answers);
  },
  release() {
    released = true;
    for (const send of held.splice(0)) send();
  },
  questions: () => questions,
  async asked(question) {
    if (questions.includes(question)) return;
    await new Promise<void>((wake) => waiting.push({ question, wake }));
  },
});
