/**
 * The iterator of what a caller gives to be worked through: an iterable of either kind. It takes no items.
 */

/** An iterator of either kind. */
export type EitherIterator<T> = Iterator<T> | AsyncIterator<T>;

/**
 * The iterator, an asynchronous one if there is one, and whether it is that.
 * @throws TypeError with the message of `refusal` for what is not iterable, as a string is not here
 */
export function iteratorOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  refusal: () => string,
): readonly [iterator: EitherIterator<T>, asynchronous: boolean] {
  const given = (typeof items === 'object' && items !== null ? items : {}) as Iterable<T> & AsyncIterable<T>;
  if (typeof given[Symbol.asyncIterator] === 'function') return [given[Symbol.asyncIterator](), true];
  if (typeof given[Symbol.iterator] === 'function') return [given[Symbol.iterator](), false];
  throw new TypeError(refusal());
}

/** Lets the iterable clean up before its end. Its errors would hide why it is left. */
export function leave(iterator: EitherIterator<unknown>): void {
  new Promise((resolve) => resolve(iterator.return?.())).catch(() => undefined);
}
