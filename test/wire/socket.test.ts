/**
 * Every response case over a real socket, blocking: the server sends it whole, and in small segments; in the short form, each fourth
 * in segments, since core.test.ts cuts all of them.
 */

import { suite, test } from 'node:test';
import { HTTPConnection } from 'dugong';
import { isLong } from '../support/long-form.ts';
import { checkCase, type Stage } from '../support/played-case.ts';
import { type Script, startScriptedServer } from '../support/scripted-server.ts';
import { wireCases } from '../support/wire-cases.ts';

function stage(script: Script): Stage {
  const server = startScriptedServer([script]);
  return {
    connect: (options) => new HTTPConnection(server.hostname, { port: server.port, ...options }),
    settle: () => {},
    check: () => server.check(),
    [Symbol.dispose]: () => server.stop(),
  };
}

suite('each response case gives the recommended outcome over a socket', () => {
  for (const [index, wireCase] of wireCases.entries()) {
    const { length } = Buffer.from(wireCase.response_base64, 'base64');
    test(`${wireCase.id}: whole`, () => checkCase(wireCase, { stage }));
    // A reset takes with it what the sender's kernel has not sent yet, so that it cannot be made to follow many segments.
    if (wireCase.then === 'reset' || (!isLong && index % 4 !== 0)) continue;
    const chunk = length <= 100 ? 1 : Math.ceil(length / 40);
    test(`${wireCase.id}: in segments`, () => checkCase(wireCase, { stage, chunk }));
  }
});
