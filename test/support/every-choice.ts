/**
 * Runs a program once for each way through its choices, depth first. The program asks for each free decision. It must
 * behave the same whenever it gets the same answers.
 */

/** Asks for one of `options` things; returns its number, from 0 on. */
export type Choose = (options: number) => number;

interface Choice {
  readonly options: number;
  taken: number;
}

/** Returns how many ways there are. No way is left out. @throws Error if the program does not repeat itself */
export function forEveryChoice(program: (choose: Choose) => void): number {
  const path: Choice[] = [];
  let ways = 0;
  do {
    let depth = 0;
    program((options) => {
      if (!(options >= 1)) throw new Error('there is nothing to choose from');
      const choice = path[depth] ?? { options, taken: 0 };
      if (choice.options !== options)
        throw new Error(`choice ${depth} had ${choice.options} options, has ${options} now`);
      path[depth++] = choice;
      return choice.taken;
    });
    if (depth !== path.length) throw new Error(`there were ${path.length} choices, now there are ${depth}`);
    ways++;
  } while (next(path));
  return ways;
}

/** Goes to the next way; false if that was the last one. */
function next(path: Choice[]): boolean {
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    last.taken++;
    if (last.taken < last.options) return true;
    path.pop();
  }
  return false;
}
