/** However the bytes of a server are cut into pieces, the client hears the same (RFC 9112 2.2). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutting, pieces, sample, singly, spoilt } from './messages.ts';
import { check } from './property.ts';
import { type End, trace } from './trace.ts';

const end = fc.constantFrom<End>('open', 'orderly', 'failed');
const methods = fc.array(fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'), { minLength: 1, maxLength: 3 });

test('any split of the same bytes gives the same heads, bodies, trailers and errors [RFC 9112 2.2]', () => {
  check(
    fc.property(methods, spoilt, end, cutting, (requests, wire, ending, cuts) => {
      const whole = trace(requests, pieces(wire, []), ending).events;
      assert.deepEqual(trace(requests, pieces(wire, cuts), ending).events, whole);
      assert.deepEqual(trace(requests, singly(wire), ending).events, whole);
    }),
    500,
  );
});

test('CONNECT is answered in the same way, however the bytes are cut [RFC 9112 6.3]', () => {
  check(
    fc.property(spoilt, end, cutting, (wire, ending, cuts) => {
      const whole = trace(['CONNECT'], pieces(wire, []), ending).events;
      assert.deepEqual(trace(['CONNECT'], pieces(wire, cuts), ending).events, whole);
    }),
    200,
  );
});

test('sound responses are read as what they say, one after the other [RFC 9112 9.2]', () => {
  check(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 4 }), cutting, (samples, cuts) => {
      const last = samples.findIndex(({ untilClose }) => untilClose);
      const sent = last < 0 ? samples : samples.slice(0, last + 1);
      const wire = sent.map((each) => each.wire).join('');
      const requests = sent.map(({ method }) => method);
      const { events } = trace(requests, pieces(wire, cuts), 'orderly');
      const heard = events.filter((event) => !event.startsWith('informational'));
      for (const [index, { status, reason, fields, body, trailers, method }] of sent.entries()) {
        const head = `/${index} ${status} ${JSON.stringify(reason)} ${JSON.stringify(fields)} `;
        assert.equal(heard.shift()?.slice(0, head.length), head);
        if (body !== '') assert.equal(heard.shift(), `body ${body}`);
        if (heard[0]?.startsWith('trailers')) assert.equal(heard.shift(), `trailers ${JSON.stringify(trailers)}`);
        else assert.ok(body === '' && trailers.length === 0, method);
      }
      assert.deepEqual(heard, []);
    }),
    500,
  );
});

test('no byte beyond the end of a response is touched [RFC 9112 9.2]', () => {
  check(
    fc.property(sample, fc.string({ unit: 'binary-ascii', maxLength: 20 }), cutting, (response, rest, cuts) => {
      if (response.untilClose) return;
      const { protocol } = trace([response.method], [Buffer.from(response.wire + rest, 'latin1')], 'open');
      assert.equal(protocol.input.bytes.toString('latin1', protocol.input.start, protocol.input.end), rest);
      const cut = trace([response.method], pieces(response.wire, cuts), 'open').protocol;
      assert.equal(cut.input.length, 0);
      assert.equal(cut.responsePending, false);
    }),
    500,
  );
});
