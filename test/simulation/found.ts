/**
 * Plans that worlds have found, as small as possible: each failed before its cause was mended, in the client or in a judge. New
 * ones are added with the line that `npm run simulate` prints.
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
  {
    name: 'a server that takes nothing more of a request of some KB: the fetch waited for ever',
    world: 'fetch',
    seed: 29149,
    plan: '{"origins":[{"secure":"no","most":0,"announces":false,"idle":0,"keepAlive":0,"version":"1.1","fine":false,"lookup":"one","connections":[{"connect":"accept","direction":"down","cut":null},{"connect":"at-once","direction":"up","cut":{"after":1227,"how":"hole","pause":2000}},{"connect":"accept","direction":"down","cut":null}]}],"pools":[{"most":0,"idleTimeout":4000,"mostIdle":0,"headersTimeout":1000,"bodyTimeout":200,"connectTimeout":2000}],"machine":{"noDescriptor":0,"noBuffers":0,"lateness":0,"busy":0},"tasks":[[{"id":1,"pool":0,"origin":0,"method":"POST","gap":0,"upload":{"form":"bytes","size":61487,"piece":50669,"pause":0,"fails":false},"answer":{"status":308,"size":10,"framing":"length","chunk":23,"piece":0,"pause":0,"delay":0,"informational":0,"early":false,"close":"no","stray":0,"malformed":"no","gzip":false,"redirect":{"origin":0,"answer":{"status":200,"size":10,"framing":"length","chunk":1554,"piece":0,"pause":1,"delay":0,"informational":0,"early":false,"close":"no","stray":0,"malformed":"no","gzip":false,"redirect":null}}},"use":"bytes","pause":0,"abort":-1,"mode":"follow"}]]}',
  },
  {
    name: 'a redirect for a body that fails and can be read only once was not explained',
    world: 'sync',
    seed: 207860000837,
    plan: '{"origins":[{"secure":"no","most":0,"announces":true,"idle":0,"keepAlive":0,"version":"1.1","fine":false,"lookup":"one","connections":[{"connect":"accept","direction":"down","cut":null}]},{"secure":"no","most":0,"announces":false,"idle":0,"keepAlive":0,"version":"1.1","fine":false,"lookup":"one","connections":[{"connect":"accept","direction":"down","cut":null}]}],"pool":{"most":1,"idleTimeout":200,"mostIdle":64,"headersTimeout":30000,"bodyTimeout":30000,"connectTimeout":10000},"machine":{"noDescriptor":0,"noBuffers":0,"lateness":0,"busy":0},"steps":[{"kind":"sync","call":{"id":1,"pool":0,"origin":1,"method":"POST","gap":0,"upload":{"form":"iterable","size":64126,"piece":18889,"pause":1,"fails":true},"answer":{"status":301,"size":10,"framing":"length","chunk":2492,"piece":0,"pause":0,"delay":0,"informational":0,"early":true,"close":"no","stray":0,"malformed":"no","gzip":false,"redirect":{"origin":1,"answer":{"status":200,"size":10,"framing":"length","chunk":255,"piece":0,"pause":0,"delay":0,"informational":0,"early":false,"close":"no","stray":0,"malformed":"no","gzip":false,"redirect":null}}},"use":"bytes","pause":0,"abort":-1,"mode":"follow"},"rest":"blocked","timeout":0,"decompress":false,"maxBodySize":1000000,"signal":-1,"heeds":true}]}',
  },
  {
    name: 'a body that had failed before its abort, and was read after it, was not explained',
    world: 'fetch',
    seed: 207870000438,
    plan: '{"origins":[{"secure":"no","most":0,"announces":false,"idle":0,"keepAlive":0,"version":"1.1","fine":false,"lookup":"one","connections":[{"connect":"accept","direction":"down","cut":null},{"connect":"accept","direction":"down","cut":null},{"connect":"accept","direction":"down","cut":null}]},{"secure":"no","most":0,"announces":false,"idle":0,"keepAlive":0,"version":"1.1","fine":false,"lookup":"one","connections":[{"connect":"accept","direction":"down","cut":null},{"connect":"accept","direction":"down","cut":null}]},{"secure":"no","most":0,"announces":false,"idle":0,"keepAlive":0,"version":"1.1","fine":false,"lookup":"one","connections":[{"connect":"at-once","direction":"up","cut":{"after":101,"how":"rst","pause":20000}},{"connect":"accept","direction":"down","cut":{"after":161,"how":"rst","pause":2000}},{"connect":"accept","direction":"down","cut":null}]}],"pools":[{"most":1,"idleTimeout":4000,"mostIdle":64,"headersTimeout":30000,"bodyTimeout":30000,"connectTimeout":10000}],"machine":{"noDescriptor":0,"noBuffers":0,"lateness":0,"busy":0},"tasks":[[{"id":1,"pool":0,"origin":2,"method":"POST","gap":60,"upload":null,"answer":{"status":200,"size":261,"framing":"length","chunk":82,"piece":0,"pause":0,"delay":0,"informational":0,"early":false,"close":"no","stray":0,"malformed":"no","gzip":false,"redirect":null},"use":"clone","pause":30,"abort":411,"mode":"follow"}],[{"id":4,"pool":0,"origin":2,"method":"GET","gap":0,"upload":null,"answer":{"status":200,"size":10,"framing":"length","chunk":52,"piece":0,"pause":0,"delay":0,"informational":0,"early":false,"close":"no","stray":0,"malformed":"no","gzip":false,"redirect":null},"use":"bytes","pause":0,"abort":-1,"mode":"follow"}]]}',
  },
];
