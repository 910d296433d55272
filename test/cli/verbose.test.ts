import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startVerbose } from '../../src/cli/verbose.ts';
import { createFetch } from '../../src/index.ts';
import { ok } from '../support/messages.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

test('--verbose tells of connections and heads, and hides secrets', async () => {
  using server = startScriptedServer([[expectHead(), send(ok('x', 'Set-Cookie: id=s3cret', 'X-A: b'))]]);
  const lines: string[] = [];
  const stop = startVerbose((line) => lines.push(line));
  const fetch = createFetch({ proxy: false });
  const url = `http://${server.authority}/a?to=http://me:s3cret@x/`;
  await (await fetch(url, { headers: { Authorization: 'Bearer s3cret', 'X-C': 'd' } })).text();
  fetch.closeIdleConnections();
  stop();
  const text = lines.join('\n');
  assert.match(text, /^\* connecting to http:\/\/127\.0\.0\.1:\d+$/m);
  assert.match(text, /^\* connected to http:\/\/127\.0\.0\.1:\d+ \(127\.0\.0\.1 port \d+\)$/m);
  assert.match(text, /^> GET http:\/\/127\.0\.0\.1:\d+\/a\?to=http:\/\/\*\*\*@x\/$/m);
  assert.match(text, /^> X-C: d$/m);
  assert.match(text, /^< HTTP\/1\.1 200 OK$/m);
  assert.match(text, /^< X-A: b$/m);
  assert.doesNotMatch(text, /s3cret/);
});
