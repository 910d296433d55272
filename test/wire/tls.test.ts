/**
 * Response cases over TLS, blocking: every one in the long form; otherwise those that end the connection, which is where TLS makes a
 * difference, and each fourth of the others.
 */

import { suite, test } from 'node:test';
import { HTTPConnection } from 'dugong';
import { opensslMissing } from '../support/certificates.ts';
import { TestTrust } from '../support/https.ts';
import { isLong } from '../support/long-form.ts';
import { checkCase, type Way } from '../support/played-case.ts';
import { close } from '../support/scripted-server.ts';
import { wireCases } from '../support/wire-cases.ts';

function overTLS(trust: TestTrust): Way {
  const tls = trust.context;
  // It is the front that resets, when it has handed on what there was; a reset before it would take that with it.
  return {
    ending: close(),
    stage(script, wireCase) {
      const server = trust.serve([script], { ending: wireCase.then === 'reset' ? 'reset' : 'close-notify' });
      const { hostname, port } = server.front;
      return {
        connect: (options) => new HTTPConnection(hostname, { port, tls, ...options }),
        settle: () => void server.front.settle(),
        check: () => server.origin.check(),
        [Symbol.dispose]: () => server[Symbol.dispose](),
      };
    },
  };
}

suite('each response case gives the recommended outcome over TLS', { skip: opensslMissing() }, () => {
  const way = overTLS(new TestTrust());
  for (const [index, wireCase] of wireCases.entries()) {
    if (isLong || wireCase.then !== 'keep-open' || index % 4 === 0) test(wireCase.id, () => checkCase(wireCase, way));
  }
});
