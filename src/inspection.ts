/**
 * How `console.log` and `util.inspect` show objects of this library, how messages show text, and what both hide.
 * Showing an object changes nothing and never throws. This module imports nothing: the inspect method is found by a
 * registered symbol, without `node:util`.
 */

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The replacement for a secret. */
export const HIDDEN = '***';

/**
 * Field names whose values are secret: those of RFC 9110 and RFC 6265, and those that services invented, as X-Api-Key,
 * X-Auth-Key, Ocp-Apim-Subscription-Key, X-Amz-Security-Token and Mcp-Session-Id. A server's challenge
 * (WWW-Authenticate) is not secret.
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
 * Makes `inspect` show the properties of the object that `view` returns in place of an instance of `type`. `inspect`
 * itself handles depth, colours and line breaks. The method is on the prototype, not enumerable, and in no declaration.
 */
export function shownAs<T extends object>(type: { readonly prototype: T }, view: (instance: T) => object): void {
  const value = function (this: T): object {
    try {
      return named(this.constructor.name, view(this));
    } catch {
      // `this` is not an instance (the prototype itself, a stub, a proxy): show it as it is.
      return this;
    }
  };
  Object.defineProperty(type.prototype, INSPECT, { value, configurable: true, writable: true });
}

/** Gives `fields` a prototype whose class has this name, so that `inspect` shows the name. */
function named(name: string, fields: object): object {
  const { [name]: Named = Object } = { [name]: class {} };
  return Object.setPrototypeOf(fields, Named.prototype);
}

/** Whether the value of the field with this name is secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The value of a header field for logs: credentials, cookies and userinfo in URLs are hidden. */
export function shownField(name: string, value: string): string {
  return isSecretName(name) ? HIDDEN : value.replace(USERINFO, `//${HIDDEN}@`);
}

/**
 * Characters that `printable` escapes: control characters, format characters (which are invisible or change the
 * direction of text), line separators, lone surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` for a message, safe whatever a server has sent: one line, no terminal control sequences, bounded length. */
export function printable(text: string, most: number = 2000): string {
  const short = text.length > most ? `${text.slice(0, most - 3)}...` : text;
  return short.replace(UNPRINTABLE, (character) => {
    const hex = (character.codePointAt(0) as number).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
  });
}

/** What may come before a user name: the words of a message, and the beginning of a URL. */
const BEFORE_USERINFO = /^((?:[^@]*[\s"'])?(?:[a-z][a-z\d+.-]*:)?\/\/)?.*@/is;

/** `text` without the user name and password that may come before its "@". `text` need not be a valid URL. */
export function withoutUserinfo(text: string): string {
  return text.replace(BEFORE_USERINFO, '$1***@');
}

/** The path of a request for messages and logs. A path may contain a URL, and the URL may contain credentials. */
export function shownPath(path: string): string {
  return withoutUserinfoFrom(path, 0);
}

/**
 * `text`, in which a URL begins behind `start`, without its user name and password. It searches instead of matching an
 * expression, so that the cost does not grow with the square of the path's length.
 */
export function withoutUserinfoFrom(text: string, start: number): string {
  const slashes = text.indexOf('//', start);
  const at = text.lastIndexOf('@');
  return slashes < 0 || at < slashes ? text : `${text.slice(0, slashes)}//***@${text.slice(at + 1)}`;
}
