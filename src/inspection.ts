/**
 * How `console.log` and `util.inspect` show objects of this library, how messages show text, and what both hide. Looking changes
 * nothing and never throws. This module imports nothing: Node finds the method by a symbol that everybody can have.
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

/** Control characters, those that change the direction of text or are not seen, line separators, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` as messages hold it, whatever a server has sent: on one line, without what a terminal obeys, not at any length. */
export function printable(text: string, most: number = 2000): string {
  const short = text.length > most ? `${text.slice(0, most - 3)}...` : text;
  return short.replace(UNPRINTABLE, (character) => {
    const hex = (character.codePointAt(0) as number).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
  });
}

/** What may stand before a user name: words of a message, and the beginning of a URL. */
const BEFORE_USERINFO = /^((?:[^@]*[\s"'])?(?:[a-z][a-z\d+.-]*:)?\/\/)?.*@/is;

/** `text`, which may be a URL, or meant to be one, without the user name and password that may stand before its "@". */
export function withoutUserinfo(text: string): string {
  return text.replace(BEFORE_USERINFO, '$1***@');
}

/** The path of a request as messages and logs hold it: it may hold a URL, and this credentials. */
export function shownPath(path: string): string {
  return withoutUserinfoFrom(path, 0);
}

/**
 * `text`, in which a URL begins behind `start`, without its user name and password. By searches, not by an expression: the cost must not
 * grow with the square of what a path may be.
 */
export function withoutUserinfoFrom(text: string, start: number): string {
  const slashes = text.indexOf('//', start);
  const at = text.lastIndexOf('@');
  return slashes < 0 || at < slashes ? text : `${text.slice(0, slashes)}//***@${text.slice(at + 1)}`;
}
