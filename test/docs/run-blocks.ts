/**
 * Runs programs one after the other, each as soon as nothing of the one before keeps the process alive: a process for each
 * would take longer to start than its program runs. Behind each program comes a mark, on both outputs.
 */

import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { MARK } from './code-blocks.ts';

const programs = process.argv.slice(2);
/** Whether a program has not come to the end of its module. */
let running = false;
let begun = 0;

process.on('beforeExit', () => {
  if (running) console.error('the program awaits what never comes');
  if (begun > 0) for (const output of [1, 2]) writeSync(output, MARK);
  const program = programs[begun];
  if (program === undefined) return;
  begun++;
  running = true;
  // Some versions of Node load a module without any wait: then nothing would keep the process from its end.
  setImmediate(() => {
    import(pathToFileURL(program).href).catch(console.error).finally(() => {
      running = false;
    });
  });
});
