/**
 * Connects with fewer and fewer descriptors left, in a process that may have only so many: one line for each number of free
 * descriptors says how it went, and how many were free afterwards. Arguments: the options of the connection as JSON.
 */

import { closeSync, openSync } from 'node:fs';
import { HTTPConnection } from '../../src/index.ts';

const { hostname, addresses, ...options } = JSON.parse(process.argv[2] ?? '{}');
const lookup = addresses && (() => addresses);

/** Uses up all descriptors that are left; returns them. */
function useUp(): number[] {
  const taken: number[] = [];
  for (;;) {
    try {
      taken.push(openSync('/dev/null', 'r'));
    } catch {
      return taken;
    }
  }
}

function attempt(): string {
  using connection = new HTTPConnection(hostname, { ...options, ...(lookup && { lookup }) });
  try {
    connection.connect();
    return 'connected';
  } catch (error) {
    const { name, code, syscall, cause } = error as Error & { code: string; syscall?: string };
    return [name, syscall, code, cause].filter(Boolean).join(' ');
  }
}

// What is loaded or opened on first use is there before the descriptors are counted.
attempt();
for (let free = 0; free <= 6; free++) {
  const taken = useUp();
  for (const fd of taken.splice(0, free)) closeSync(fd);
  const outcome = attempt();
  const after = useUp();
  console.log(`${free} ${outcome}, ${after.length} free`);
  for (const fd of [...taken, ...after]) closeSync(fd);
}
