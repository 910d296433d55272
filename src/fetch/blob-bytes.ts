/**
 * Reads the bytes of a Blob in a blocked thread. The platform returns them as promises only, so another thread reads
 * them. It starts with the first Blob and does not keep the process alive. It knows no HTTP.
 */

import type { MessagePort } from 'node:worker_threads';
import { bare, own } from '../options.ts';

/** The code of the thread: it receives Blobs and answers each with its bytes or its error. */
const READER = `
  const { workerData: { port, answers } } = require('node:worker_threads');
  const read = async (blob) => {
    try {
      return { bytes: await blob.arrayBuffer() };
    } catch (error) {
      return { message: String(error) };
    }
  };
  port.on('message', async (blob) => {
    port.postMessage(await read(blob));
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
  });
`;

interface Reader {
  readonly port: MessagePort;
  /** Number of answered Blobs. */
  readonly answers: Int32Array<SharedArrayBuffer>;
}

/** The answer to one Blob. */
interface ReadBlob {
  readonly bytes?: ArrayBuffer;
  readonly message?: string;
}

let reader: Reader | undefined;

/**
 * Returns the bytes; blocks until they are there.
 * @throws TypeError for a Blob that the platform does not pass to another thread, as one of a file on disk
 * (`fs.openAsBlob`), or that cannot be read
 */
export function blobBytes(blob: Blob): Uint8Array<ArrayBuffer> {
  if (blob.size === 0) return new Uint8Array(0);
  const { receiveMessageOnPort } = process.getBuiltinModule('node:worker_threads');
  reader ??= startReader();
  const { port, answers } = reader;
  const before = Atomics.load(answers, 0);
  send(port, blob);
  Atomics.wait(answers, 0, before);
  const answer = receiveMessageOnPort(port)?.message as ReadBlob;
  const message = own(answer, 'message');
  if (message !== undefined) throw new TypeError(`the Blob cannot be read: ${message}`);
  return new Uint8Array(own(answer, 'bytes') as ArrayBuffer);
}

function send(port: MessagePort, blob: Blob): void {
  try {
    port.postMessage(blob);
  } catch (cause) {
    throw new TypeError('the bytes of this Blob come as promises only: give them as a Buffer, or use createFetch()', {
      cause,
    });
  }
}

function startReader(): Reader {
  const { MessageChannel, Worker } = process.getBuiltinModule('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  const answers = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { port: port2, answers };
  // Without environment and flags the thread preloads nothing: a failing module of NODE_OPTIONS would end it, and the
  // caller would wait for ever.
  const options = { eval: true, env: bare({}), execArgv: [], workerData, transferList: [port2] };
  new Worker(READER, bare(options)).unref();
  port1.unref();
  return { port: port1, answers };
}
