/**
 * Access to the private state of the platform's Response. Its getters read this state when a program takes them from
 * the prototype and calls them on a response of this library. Up to Node 22 the state is in properties with symbols as
 * names. From Node 24 on it is in private fields, which this library cannot write: those getters then return what the
 * constructor was given, the status and the reason.
 */

import { bare } from '../options.ts';

/** The part of the state that the constructor does not accept. */
interface State {
  /** The last URL is that of the response; more than one means a redirect. */
  urlList: readonly URL[];
  type: string;
}

/** The symbols of the private properties; undefined if there are none. */
interface Slots {
  readonly state: symbol | undefined;
  readonly headers: symbol | undefined;
}

let slots: Slots | undefined;

/** Looks for the symbols with the first response, because this loads all of the platform's fetch. */
function knownSlots(): Slots {
  const symbols = Object.getOwnPropertySymbols(Response.error());
  const named = (name: string): symbol | undefined => symbols.find(({ description }) => description === name);
  return { state: named('state'), headers: named('headers') };
}

/** The symbol of the private Headers of a Response; undefined if there is none. */
export function headersSymbol(): symbol | undefined {
  slots ??= knownSlots();
  return slots.headers;
}

/** Stores the URL and type of `response`, which the platform's constructor made. */
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
 * A stream in place of the body, for the platform's own methods: called on a response of this library, they must fail
 * instead of reading an empty body. All responses share it until one of these methods reads it.
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
