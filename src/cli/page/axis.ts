/** The scale of time above the picture, and its lines behind the lanes. */

import { duration } from './format.ts';
import { svg } from './svg.ts';
import type { View } from './view.ts';

/** Least pixels between two marks. */
const SPACE = 90;

/** Times with marks: multiples of 1, 2 or 5 times a power of ten. */
export function marks({ begin, end, span, width }: View): number[] {
  const least = (span / width) * SPACE;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least) ?? least;
  const all: number[] = [];
  for (let at = Math.ceil(Math.max(0, begin) / step); at * step <= end; at++) all.push(at * step);
  return all;
}

export function axisElements(view: View, height: number): SVGElement[] {
  return marks(view).flatMap((time) => {
    const x = view.x(time);
    const side = x > view.width - SPACE / 2 ? { x: x - 3, 'text-anchor': 'end' } : { x: x + 3 };
    return [
      svg('line', { class: 'tick', x1: x, x2: x, y1: height - 6, y2: height }),
      svg('text', { class: 'time', ...side, y: height - 8 }, time === 0 ? '0' : duration(time)),
    ];
  });
}

export function gridElements(view: View, height: number): SVGElement[] {
  return marks(view).map((time) =>
    svg('line', { class: 'grid', x1: view.x(time), x2: view.x(time), y1: 0, y2: height }),
  );
}
