/**
 * Members of a class as Web IDL has them: `for (const name in instance)` finds them.
 */

/** Makes `names`, which `type` has on its prototype, enumerable. */
export function enumerable(type: { readonly prototype: object }, names: readonly string[]): void {
  for (const name of names)
    Object.defineProperty(type.prototype, name, { __proto__: null, enumerable: true } as object);
}
