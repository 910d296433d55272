/**
 * What the platform's Response keeps to itself, as far as it can be reached. Its own getters read it when they are taken from the
 * prototype and called on a response of ours. Up to Node 22 it stands in properties that symbols name, from Node 24 on in private
 * fields, which no one else can write: there those getters give what the constructor was told, which is the status and the reason.
 */

import { bare } from '../options.ts';

/** As much of the state as a constructor cannot be told. */
interface State {
  /** The last one is that of the response; several are a redirect. */
  urlList: readonly URL[];
  type: string;
}

/** What names these of a Response; undefined where nothing does. */
interface Slots {
  readonly state: symbol | undefined;
  readonly headers: symbol | undefined;
}

let slots: Slots | undefined;

/** They are looked for with the first response: to look loads all of the platform's fetch. */
function knownSlots(): Slots {
  const symbols = Object.getOwnPropertySymbols(Response.error());
  const named = (name: string): symbol | undefined => symbols.find(({ description }) => description === name);
  return { state: named('state'), headers: named('headers') };
}

/** Names the Headers of a Response; undefined where nothing does. */
export function headersSymbol(): symbol | undefined {
  slots ??= knownSlots();
  return slots.headers;
}

/** Writes down where `response`, made by the platform's constructor, comes from. */
export function noteOrigin(
  response: object,
  { url, redirected, type }: { readonly url: URL; readonly redirected: boolean; readonly type: string },
): void {
  slots ??= knownSlots();
  const name = slots.state;
  const state = name && (response as Record<symbol, State | undefined>)[name];
  if (state === undefined) return;
  state.urlList = redirected ? [url, url] : [url];
  state.type = type;
}

let trap: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;

/**
 * Stands for a body that is not read through the platform's own methods: called on a response of ours, they must not take it for
 * an empty one. All responses share it until something tries to read it.
 */
export function bodyTrap(): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (trap === undefined || trap.locked) trap = newTrap();
  return trap;
}

function newTrap(): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = {
    pull(): never {
      trap = newTrap();
      throw new TypeError('the body of this response is read by its own methods, not by those of Response.prototype');
    },
    cancel(): void {
      trap = newTrap();
    },
  };
  return new ReadableStream(bare(source), bare({ highWaterMark: 0 }));
}
