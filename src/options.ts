/**
 * Reads an object of options: its own properties, once each, into a record that inherits nothing. So a property of
 * Object.prototype is never taken for an option. An unknown option is refused, because it would silently have no
 * effect. This module imports nothing and knows no option; the callers check the values.
 */

const NONE: object = Object.freeze(Object.create(null));

/**
 * Constructor of the records. They inherit from this empty prototype, because V8 makes an object without a prototype a
 * hash table of several times the size.
 */
function bareObject(): void {}
bareObject.prototype = NONE;
const Bare = bareObject as unknown as new () => object;

/**
 * Returns the own options of `given`, which must all be among `names`; none if `given` is undefined. Symbols are
 * ignored.
 * @throws TypeError naming `what` if `given` is no object, has an unknown option, or only inherits an option (from a
 * class, say); and any error that an accessor of `given` throws
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
 * The value of an own property of `object`; undefined if there is none. For objects that are no options, such as the
 * environment, whose prototype is Object.prototype, too.
 */
export function own<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** As {@link own}, but inherited properties count, too, as Web IDL demands: the whole chain except Object.prototype. */
export function member<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (isObjectPrototype(holder)) return undefined;
    if (Object.hasOwn(holder, name)) return object[name];
  }
  return undefined;
}

/**
 * A copy of `object` that inherits nothing. For functions, above all of the platform, that look up optional properties
 * and would find missing ones on Object.prototype.
 */
export function bare<T extends object>(object: T): T {
  return Object.assign(new Bare() as T, object);
}

/** Whether `object` is an object literal, has no prototype, or was made by this module. */
function isPlain(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || prototype === NONE || isObjectPrototype(prototype);
}

/** Whether `object` is an Object.prototype, that of another realm included. */
function isObjectPrototype(object: object): boolean {
  if (object === Object.prototype) return true;
  return Object.getPrototypeOf(object) === null && Object.hasOwn(object, 'hasOwnProperty');
}

/**
 * Refuses an object with inherited options, since they would not be read, and one without own properties: a Map or an
 * AbortSignal has none and was meant for another parameter.
 */
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
