/** How a value of the user's that is wrong stands in a message: on one line, and not at any length. */

import { inspect } from 'node:util';

export function shownValue(value: unknown): string {
  return inspect(value, {
    depth: 0,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
    maxArrayLength: 3,
  });
}
