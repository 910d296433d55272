/**
 * Writes docs/state-diagrams.md from the transition tables of the protocol: `node --import tsx docs/state-diagrams.ts`. A
 * test keeps the file current.
 */

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { RECEIVE_TRANSITIONS, SEND_TRANSITIONS } from '../src/http1/transitions.ts';

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Events that lead from everywhere to one state; an arrow each would hide the others. */
const FROM_EVERYWHERE = ['close', 'fail'];

/** A Mermaid diagram of one table. */
function diagram(table: Table): string {
  const lines = ['```mermaid', 'stateDiagram-v2', '  [*] --> idle'];
  for (const [state, transitions] of Object.entries(table)) {
    for (const [event, next] of Object.entries(transitions)) {
      if (!FROM_EVERYWHERE.includes(event)) lines.push(`  ${id(state)} --> ${id(next)}: ${event}`);
    }
  }
  for (const state of Object.keys(table)) {
    if (id(state) !== state) lines.push(`  state "${state}" as ${id(state)}`);
  }
  return [...lines, '```'].join('\n');
}

/** Mermaid takes no hyphens in the names of states. */
function id(state: string): string {
  return state.replaceAll('-', '_');
}

export function stateDiagrams(): string {
  return `# The states of a connection

Generated from the transition tables in \`src/http1/transitions.ts\` by \`docs/state-diagrams.ts\`. A call or an event that has no
arrow in the present state is refused with a StateError and changes nothing.

## Send half: what the client does next

From every state but \`failed\`, \`close\` (either side has announced the end) leads to \`closed\`, and \`fail\` (bytes were lost, or the
server does not speak HTTP) to \`failed\`. In both, nothing can be sent any more: ConnectionClosed.

${diagram(SEND_TRANSITIONS)}

## Receive half: what the server's bytes are next

From every state, \`fail\` leads to \`failed\`. In the \`last-\` state and in \`closed\`, no response can follow.

${diagram(RECEIVE_TRANSITIONS)}
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(new URL('state-diagrams.md', import.meta.url), stateDiagrams());
}
