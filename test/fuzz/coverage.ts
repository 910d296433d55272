/**
 * What the instrumented modules report to: which places were reached, in which pairs one after the other, and how often. It
 * knows neither the modules nor why they run.
 */

const PAIRS = 1 << 16;
/** Counts are in the classes of AFL: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more. */
const CLASSES = 8;
export const FEATURES: number = PAIRS * CLASSES;

const counts = new Uint32Array(PAIRS);
const touched = new Uint32Array(PAIRS);
const places = new Uint8Array(PAIRS);
let touchedPairs = 0;
let previous = 0;
let taken = 0;

/** Each instrumented place calls this. */
export function hit(place: number): void {
  const pair = ((Math.imul(previous, 0x9e3779b1) >>> 16) ^ place) & (PAIRS - 1);
  counts[pair] = (counts[pair] as number) + 1;
  if (counts[pair] === 1) touched[touchedPairs++] = pair;
  places[place] = 1;
  previous = place;
  taken++;
}

/** Forgets what one execution did. */
export function forget(): void {
  for (let index = 0; index < touchedPairs; index++) counts[touched[index] as number] = 0;
  touchedPairs = 0;
  previous = 0;
  taken = 0;
}

/** How many places were passed since {@link forget}. */
export function steps(): number {
  return taken;
}

/** What was reached since {@link forget}: each pair with the class of its count. */
export function* features(): Generator<number> {
  for (let index = 0; index < touchedPairs; index++) {
    const pair = touched[index] as number;
    yield pair * CLASSES + classOf(counts[pair] as number);
  }
}

/** Whether `place` was ever reached. */
export function reached(place: number): boolean {
  return places[place] === 1;
}

function classOf(count: number): number {
  if (count < 4) return count - 1;
  if (count >= 128) return 7;
  return count >= 32 ? 6 : 29 - Math.clz32(count) + 1;
}
