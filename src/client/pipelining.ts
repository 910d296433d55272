/**
 * How many requests may be in flight on one connection to one server: a pure state machine, which hears how connections have gone and
 * does no I/O. Connections to the same server by the same route share one.
 *
 * Nothing says beforehand whether a server, and what stands before it, answers pipelined requests well (RFC 9112 9.3.2). So pipelining
 * begins with one request, goes on only after a response that allows more, and is taken back in steps: half of the depth, one request
 * at a time, one request to a connection. Many good responses give a step back.
 */

/** Good responses after which a step is taken back; twice as many after each further fault. */
const GOOD_RUN = 64;
const LONGEST_GOOD_RUN = 1 << 16;
/** A connection with so many times the depth of responses has served well, however it ends. */
const SERVED_WELL = 2;
/** So many responses that repeat an error status to a request sent alone show that pipelining is not its cause. */
const CONFIRMATIONS = 2;
/** The server wants fewer requests, not another one at once. */
const TOO_MANY = 429;

export class Pipelining {
  readonly #most: number;
  /** Most requests in flight; 0: one, on a connection of its own. */
  #limit: number;
  /** Whether the latest response allows to send ahead. */
  #allowed = false;
  #goodRun = 0;
  #neededRun = GOOD_RUN;
  #faults = 0;
  /** Requests that the server takes on one connection, as it has shown. */
  #perConnection = Number.POSITIVE_INFINITY;
  /** How often an error status has been confirmed; below 0: it has vanished. */
  readonly #confirmed = new Map<number, number>();

  /** @param most requests in flight on one connection */
  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  /** Most requests in flight now. */
  get depth(): number {
    return this.#allowed ? Math.max(1, this.#limit) : 1;
  }

  /** Most requests that one connection may carry. */
  get perConnection(): number {
    return this.#limit === 0 ? 1 : this.#perConnection;
  }

  /** Faults of pipelining that were seen. */
  get faults(): number {
    return this.#faults;
  }

  /**
   * The head of a response has come. `persistent`: it is HTTP/1.1, its body has an end of its own, and the connection stays open.
   * `number`: its place among the responses of the connection, from 1.
   */
  answered({ persistent, number }: { readonly persistent: boolean; readonly number: number }): void {
    if (!persistent) {
      // After several responses it is the server's limit for one connection, else its way to answer.
      if (number > 1) this.#perConnection = number;
      else this.#allowed = false;
      return;
    }
    if (number >= this.#perConnection) this.#perConnection = Number.POSITIVE_INFINITY;
    this.#allowed = true;
    if (this.#limit === this.#most || ++this.#goodRun < this.#neededRun) return;
    this.#goodRun = 0;
    this.#limit = Math.min(this.#most, Math.max(1, 2 * this.#limit));
  }

  /** A connection ended without announcement after `answered` responses, with requests that wait for one. */
  broke(answered: number): void {
    if (answered < SERVED_WELL * Math.max(1, this.#limit)) this.suspect();
  }

  /** A response seems to be wrong because its request was pipelined. */
  suspect(): void {
    this.#faults++;
    this.#goodRun = 0;
    if (this.#faults > 1) this.#neededRun = Math.min(LONGEST_GOOD_RUN, 2 * this.#neededRun);
    if (this.#limit === this.#most && this.#most > 3) this.#limit = this.#most >> 1;
    else this.#limit = this.#limit > 1 ? 1 : 0;
  }

  /** Whether the error status of a pipelined request may vanish when the request is sent alone, at once. */
  doubts({ status, headers }: { readonly status: number; readonly headers: { has(name: string): boolean } }): boolean {
    if (status < 400 || status === TOO_MANY || headers.has('Retry-After')) return false;
    return (this.#confirmed.get(status) ?? 0) < CONFIRMATIONS;
  }

  /** A request that had got `before` behind others was sent alone, and has got `status`. */
  confirmed(before: number, status: number): void {
    const same = before === status;
    this.#confirmed.set(before, same ? (this.#confirmed.get(before) ?? 0) + 1 : 0);
    if (!same) this.suspect();
  }
}
