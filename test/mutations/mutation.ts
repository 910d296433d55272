/** A deliberate fault in the library, and which kind of simulated world has to find it. */

export interface Mutation {
  /** What is wrong then, in a sentence. */
  readonly name: string;
  /** Relative to src/. */
  readonly file: string;
  /** Occurs in the file once. */
  readonly before: string;
  readonly after: string;
  /** The subject of the commit that mended it, if this fault was one. */
  readonly history?: string;
  readonly world: World;
}

export type World = 'connection' | 'situation' | 'fetch' | 'sync' | 'pipeline';
