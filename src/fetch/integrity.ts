/**
 * Subresource Integrity: whether a body is the one that the caller has the digest of (SRI 3.3). A response is given only when all of
 * its body is there and is the right one, as the fetch standard has it.
 */

import { InvalidResponse } from '../errors.ts';
import { builtin } from '../io/builtin.ts';

/** The stronger, the later. */
const ALGORITHMS: readonly string[] = ['sha256', 'sha384', 'sha512'];

interface Digest {
  readonly strength: number;
  /** Base64 without padding. */
  readonly value: string;
}

/** `response`, which keeps its body. @throws InvalidResponse if that is none of those that `integrity` names; what reading it throws */
export async function verified(response: Response, integrity: string): Promise<Response> {
  const bytes = response.body === null ? undefined : new Uint8Array(await response.clone().arrayBuffer());
  if (bytes !== undefined && matches(bytes, integrity)) return response;
  await response.body?.cancel();
  throw new InvalidResponse('the body is not the one that the option integrity names by its digest');
}

/**
 * Whether `bytes` have one of the digests of the strongest algorithm in `integrity`, such as "sha256-AbC= sha512-dEf=". What is not
 * understood there is passed over (SRI 3.3.3): if nothing is left, everything matches.
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
