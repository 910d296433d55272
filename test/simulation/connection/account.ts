/**
 * A program's record of one connection: its requests, those that were answered, and what errors said. Claims of
 * errors about servers are kept until the world is over (oracle.ts).
 */

import type { LostRequest } from '../../../src/errors.ts';
import type { Departures } from '../kernel/departures.ts';
import type { LinkPlan, RequestPlan } from './plan.ts';

/** One attempt at a request; no two have the same target. */
export interface Attempt {
  readonly target: string;
  readonly request: RequestPlan;
  /** The body that the server must get. */
  readonly upload: Buffer;
  /** Number of its bytes that the connection was given. */
  given: number;
  /** Whether it asks for 100 (Continue), and is refused. */
  readonly refused: boolean;
  /** Whether the head of its response was read; and the body to its end. */
  headRead: boolean;
  answered: boolean;
  /** Whether a call that sends it has not returned. */
  sending: boolean;
}

export class Account {
  readonly link: LinkPlan;
  readonly problems: string[] = [];
  /** All attempts. */
  readonly attempts: Attempt[] = [];
  /** The result of each call: for outcomes. */
  readonly results: string[] = [];
  /** The fate of each request, which every way of waiting must have if bytes alone decide. */
  readonly fates: string[] = [];
  /** Targets of requests that, according to an error, no server can have processed. */
  readonly deniedProcessing: Set<string> = new Set<string>();
  /** The attempts on the present connection, oldest first. */
  present: Attempt[] = [];
  readonly #departures: Departures;

  constructor(link: LinkPlan, departures: Departures) {
    this.link = link;
    this.#departures = departures;
  }

  get unanswered(): Attempt[] {
    return this.present.filter(({ answered }) => !answered);
  }

  begin(request: RequestPlan, { expects }: { expects: boolean }): Attempt {
    const target = `/${request.id}-${this.attempts.filter((attempt) => attempt.request === request).length}`;
    const upload = contentOf(target, request.upload?.size ?? 0);
    // A proxy that reads whole requests grants every expectation.
    const { expectation, proxy, tls } = this.link;
    const refused = expects && expectation === 'refuse' && (!proxy || tls);
    const attempt = { target, refused, request, upload, given: 0, headRead: false, answered: false, sending: true };
    this.attempts.push(attempt);
    this.present.push(attempt);
    return attempt;
  }

  /** The connection is given up; later requests are sent anew. */
  disconnected(): void {
    this.present = [];
  }

  /** The requests without a response on any connection. */
  get open(): RequestPlan[] {
    return this.link.requests.filter(
      (request) => !this.attempts.some((attempt) => attempt.request === request && attempt.answered),
    );
  }

  /** The connection has not taken the request. */
  refused(attempt: Attempt): void {
    this.present = this.present.filter((one) => one !== attempt);
    this.deniedProcessing.add(attempt.target);
  }

  /** The lost requests, according to an error. */
  lost(lostRequests: readonly LostRequest[], what: string): void {
    const said = lostRequests.map(({ method, path }) => `${method} ${path}`);
    const last = this.present.at(-1);
    // A request that was refused, since the connection had ended, was never under way.
    if (last?.sending && !last.headRead && said.at(-1) !== nameOf(last)) this.refused(last);
    const known = this.unanswered.map(nameOf);
    if (said.join() !== known.join()) {
      this.problems.push(`${what} says that [${said}] are lost, but [${known}] have no whole answer`);
    }
    this.#heed(lostRequests, what);
  }

  /** The pending requests, according to the connection. */
  pending(requests: readonly LostRequest[]): void {
    this.#heed(
      requests.filter(({ mayHaveBeenProcessed }) => mayHaveBeenProcessed),
      'pendingRequests',
    );
  }

  #heed(requests: readonly LostRequest[], what: string): void {
    for (const { method, path, mayHaveBeenProcessed } of requests) {
      if (!mayHaveBeenProcessed) this.deniedProcessing.add(path);
      else if (this.#departures.count(method, `h${this.link.index}.test`, path) === 0) {
        this.problems.push(`${what} says that ${path} may have been processed, but nothing of it has left`);
      }
    }
  }
}

function nameOf({ request, target }: Attempt): string {
  return `${request.method} ${target}`;
}

const PATTERN = 251;

/** The content under a target, in either direction: no two targets have the same content, nor is one a shift of another. */
export function contentOf(target: string, length: number): Buffer {
  const content = Buffer.allocUnsafe(length);
  let value = 7;
  for (let index = 0; index < target.length; index++) value = (value * 31 + target.charCodeAt(index)) % 65521;
  for (let index = 0; index < length; index++)
    content[index] = (value + index * (1 + (value % PATTERN)) + (index >> 8)) & 255;
  return content;
}

/** The status that the response to an attempt must have. */
export function expectedStatus({ request, refused }: Attempt): number {
  return refused ? REFUSAL : (request.answer.status ?? 200);
}

/** The status of a response in place of a 100. */
export const REFUSAL = 417;

export function expectedBody(attempt: Attempt): Buffer {
  const { target, request } = attempt;
  const { method, size } = request;
  const status = expectedStatus(attempt);
  const none = method === 'HEAD' || status === 204 || status === 304;
  return none ? Buffer.alloc(0) : contentOf(target, size);
}
