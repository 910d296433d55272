/**
 * The platform's Headers with the guard "immutable" (Fetch, "Headers class"), which its constructor cannot be asked for.
 */

/** The platform's class, whose members the compiler takes for fields, which no method can override. */
const PlatformHeaders = Headers as unknown as new (init: [string, string][]) => object;

class ImmutableHeaders extends PlatformHeaders {
  append(): never {
    throw immutable();
  }

  delete(): never {
    throw immutable();
  }

  set(): never {
    throw immutable();
  }

  static {
    // What callers make by it can be changed.
    Object.defineProperty(ImmutableHeaders.prototype, 'constructor', {
      value: Headers,
      writable: true,
      configurable: true,
    });
  }
}

function immutable(): TypeError {
  return new TypeError(
    'the headers of a response that was fetched cannot be changed: copy them, with new Headers(headers)',
  );
}

/** Headers of these fields whose `append`, `delete` and `set` throw a TypeError. */
export function immutableHeaders(fields: Iterable<[string, string]>): Headers {
  return new ImmutableHeaders([...fields]) as unknown as Headers;
}
