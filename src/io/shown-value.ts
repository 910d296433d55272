/** How a value of the user's that is wrong stands in a message: on one line, not at any length, without what may be a secret. */

import { inspect } from 'node:util';
import { withoutUserinfo } from '../inspection.ts';

export function shownValue(value: unknown): string {
  const shown =
    typeof value === 'string' ? withoutUserinfo(value).replace(/(-----BEGIN [A-Z ]+-----).*/s, '$1...') : value;
  return inspect(shown, {
    depth: 0,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
    maxArrayLength: 3,
  });
}
