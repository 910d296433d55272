/**
 * What a world of fetches is made of, as plain data: origins and what is wrong with their connections, pools, and calls, each with the
 * answers that it gets. The target of a request names its call and its hop, so that a server knows what to answer.
 */

import type { Cut } from '../network/direction.ts';
import type { Path } from '../network/network.ts';

export interface ConnectionPlan {
  readonly connect: Path['connect'];
  readonly direction: 'up' | 'down';
  readonly cut: Cut | null;
}

/** What fits any connection that no plan is made for. */
export const SOUND: ConnectionPlan = { connect: 'accept', direction: 'down', cut: null };

export interface OriginPlan {
  /** What is wrong with its TLS, if it has TLS. */
  readonly secure: 'no' | 'yes' | 'refuses' | 'wrong-name' | 'truncates';
  /** Requests of a connection before it is closed; 0: any number. */
  readonly most: number;
  readonly announces: boolean;
  /** Milliseconds after which an idle connection is closed; 0: never. */
  readonly idle: number;
  /** Seconds that its field Keep-Alive names; 0: it has none. */
  readonly keepAlive: number;
  readonly version: '1.1' | '1.0' | '1.0-keeps';
  /** Segments down to single bytes; otherwise a network that takes large bodies. */
  readonly fine: boolean;
  /** The resolver's answer: the address, also behind one that refuses; an error; or none. */
  readonly lookup: 'one' | 'second' | 'EAI_NONAME' | 'EAI_AGAIN' | 'never';
  /** Of its connections in the order in which they are begun; those beyond are sound. */
  readonly connections: readonly ConnectionPlan[];
}

export interface AnswerPlan {
  readonly status: number;
  readonly size: number;
  readonly framing: 'length' | 'chunked' | 'close';
  readonly chunk: number;
  /** Bytes that are sent at a time, with a pause after each; 0: all. */
  readonly piece: number;
  readonly pause: number;
  /** Milliseconds before it; -1: there is never an answer. */
  readonly delay: number;
  readonly informational: number;
  /** Sent when the head of the request is there, before its body is read. */
  readonly early: boolean;
  /** How the connection ends with it; `instead`: of the answer, the first time that it is asked for. */
  readonly close: 'no' | 'announced' | 'unannounced' | 'reset' | 'instead';
  /** Bytes behind it that belong to nothing, such as a body in answer to HEAD. */
  readonly stray: number;
  readonly malformed: 'no' | 'head' | 'chunk';
  /** The body is compressed, if that was asked for. */
  readonly gzip: boolean;
  readonly redirect: RedirectPlan | null;
}

export interface RedirectPlan {
  readonly origin: number;
  /** What is found there; null: the same again, in a circle. */
  readonly answer: AnswerPlan | null;
}

export interface UploadPlan {
  readonly form: 'string' | 'bytes' | 'blob' | 'pieces' | 'stream' | 'iterable';
  readonly size: number;
  readonly piece: number;
  /** Milliseconds before each piece that is awaited. */
  readonly pause: number;
  /** The source fails in the middle. */
  readonly fails: boolean;
}

/** How a response is used. Bodies that are `left` are cancelled when all other calls have ended, `late` ones are read then. */
export type Use = 'bytes' | 'text' | 'blob' | 'stream' | 'slow' | 'cancel' | 'clone' | 'left' | 'late';

export interface CallPlan {
  readonly id: number;
  readonly pool: number;
  readonly origin: number;
  readonly method: string;
  /** Milliseconds between the call before it in its task and this one. */
  readonly gap: number;
  readonly upload: UploadPlan | null;
  readonly answer: AnswerPlan;
  readonly use: Use;
  /** Milliseconds between the parts that are read, for `slow`. */
  readonly pause: number;
  /** Milliseconds from the call to the abort of its signal; 0: before it; -1: never. */
  readonly abort: number;
  readonly mode: 'follow' | 'manual' | 'error';
}

export interface PoolPlan {
  readonly most: number;
  readonly idleTimeout: number;
  readonly mostIdle: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly connectTimeout: number;
}

export interface MachinePlan {
  readonly noDescriptor: number;
  readonly noBuffers: number;
  readonly lateness: number;
  readonly busy: number;
}

export interface FetchPlan {
  readonly origins: readonly OriginPlan[];
  readonly pools: readonly PoolPlan[];
  readonly machine: MachinePlan;
  /** Whether the program goes on until no idle connection is kept any more, rather than close them. */
  readonly lingers: boolean;
  /** Calls of a task follow each other; the tasks run at the same time. */
  readonly tasks: readonly (readonly CallPlan[])[];
}

export function hostOf(origin: number): string {
  return `${'abc'[origin] ?? 'd'}.test`;
}

/** The URL of an origin, without a path. */
export function baseOf(plan: OriginPlan, origin: number): string {
  return `${plan.secure === 'no' ? 'http' : 'https'}://${hostOf(origin)}`;
}

export function targetOf(call: number, hop: number): string {
  return `/call/${call}/${hop}`;
}

/** One request of a call, as it must be, and its answer. */
export interface Hop {
  readonly origin: number;
  readonly method: string;
  readonly hasBody: boolean;
  readonly answer: AnswerPlan;
  /** Whether all hops before were at the origin of the first one. */
  readonly trusted: boolean;
}

/** The requests that a call leads to, if none fails; without the repetitions of a circle. */
export function hopsOf(call: Pick<CallPlan, 'origin' | 'method' | 'upload' | 'answer' | 'mode'>): Hop[] {
  const { origin, method, upload, answer } = call;
  const hops: Hop[] = [{ origin, method, hasBody: upload !== null, answer, trusted: true }];
  if (call.mode !== 'follow') return hops;
  for (let last = hops[0] as Hop; last.answer.redirect?.answer; hops.push(last)) last = nextHop(last);
  return hops;
}

/** Whether it can be sent again. */
export function isRepeatable(upload: UploadPlan | null): boolean {
  if (upload === null) return true;
  // One that fails is a generator, the others are arrays.
  return upload.form === 'iterable' ? !upload.fails : upload.form !== 'pieces' && upload.form !== 'stream';
}

function nextHop({ origin, method, hasBody, answer: { status, redirect }, trusted }: Hop): Hop {
  const { origin: next, answer } = redirect as RedirectPlan & { answer: AnswerPlan };
  const becomesGet =
    status === 303 ? method !== 'GET' && method !== 'HEAD' : (status === 301 || status === 302) && method === 'POST';
  return {
    origin: next,
    method: becomesGet ? 'GET' : method,
    hasBody: hasBody && !becomesGet,
    answer,
    trusted: trusted && next === origin,
  };
}

/** Visible ASCII that no two purposes have in common, and in which no part looks like another one. */
export function content(size: number, purpose: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let index = 0; index < size; index++)
    bytes[index] = 33 + ((index * 31 + (index >> 6) * 17 + purpose * 41 + ((purpose >> 3) ^ index) * 7) % 90);
  return bytes;
}

/** What is sent with a call. */
export function uploadOf({ id, upload }: Pick<CallPlan, 'id' | 'upload'>): Buffer {
  return upload === null ? Buffer.alloc(0) : content(upload.size, 1000 + id);
}
