/**
 * Reads what a caller gives in an object of options: its own properties, once each, into a record that inherits nothing. So nothing
 * on Object.prototype is ever taken for an option, neither now nor later. What is not understood would silently not be done: it is
 * refused. This module imports nothing, and knows no option: whether a value is a good one, others say.
 */

const NONE: object = Object.freeze(Object.create(null));

/** Its objects inherit from this empty one. One without any prototype is a hash table to V8, of several times the size. */
function bareObject(): void {}
bareObject.prototype = NONE;
const Bare = bareObject as unknown as new () => object;

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
  if (given === undefined) return NONE as T;
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw noOptions(what, given, names);
  }
  if (!isPlain(given)) assertOwn(what, given, names);
  const own = Object.getOwnPropertyNames(given) as (keyof T & string)[];
  for (const name of own) if (!names.includes(name)) throw new TypeError(`${what} has no option "${name}"`);
  const record = new Bare() as Partial<T>;
  for (const name of own) record[name] = given[name];
  return record as Readonly<T>;
}

/**
 * The value of a property that `object` has itself; undefined if it has none. For what is no object of options, such as the
 * environment: its prototype is Object.prototype, too.
 */
export function own<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The same, but what the class of `object` gives counts, too, as Web IDL wants it: all of the chain but Object.prototype. */
export function member<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (isObjectPrototype(holder)) return undefined;
    if (Object.hasOwn(holder, name)) return object[name];
  }
  return undefined;
}

/**
 * The own properties of `object` in one that inherits nothing: for what looks for optional ones, above all functions of the platform,
 * which would find those that are missing on Object.prototype.
 */
export function bare<T extends object>(object: T): T {
  return Object.assign(new Bare() as T, object);
}

/** An object literal, one without a prototype, or one of this module's. */
function isPlain(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || prototype === NONE || isObjectPrototype(prototype);
}

/** That of another realm, too. */
function isObjectPrototype(object: object): boolean {
  if (object === Object.prototype) return true;
  return Object.getPrototypeOf(object) === null && Object.hasOwn(object, 'hasOwnProperty');
}

/** An option that is inherited would not be read. A Map or an AbortSignal has none: it was meant for something else. */
function assertOwn(what: string, given: object, names: readonly string[]): void {
  const inherited = names.find((name) => !Object.hasOwn(given, name) && isInherited(given, name));
  if (inherited !== undefined) {
    throw new TypeError(`${what} reads no inherited option, such as "${inherited}" here: copy it to the object itself`);
  }
  if (Object.getOwnPropertyNames(given).length === 0) throw noOptions(what, given, names);
}

function isInherited(object: object, name: string): boolean {
  for (let holder = Object.getPrototypeOf(object); holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (!isObjectPrototype(holder) && Object.hasOwn(holder, name)) return true;
  }
  return false;
}

function noOptions(what: string, given: unknown, names: readonly string[]): TypeError {
  return new TypeError(`the options of ${what} must be an object, such as {${names[0]}: ...}, got ${kindOf(given)}`);
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return Object.prototype.toString.call(value).slice(8, -1);
}
