/**
 * What the worlds of this process have reached, by kind: the marks of bundle.ts, and the kernel, report it. All worlds share it,
 * and it is called so often that it must cost nothing: names are strings that exist already.
 */

const NOTHING: ReadonlyMap<string, ReadonlySet<string>> = new Map();

const kinds = new Map<string, Map<string, Set<string>>>();

/** `place` was reached, or `event` happened there. */
export function reach(kind: string, place: string, event: string = ''): void {
  const events = kinds.get(kind)?.get(place);
  if (events === undefined) first(kind, place).add(event);
  else events.add(event);
}

function first(kind: string, place: string): Set<string> {
  const places = kinds.get(kind) ?? new Map<string, Set<string>>();
  const events = new Set<string>();
  kinds.set(kind, places.set(place, events));
  return events;
}

/** All of a kind: `place: event`, or the place alone. */
function reachedOf(kind: string): string[] {
  const places = [...(kinds.get(kind) ?? NOTHING)];
  return places.flatMap(([place, events]) => [...events].map((event) => (event === '' ? place : `${place}: ${event}`)));
}

/** By kind. */
export function reached(): Record<string, string[]> {
  return Object.fromEntries([...kinds.keys()].map((kind) => [kind, reachedOf(kind)]));
}
