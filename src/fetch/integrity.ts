/**
 * Subresource Integrity: whether a body matches a digest that the caller has (SRI 3.3). As in the fetch standard, the
 * caller gets the response only after the whole body has arrived and matches.
 */

import { InvalidResponse } from '../errors.ts';
import { builtin } from '../io/builtin.ts';

/** In the order of strength. */
const ALGORITHMS: readonly string[] = ['sha256', 'sha384', 'sha512'];

interface Digest {
  readonly strength: number;
  /** Base64 without padding. */
  readonly value: string;
}

/**
 * Returns `response` with its body unread. @throws InvalidResponse if there is no body, or it matches no digest of
 * `integrity`; any error of reading the body
 */
export async function verified(response: Response, integrity: string): Promise<Response> {
  const bytes = response.body === null ? undefined : new Uint8Array(await response.clone().arrayBuffer());
  if (bytes !== undefined && matches(bytes, integrity)) return response;
  await response.body?.cancel();
  throw new InvalidResponse('the body is not the one that the option integrity names by its digest');
}

/**
 * Whether `bytes` match a digest of the strongest algorithm in `integrity`, such as "sha256-AbC= sha512-dEf=". Unknown
 * parts are ignored (SRI 3.3.3); without a known part everything matches.
 */
export function matches(bytes: Uint8Array, integrity: string): boolean {
  const digests = integrity.split(/[\t\n\f\r ]+/).flatMap(digestOf);
  const strongest = Math.max(...digests.map(({ strength }) => strength));
  const algorithm = ALGORITHMS.at(strongest);
  if (digests.length === 0 || algorithm === undefined) return true;
  const value = withoutPadding(builtin.crypto.createHash(algorithm).update(bytes).digest('base64'));
  return digests.some((digest) => digest.strength === strongest && digest.value === value);
}

function digestOf(expression: string): readonly Digest[] {
  const [, algorithm = '', value = ''] = /^([^-]*)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/.exec(expression) ?? [];
  const strength = ALGORITHMS.indexOf(algorithm.toLowerCase());
  if (strength < 0) return [];
  return [{ strength, value: withoutPadding(value).replaceAll('-', '+').replaceAll('_', '/') }];
}

function withoutPadding(base64: string): string {
  return base64.replace(/=+$/, '');
}
