/**
 * The server of the soak, a process of its own. It answers what it is asked, and cuts each connection behind some byte of some
 * response, which the seed (its argument) decides. Its first line says its port, the last what it did, when its standard input ends.
 */

import { createServer, type Socket } from 'node:net';
import { Random } from '../simulation/random.ts';
import { listen } from '../support/listen.ts';
import { methodOf, numberOf, uploadOf, wireOf } from './answers.ts';

/** Of answers, on one connection. */
const MOST_BYTES = 150_000;

const random = new Random(Number(process.argv[2] ?? 1));
const done = { connections: 0, requests: 0, answers: 0, ends: 0, resets: 0, wrong: 0 };

class Serving {
  readonly #socket: Socket;
  /** Bytes until the cut. */
  #left: number;
  readonly #reset: boolean;
  #received = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    const own = random.fork(String(done.connections++));
    this.#left = own.between(0, MOST_BYTES);
    this.#reset = own.chance(0.5);
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('error', () => {});
  }

  #receive(data: Buffer): void {
    if (this.#left < 0) return;
    this.#received += data.toString('latin1');
    let answers = '';
    for (;;) {
      const number = this.#take();
      if (number === undefined) break;
      const wire = wireOf(number);
      answers += wire;
      if (answers.length > this.#left) {
        this.#cut(answers.slice(0, this.#left));
        return;
      }
      done.answers++;
    }
    this.#left -= answers.length;
    if (answers !== '') this.#socket.write(answers, 'latin1');
  }

  #cut(last: string): void {
    this.#left = -1;
    if (this.#reset) {
      done.resets++;
      if (last === '') this.#socket.resetAndDestroy();
      else this.#socket.write(last, 'latin1', () => this.#socket.resetAndDestroy());
    } else {
      done.ends++;
      this.#socket.end(last, 'latin1');
      // What still comes is read, or the kernel would send a reset.
      this.#socket.resume();
    }
  }

  /** The number of the next request, if all of it is there. */
  #take(): number | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#received.slice(0, end);
    const [, method = '', path = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(`${head}\r\n`) ?? [];
    const length = Number(/\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1] ?? 0);
    const next = end + 4 + length;
    if (this.#received.length < next) return undefined;
    const number = numberOf(path);
    const upload = this.#received.slice(end + 4, next);
    if (method !== methodOf(number) || upload !== (uploadOf(number) ?? '')) done.wrong++;
    this.#received = this.#received.slice(next);
    done.requests++;
    return number;
  }
}

const server = createServer({ noDelay: true }, (socket) => new Serving(socket));
console.log(await listen(server, { host: '127.0.0.1', port: 0 }));
process.stdin.resume().on('end', () => {
  console.log(JSON.stringify(done));
  process.exit();
});
