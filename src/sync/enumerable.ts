/**
 * Makes members of a class enumerable, as Web IDL demands: `for (const name in instance)` then finds them.
 */

/** Makes the properties `names` of the prototype of `type` enumerable. */
export function enumerable(type: { readonly prototype: object }, names: readonly string[]): void {
  for (const name of names)
    Object.defineProperty(type.prototype, name, { __proto__: null, enumerable: true } as object);
}
