/** Fetches twice over the one connection that it allows itself, and reads neither body. */

import { createFetch } from 'dugong';

const url = process.argv[2] ?? '';
const fetch = createFetch({ proxy: false, maxConnectionsPerOrigin: 1 });
const first = await fetch(url);
const second = await fetch(url);
console.log(first.status, second.status);
process.exit();
