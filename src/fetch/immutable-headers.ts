/**
 * The platform's Headers with the guard "immutable" (Fetch, "Headers class"), which its constructor does not offer. The
 * class is made on first use, because naming the platform's class loads all of its fetch.
 */

import { bare } from '../options.ts';

type HeadersClass = new (init: [string, string][]) => object;

let ImmutableHeaders: HeadersClass | undefined;

/** Makes Headers of these fields. Their `append`, `delete` and `set` throw a TypeError. */
export function immutableHeaders(fields: Iterable<[string, string]>): Headers {
  ImmutableHeaders ??= immutableHeadersClass();
  return new ImmutableHeaders([...fields]) as unknown as Headers;
}

function immutableHeadersClass(): HeadersClass {
  // The compiler's declaration has fields, which methods cannot override.
  const PlatformHeaders = Headers as unknown as HeadersClass;
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
  }
  // An object that a caller makes with `headers.constructor` can be changed.
  const platforms = bare({ value: Headers, writable: true, configurable: true });
  Object.defineProperty(ImmutableHeaders.prototype, 'constructor', platforms);
  return ImmutableHeaders;
}

function immutable(): TypeError {
  return new TypeError(
    'the headers of a response that was fetched cannot be changed: copy them, with new Headers(headers)',
  );
}
