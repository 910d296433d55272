/**
 * The placeholder for a request body that the caller writes after the head. It holds a length, and no bytes.
 */

/** Pass it as `body` to announce that the body follows through `write()`. Without a length the body is sent chunked. */
export class BodyFollowing {
  /**
   * Bytes that will follow; undefined if the number is not known: the body is then sent chunked, and `endBody()` ends
   * it.
   */
  readonly length: number | undefined;

  /** @throws TypeError if `length` is no whole number from 0 to 2^53 - 1 */
  constructor(length?: number) {
    if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
      throw new TypeError(`the length of a body must be a whole number >= 0, got ${String(length)}`);
    }
    this.length = length;
  }
}
