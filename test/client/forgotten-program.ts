/**
 * Begins to connect in several ways, forgets all about it, and says how many descriptors are open before and after the garbage
 * has been collected. Arguments: a port of 127.0.0.1 and the path of a Unix socket at which connecting takes for ever.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HTTPConnection, type HTTPConnectionOptions } from '../../src/index.ts';
import { native } from '../../src/io/native.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const [port = '', socketPath = ''] = process.argv.slice(2);

function begin(hostname: string, options: HTTPConnectionOptions, steps: number): void {
  const connecting = new HTTPConnection(hostname, { port: Number(port), ...options }).coConnect();
  for (let count = 0; count < steps; count++) {
    const step = connecting.next();
    // Not for ever: a slow machine may be further already.
    if (!step.done && count < steps - 1) step.value.poll(100);
  }
}

function beginAll(): void {
  begin('localhost', {}, 1);
  begin('127.0.0.1', {}, 1);
  const lookup = (): string[] => ['127.0.0.1', '127.0.0.1'];
  begin('two.test', { lookup, attemptDelay: 1 }, 2);
  begin('x.test', { socketPath }, 2);
}

beginAll();
const before = native.counts().owned;
for (let round = 0; round < 100 && native.counts().owned > 0; round++) {
  collectGarbage();
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(before, native.counts().owned);
