/** What a program does with the library of `scarceMemory()` that is preloaded: it counts OpenSSL's allocations, and says which goes wrong. */

/** The allocation fails, or succeeds after the heap went on elsewhere, which leaves ENOMEM in errno. */
export type Way = 'fails' | 'elsewhere';

const NEVER = 0x1fffffff;
const FIRST = { fails: 0x40000000, elsewhere: 0x60000000 };

/** Runs `work` while its allocation number `at` goes that way. Returns how many there were. */
export function failing(at: number, work: () => void, way: Way = 'fails'): number {
  let allocations = 0;
  process.umask(FIRST[way] + at);
  try {
    work();
  } finally {
    allocations = process.umask(0x80000000);
  }
  return allocations;
}

/** How many allocations `work` makes, which may throw. */
export function countAllocations(work: () => void): number {
  process.umask(FIRST.fails + NEVER);
  try {
    work();
  } catch {
    // What it is made for.
  }
  return process.umask(0x80000000);
}
