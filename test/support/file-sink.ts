/** A sink of a bulk transfer that writes a file under a temporary name, which becomes the final one when the document is committed. */

import { closeSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import type { TransferSink } from '../../src/index.ts';

export class FileSink implements TransferSink {
  readonly #path: string;
  #fd: number | undefined;
  #written = false;

  constructor(path: string) {
    this.#path = path;
  }

  get #temporary(): string {
    return `${this.#path}.part`;
  }

  begin(): void {
    this.abandon();
    this.#fd = openSync(this.#temporary, 'wx');
    this.#written = true;
  }

  write(bytes: Uint8Array): void {
    writeSync(this.#fd as number, bytes);
  }

  commit(): void {
    this.#close();
    renameSync(this.#temporary, this.#path);
    this.#written = false;
  }

  abandon(): void {
    this.#close();
    if (this.#written) unlinkSync(this.#temporary);
    this.#written = false;
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
