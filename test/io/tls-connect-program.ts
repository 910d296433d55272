/** Connects with the default TLS context to localhost at the port given, and says how it went. */

import { verdict } from './tls-support.ts';

console.log(verdict(Number(process.argv[2]), {}));
