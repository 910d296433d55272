/** Makes elements, and the data of paths. */

const SVG = 'http://www.w3.org/2000/svg';

type Attributes = Readonly<Record<string, string | number>>;

export function svg(name: string, attributes: Attributes, ...children: (Node | string)[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

export function html<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** The element of the page with this id. */
export function byId<Type extends Element>(id: string, type: { new (): Type }): Type {
  const element = document.getElementById(id) as Element | null;
  if (element instanceof type) return element;
  throw new Error(`the page has no ${type.name} ${id}`);
}

/** Many shapes in one path: an element for each would take a browser long. */
export class Shapes {
  readonly #parts: string[] = [];

  rect(x: number, y: number, [width, height]: readonly [number, number]): void {
    this.#parts.push(`M${tenths(x)} ${tenths(y)}h${tenths(width)}v${tenths(height)}h${tenths(-width)}z`);
  }

  /** A cross around a point. */
  cross(x: number, y: number, radius: number): void {
    const both = tenths(2 * radius);
    this.#parts.push(`M${tenths(x - radius)} ${tenths(y - radius)}l${both} ${both}m0 -${both}l-${both} ${both}`);
  }

  /** A triangle that points to the right, from a point on. */
  arrow(x: number, y: number, radius: number): void {
    this.#parts.push(
      `M${tenths(x)} ${tenths(y - radius)}l${tenths(radius * 1.6)} ${tenths(radius)}l-${tenths(radius * 1.6)} ${tenths(radius)}z`,
    );
  }

  path(kind: string): SVGElement {
    return svg('path', { class: kind, d: this.#parts.join('') });
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
