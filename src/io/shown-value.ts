/**
 * Shows a caller's wrong value in an error message: on one line, bounded in length, without userinfo and private keys.
 */

import { inspect } from 'node:util';
import { withoutUserinfo } from '../inspection.ts';

/** `value` as text for a message. */
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
