/** Resolves each name given, with localhost as the one that shows that DNS works, and prints what comes of it as JSON. */

import { isTempNetworkError, runBlocking } from '../../src/index.ts';
import { coResolve } from '../../src/io/resolver.ts';

function verdict(hostname: string, dnsTestHostnames: string[]): unknown {
  try {
    return runBlocking(coResolve(hostname, { dnsTestHostnames }));
  } catch (error) {
    const { name, code, cause } = error as Error & { code: string; cause?: Error };
    return [name, code, isTempNetworkError(error), cause?.message.replace(/:.*/, '')];
  }
}

const [broken = '', ...names] = process.argv.slice(2);
const verdicts = names.map((name) => [verdict(name, ['localhost']), verdict(name, [broken])]);
process.stdout.write(JSON.stringify(verdicts));
