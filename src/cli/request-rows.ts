/**
 * Finished requests in little memory, for a picture of very many: about 50 bytes each and the text of the path. Kept are method,
 * origin, path, status, bytes, number of the connection, error, and the times. Headers are not. It knows no pictures.
 */

import { printable } from '../inspection.ts';
import type { RecordedRequest, RequestPhases } from './recording.ts';

/** Most requests that are kept. */
const MOST = 200_000;
/** Most characters of a path. */
const PATH_LENGTH = 400;
/** Most different errors. Their texts name URLs. */
const ERRORS = 1000;
const OTHERS = 'an error of which there were too many to keep';
const BLOCK = 2048;
const PHASES = ['blocked', 'send', 'held', 'wait', 'receive'] as const satisfies readonly (keyof RequestPhases)[];

/** A request as it was kept. Times are milliseconds since the recording began. */
export interface RequestRow {
  /** Indexes in the lists of texts. */
  readonly method: number;
  readonly origin: number;
  readonly path: string;
  /** 0: no response. */
  readonly status: number;
  readonly bytes: number;
  /** The number of the connection; 0: it was not sent. */
  readonly connection: number;
  /** Index in the list of errors; -1: none. */
  readonly error: number;
  readonly create: number;
  readonly phases: RequestPhases;
}

/** Texts that occur again and again, each once, and printable. */
export class Texts {
  readonly list: string[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #most: number;

  /** After `most` texts, further ones are only said to be more of them. */
  constructor(most: number = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  index(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    if (this.list.length >= this.#most) return this.#indexes.get(OTHERS) ?? this.#add(OTHERS);
    return this.#add(text);
  }

  #add(text: string): number {
    this.#indexes.set(text, this.list.length);
    return this.list.push(printable(text)) - 1;
  }
}

class Block {
  readonly create: Float64Array = new Float64Array(BLOCK);
  readonly bytes: Float64Array = new Float64Array(BLOCK);
  readonly phases: Float32Array = new Float32Array(BLOCK * PHASES.length);
  readonly connection: Uint32Array = new Uint32Array(BLOCK);
  readonly origin: Uint32Array = new Uint32Array(BLOCK);
  readonly status: Uint16Array = new Uint16Array(BLOCK);
  readonly method: Uint16Array = new Uint16Array(BLOCK);
  readonly paths: string[] = [];
}

export class RequestRows {
  readonly origins: Texts = new Texts();
  readonly methods: Texts = new Texts();
  readonly errors: Texts = new Texts(ERRORS);
  readonly #blocks: Block[] = [];
  /** The errors of the rows that have one. */
  readonly #failed = new Map<number, number>();
  readonly #most: number;
  #length = 0;
  #leftOut = 0;

  constructor(most: number = MOST) {
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** Number of requests for which there was no room. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get full(): boolean {
    return this.#length >= this.#most;
  }

  add(request: RecordedRequest): void {
    if (this.full) {
      this.#leftOut++;
      return;
    }
    const index = this.#length++;
    const at = index % BLOCK;
    const block = at === 0 ? this.#another() : (this.#blocks.at(-1) as Block);
    block.create[at] = request.create;
    block.bytes[at] = request.bytes;
    block.connection[at] = request.connection?.number ?? 0;
    block.origin[at] = this.origins.index(request.origin);
    block.status[at] = request.response?.status ?? 0;
    block.method[at] = this.methods.index(request.method);
    block.paths.push(ownText(printable(request.path, PATH_LENGTH)));
    for (let phase = 0; phase < PHASES.length; phase++) {
      block.phases[at * PHASES.length + phase] = request.phases[PHASES[phase] as keyof RequestPhases];
    }
    if (request.error !== undefined) this.#failed.set(index, this.errors.index(request.error));
  }

  at(index: number): RequestRow {
    const block = this.#blocks[Math.floor(index / BLOCK)] as Block;
    const at = index % BLOCK;
    const phase = (which: number): number => block.phases[at * PHASES.length + which] ?? 0;
    return {
      method: block.method[at] ?? 0,
      origin: block.origin[at] ?? 0,
      path: block.paths[at] ?? '',
      status: block.status[at] ?? 0,
      bytes: block.bytes[at] ?? 0,
      connection: block.connection[at] ?? 0,
      error: this.#failed.get(index) ?? -1,
      create: block.create[at] ?? 0,
      phases: { blocked: phase(0), send: phase(1), held: phase(2), wait: phase(3), receive: phase(4) },
    };
  }

  #another(): Block {
    const block = new Block();
    this.#blocks.push(block);
    return block;
  }
}

/** A copy: a slice of a string keeps the whole string. */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}
