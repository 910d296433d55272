/**
 * What looks on while requests are made: --verbose, --har and --waterfall. Each is loaded only where it is asked for.
 */

import type { Given } from './given.ts';
import type { Voice } from './voice.ts';

/** Looks on until `stop()`, which gives the content of the file. */
interface Recorder {
  start(): void;
  stop(): string;
}

/** The recorders of a run. */
export class Recordings {
  readonly #recorders: readonly { readonly recorder: Recorder; readonly file: string }[];
  readonly #stopVerbose: (() => void) | undefined;

  private constructor(recorders: { recorder: Recorder; file: string }[], stopVerbose: (() => void) | undefined) {
    this.#recorders = recorders;
    this.#stopVerbose = stopVerbose;
  }

  /** Starts what is asked for. */
  static async start(given: Given, { voice, version }: { voice: Voice; version: string }): Promise<Recordings> {
    const { har, waterfall, verbose } = given;
    const recorders: { recorder: Recorder; file: string }[] = [];
    if (har !== undefined) recorders.push({ recorder: new (await import('./har.ts')).Har(version), file: har });
    if (waterfall !== undefined) {
      recorders.push({ recorder: new (await import('./waterfall.ts')).Waterfall(version), file: waterfall });
    }
    for (const { recorder } of recorders) recorder.start();
    const stopVerbose = verbose ? (await import('./verbose.ts')).startVerbose((line) => voice.line(line)) : undefined;
    return new Recordings(recorders, stopVerbose);
  }

  /** The files to write. */
  stop(): { readonly file: string; readonly content: string }[] {
    this.#stopVerbose?.();
    return this.#recorders.map(({ recorder, file }) => ({ file, content: recorder.stop() }));
  }
}
