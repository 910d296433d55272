/**
 * dugong's Transfer, with a file for each document: under a temporary name, then renamed. A document of up to 64 KiB is written in one
 * call. Arguments: dugong's module, the folder, the file with the URLs, connections.
 */
import { closeSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [module, folder, list, connections] = process.argv.slice(2);
const { Transfer } = await import(pathToFileURL(module).href);

const HELD = 65_536;
/** Buffers of sinks that have ended. */
const spare = [];

class FileSink {
  constructor(path) {
    this.path = path;
    this.temporary = `${path}.part`;
    this.fd = undefined;
    this.held = undefined;
    this.used = 0;
  }

  begin() {
    this.abandon();
    this.held = spare.pop() ?? Buffer.allocUnsafeSlow(HELD);
  }

  write(bytes) {
    if (this.used + bytes.length > HELD) this.flush();
    if (bytes.length > HELD) return this.writeAll(bytes);
    this.held.set(bytes, this.used);
    this.used += bytes.length;
  }

  flush() {
    this.writeAll(this.held.subarray(0, this.used));
    this.used = 0;
  }

  writeAll(bytes) {
    this.fd ??= openSync(this.temporary, 'wx');
    for (let done = 0; done < bytes.length; ) done += writeSync(this.fd, bytes, done);
  }

  commit() {
    this.flush();
    this.fd ??= openSync(this.temporary, 'wx');
    closeSync(this.fd);
    renameSync(this.temporary, this.path);
    this.fd = undefined;
    this.release();
  }

  abandon() {
    if (this.fd !== undefined) {
      closeSync(this.fd);
      unlinkSync(this.temporary);
    }
    this.fd = undefined;
    this.release();
  }

  release() {
    if (this.held !== undefined) spare.push(this.held);
    this.held = undefined;
    this.used = 0;
  }
}

function* jobs() {
  for (const url of readFileSync(list, 'utf8').trim().split('\n')) {
    yield { url, sink: new FileSink(join(folder, url.slice(url.lastIndexOf('/') + 1))) };
  }
}

const transfer = new Transfer({ connections: Number(connections) });
for await (const { outcome, url, error } of transfer.promises.run(jobs())) {
  if (outcome === 'done') continue;
  console.error(`${url}: ${outcome} ${error ?? ''}`);
  process.exitCode = 1;
}
