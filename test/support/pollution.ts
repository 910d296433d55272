/**
 * Object.prototype with properties that it should not have, as a fault in another library leaves it (CWE-1321), while a
 * function runs.
 */

/** How the properties look to code that lists them: `for in` sees the enumerable ones. */
export type Visibility = 'enumerable' | 'not enumerable';

export const VISIBILITIES: readonly Visibility[] = ['enumerable', 'not enumerable'];

/** Calls `run` with `properties` on Object.prototype, and returns what it returns. */
export function withPollution<T>(
  properties: Readonly<Record<string, unknown>>,
  run: () => T,
  visibility: Visibility = 'enumerable',
): T {
  const enumerable = visibility === 'enumerable';
  const descriptors = Object.entries(properties).map(
    ([name, value]) => [name, { ...FREE, enumerable, value }] as const,
  );
  return withDescriptors(descriptors, run);
}

/** Calls `run` while each of `names` on Object.prototype is an accessor; returns the names that were read there. */
export function readsOnPrototype(names: readonly string[], run: () => void): string[] {
  const read = new Set<string>();
  const descriptors = names.map((name) => {
    // A value that Node assigns to its own objects, as to a URL's members, becomes theirs.
    function set(this: object, value: unknown): void {
      Object.defineProperty(this, name, Object.assign(Object.create(null), { ...FREE, enumerable: true, value }));
    }
    return [name, { configurable: true, get: () => void read.add(name), set }] as const;
  });
  withDescriptors(descriptors, run);
  return [...read];
}

const FREE = { configurable: true, writable: true };

function withDescriptors<T>(descriptors: readonly (readonly [string, PropertyDescriptor])[], run: () => T): T {
  // A polluted `get` or `value` must not spoil the next descriptors.
  const bare = descriptors.map(([name, descriptor]) => [name, Object.assign(Object.create(null), descriptor)] as const);
  try {
    for (const [name, descriptor] of bare) Object.defineProperty(Object.prototype, name, descriptor);
    return run();
  } finally {
    for (const [name] of bare) Reflect.deleteProperty(Object.prototype, name);
  }
}
