/**
 * The plan of a world of fetches, as plain data: origins and the faults of their connections, pools, and calls, each with
 * its responses. The target of a request names its call and its hop, so that a server knows what to answer.
 */

import type { Cut } from '../network/direction.ts';
import type { Path } from '../network/network.ts';

export interface ConnectionPlan {
  readonly connect: Path['connect'];
  readonly direction: 'up' | 'down';
  readonly cut: Cut | null;
}

/** The plan of any connection without one. */
export const SOUND: ConnectionPlan = { connect: 'accept', direction: 'down', cut: null };

export interface OriginPlan {
  /** The fault of its TLS, if it has TLS. */
  readonly secure: 'no' | 'yes' | 'refuses' | 'wrong-name' | 'truncates';
  /** Requests of a connection before it is closed; 0: any number. */
  readonly most: number;
  readonly announces: boolean;
  /** Milliseconds after which an idle connection is closed; 0: never. */
  readonly idle: number;
  /** Seconds in its field Keep-Alive; 0: no field. */
  readonly keepAlive: number;
  readonly version: '1.1' | '1.0' | '1.0-keeps';
  /** Segments down to single bytes; otherwise a network that takes large bodies. */
  readonly fine: boolean;
  /** The resolver's answer: the address, also behind one that refuses; an error; or none. */
  readonly lookup: 'one' | 'second' | 'EAI_NONAME' | 'EAI_AGAIN' | 'never';
  /** Its connections in the order of their beginning; later ones are sound. */
  readonly connections: readonly ConnectionPlan[];
}

export interface AnswerPlan {
  readonly status: number;
  readonly size: number;
  readonly framing: 'length' | 'chunked' | 'close';
  readonly chunk: number;
  /** Bytes to send at a time, with a pause after each; 0: all. */
  readonly piece: number;
  readonly pause: number;
  /** Milliseconds before it; -1: there is never a response. */
  readonly delay: number;
  readonly informational: number;
  /** Whether it is sent once the head of the request has arrived, before the body is read. */
  readonly early: boolean;
  /** How the connection ends with it; `instead`: in place of the response, the first time it is requested. */
  readonly close: 'no' | 'announced' | 'unannounced' | 'reset' | 'instead';
  /** Bytes behind it that belong to no response, such as a body in response to HEAD. */
  readonly stray: number;
  readonly malformed: 'no' | 'head' | 'chunk';
  /** Whether the body is compressed, if the request allows it. */
  readonly gzip: boolean;
  readonly redirect: RedirectPlan | null;
}

export interface RedirectPlan {
  readonly origin: number;
  /** The response at the target; null: the same again, in a circle. */
  readonly answer: AnswerPlan | null;
}

export interface UploadPlan {
  readonly form: 'string' | 'bytes' | 'blob' | 'pieces' | 'stream' | 'iterable';
  readonly size: number;
  readonly piece: number;
  /** Milliseconds before each awaited piece. */
  readonly pause: number;
  /** Whether the source fails in the middle. */
  readonly fails: boolean;
}

/** The use of a response. Bodies that are `left` are cancelled when all other calls have ended; `late` ones are read then. */
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
  /** Whether the program goes on until no idle connection is left, instead of closing them. */
  readonly lingers: boolean;
  /** Calls of a task follow each other; tasks run at the same time. */
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

/** One request of a call, as it must be sent, and its response. */
export interface Hop {
  readonly origin: number;
  readonly method: string;
  readonly hasBody: boolean;
  readonly answer: AnswerPlan;
  /** Whether all hops before were at the origin of the first one. */
  readonly trusted: boolean;
}

/** The requests of a call, if none fails; without the repetitions of a circle. */
export function hopsOf(call: Pick<CallPlan, 'origin' | 'method' | 'upload' | 'answer' | 'mode'>): Hop[] {
  const { origin, method, upload, answer } = call;
  const hops: Hop[] = [{ origin, method, hasBody: upload !== null, answer, trusted: true }];
  if (call.mode !== 'follow') return hops;
  for (let last = hops[0] as Hop; last.answer.redirect?.answer; hops.push(last)) last = nextHop(last);
  return hops;
}

/** Whether the body can be sent again. */
export function isRepeatable(upload: UploadPlan | null): boolean {
  if (upload === null) return true;
  // A failing iterable is a generator, the others are arrays.
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

/** Visible ASCII that differs for each purpose, and whose parts differ from each other. */
export function content(size: number, purpose: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let index = 0; index < size; index++)
    bytes[index] = 33 + ((index * 31 + (index >> 6) * 17 + purpose * 41 + ((purpose >> 3) ^ index) * 7) % 90);
  return bytes;
}

/** The request body of a call. */
export function uploadOf({ id, upload }: Pick<CallPlan, 'id' | 'upload'>): Buffer {
  return upload === null ? Buffer.alloc(0) : content(upload.size, 1000 + id);
}
