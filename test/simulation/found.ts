/**
 * What worlds have found, as small as it was made: each plan failed before its cause was mended. New ones come with the line that
 * `npm run simulate` prints.
 */

export interface Found {
  /** What was wrong. */
  readonly name: string;
  readonly world: string;
  readonly seed: number;
  /** JSON. */
  readonly plan: string;
}

export const FOUND: readonly Found[] = [
  {
    name: 'disconnect() under a reader and a sender of one set: EBADF, and no wait of the set ended any more',
    world: 'connection',
    seed: 5936,
    plan: '{"way":"blocking","noBuffers":0,"noDescriptor":0,"lateness":0,"busy":0,"links":[{"index":2,"network":"tiny","tls":false,"proxy":false,"addresses":1,"connect":"accept","most":100,"announce":true,"expectation":"late","pace":{"size":5383,"pause":0},"shape":"together","requests":[{"id":20,"method":"PUT","size":0,"answer":{"status":200,"framing":"length","chunks":[19,13]},"upload":{"size":16,"form":"pieces","part":471},"read":"all","part":28}],"interruption":{"how":"disconnect","at":5}}]}',
  },
];
