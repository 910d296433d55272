/**
 * The platform's Headers with the guard "immutable" (Fetch, "Headers class"), which its constructor cannot be asked for. The class
 * is made with the first of them: to name the platform's loads all of its fetch.
 */

import { bare } from '../options.ts';

type HeadersClass = new (init: [string, string][]) => object;

let ImmutableHeaders: HeadersClass | undefined;

/** Headers of these fields whose `append`, `delete` and `set` throw a TypeError. */
export function immutableHeaders(fields: Iterable<[string, string]>): Headers {
  ImmutableHeaders ??= immutableHeadersClass();
  return new ImmutableHeaders([...fields]) as unknown as Headers;
}

function immutableHeadersClass(): HeadersClass {
  // Its members are fields to the compiler, which no method can override.
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
  // What callers make by it can be changed.
  const platforms = bare({ value: Headers, writable: true, configurable: true });
  Object.defineProperty(ImmutableHeaders.prototype, 'constructor', platforms);
  return ImmutableHeaders;
}

function immutable(): TypeError {
  return new TypeError(
    'the headers of a response that was fetched cannot be changed: copy them, with new Headers(headers)',
  );
}
