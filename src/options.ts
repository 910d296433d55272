/**
 * Reads what a caller gives in an object of options: its own properties, once each, into a frozen record without a prototype.
 * So nothing on Object.prototype is ever taken for an option, neither now nor later. What is not understood would silently not be
 * done: it is refused. This module imports nothing, and knows no option: whether a value is a good one, others say.
 */

/**
 * The options among `names` that `given` has itself; none if it is undefined. Symbols are left alone.
 * @throws TypeError naming `what` for no object, an option that does not exist, and one that `given` only inherits (from a class,
 * say); and what an accessor of `given` throws
 */
export function ownOptions<T extends object>(
  what: string,
  given: T | undefined,
  names: readonly (keyof T & string)[],
): Readonly<T> {
  const record = Object.create(null);
  if (given !== undefined) {
    for (const name of ownNames(what, given, names)) record[name] = given[name as keyof T];
  }
  return Object.freeze(record);
}

/**
 * The value of a property that `object` has itself; undefined if it has none. For what is no object of options, such as the
 * environment: its prototype is Object.prototype, too.
 */
export function own<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function ownNames(what: string, given: object, names: readonly string[]): string[] {
  const wrong = (): TypeError =>
    new TypeError(`the options of ${what} must be an object, such as {${names[0]}: ...}, got ${kindOf(given)}`);
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) throw wrong();
  const all = Reflect.ownKeys(given).filter((key) => typeof key === 'string');
  const unknown = all.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`${what} has no option "${unknown}"`);
  const classes = prototypesOf(given);
  const inherited = names.find((name) => classes.some((prototype) => Object.hasOwn(prototype, name)));
  if (inherited !== undefined) {
    throw new TypeError(`${what} reads no inherited option, such as "${inherited}" here: copy it to the object itself`);
  }
  // A Map, an AbortSignal: an object that has options somewhere else, or none.
  if (classes.length > 0 && all.length === 0) throw wrong();
  return all;
}

/** Those between an object and Object.prototype, that of another realm included: none in the usual case. */
function prototypesOf(given: object): object[] {
  const prototypes: object[] = [];
  let prototype = Object.getPrototypeOf(given);
  while (prototype !== null) {
    const next = Object.getPrototypeOf(prototype);
    if (next !== null) prototypes.push(prototype);
    prototype = next;
  }
  return prototypes;
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.prototype.toString.call(value).slice(8, -1);
}
