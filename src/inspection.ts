/**
 * How `console.log` and `util.inspect` show objects of this library, and what they hide. Looking changes nothing and never throws.
 * This module imports nothing: Node finds the method by a symbol that everybody can have.
 */

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Stands for a secret. */
export const HIDDEN = '***';

/**
 * Besides the fields of RFC 9110 and RFC 6265, those that services invented, as X-Api-Key, X-Auth-Key, Ocp-Apim-Subscription-Key,
 * X-Amz-Security-Token and Mcp-Session-Id. What a server asks for (WWW-Authenticate) is none.
 */
const SECRET_NAME = new RegExp(
  [
    'authorization|authentication|cookie|token|secret|passw|passphrase|session|jwt',
    '(?:api|access|auth|private|subscription|functions|master|account|customer)-?key',
    '(?:^|-)(?:auth|otp)(?:-|$)',
  ].join('|'),
  'i',
);
const USERINFO = /\/\/[^\s/?#"<>]*@/g;

/**
 * Has `view` say what is shown of the instances of `type`: the properties of a new object. Depth, colours and line breaks stay with
 * `inspect`. The method is on the prototype, not enumerable, and in no declaration.
 */
export function shownAs<T extends object>(type: { readonly prototype: T }, view: (instance: T) => object): void {
  const value = function (this: T): object {
    try {
      return named(this.constructor.name, view(this));
    } catch {
      // No instance, but the prototype itself, a stub, a proxy: the object as it is.
      return this;
    }
  };
  Object.defineProperty(type.prototype, INSPECT, { value, configurable: true, writable: true });
}

/** `fields` as an object of a class of that name. */
function named(name: string, fields: object): object {
  const { [name]: Named = Object } = { [name]: class {} };
  return Object.setPrototypeOf(fields, Named.prototype);
}

/** The value of a header field as logs may hold it: credentials and cookies hidden, and userinfo in URLs. */
export function shownField(name: string, value: string): string {
  return SECRET_NAME.test(name) ? HIDDEN : value.replace(USERINFO, `//${HIDDEN}@`);
}
