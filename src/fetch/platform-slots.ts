/**
 * What the platform's Response keeps to itself, as far as it can be reached. Its own getters read it when they are taken from the
 * prototype and called on a response of ours. Up to Node 22 it stands in properties that symbols name, from Node 24 on in private
 * fields, which no one else can write: there those getters give what the constructor was told, which is the status and the reason.
 */

/** As much of the state as a constructor cannot be told. */
interface State {
  /** The last one is that of the response; several are a redirect. */
  urlList: readonly URL[];
  type: string;
}

const symbols = Object.getOwnPropertySymbols(new Response());
const STATE = symbols.find(({ description }) => description === 'state');
/** Names the Headers of a Response; undefined where nothing does. */
export const HEADERS: symbol | undefined = symbols.find(({ description }) => description === 'headers');

/** Writes down where `response`, made by the platform's constructor, comes from. */
export function noteOrigin(response: object, url: URL, redirected: boolean): void {
  if (STATE === undefined) return;
  const state = (response as Record<symbol, State | undefined>)[STATE];
  if (state === undefined) return;
  state.urlList = redirected ? [url, url] : [url];
  state.type = 'basic';
}

let trap = newTrap();

/**
 * Stands for a body that is not read through the platform's own methods: called on a response of ours, they must not take it for
 * an empty one. All responses share it until something tries to read it.
 */
export function bodyTrap(): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (trap.locked) trap = newTrap();
  return trap;
}

function newTrap(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(
    {
      pull() {
        trap = newTrap();
        throw new TypeError('the body of this response is read by its own methods, not by those of Response.prototype');
      },
      cancel() {
        trap = newTrap();
      },
    },
    { highWaterMark: 0 },
  );
}
