import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { matches } from '../../src/fetch/integrity.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { chunkedResponse, ok } from '../support/messages.ts';
import { expectEnd, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

const BYTES = Buffer.from('body');
const digest = (algorithm: string, bytes: Uint8Array = BYTES): string =>
  `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`;
const wrong = (algorithm: string): string => digest(algorithm, Buffer.from('another'));

describe('integrity [SRI 3.3]', () => {
  const url = (expression: string): string => expression.slice(7).replaceAll('+', '-').replaceAll('/', '_');
  for (const [name, integrity, expected] of [
    ['nothing', '', true],
    ...['sha256', 'sha384', 'sha512'].map((each) => [`the digest of ${each}`, digest(each), true] as const),
    ...['sha256', 'sha384', 'sha512'].map((each) => [`another digest of ${each}`, wrong(each), false] as const),
    ['one of several', `${wrong('sha256')}  ${digest('sha256')}`, true],
    ['the strongest of several', `${wrong('sha256')}\n${digest('sha512')} ${wrong('sha384')}`, true],
    ['a weaker one, not the strongest', `${digest('sha256')} ${wrong('sha512')}`, false],
    ['an algorithm that is not known, alone', `md5-AAAA ${digest('sha1')}`, true],
    ['an algorithm that is not known, beside a wrong one', `sha1-AAAA ${wrong('sha256')}`, false],
    ['no digest at all', 'x sha256 sha256- -AAAA', true],
    ['an algorithm in capitals', digest('sha384').replace('sha', 'SHA'), true],
    ['the alphabet of URLs, without padding', `sha512-${url(digest('sha512')).replace(/=+$/, '')}`, true],
    ['options behind it', `${digest('sha256')}?ct=a/b`, true],
    ['one cut short', digest('sha256').slice(0, -5), false],
  ] as const) {
    test(`that is ${name} ${expected ? 'matches' : 'does not match'}`, () => {
      assert.equal(matches(BYTES, integrity), expected);
    });
  }

  test('is checked of a fetch before its response is given, whose body can be read then', async () => {
    const answers = [ok('body'), chunkedResponse(['bo', 'dy']), ok('evil'), ok('')];
    using server = startScriptedServer([[...answers.flatMap((answer) => [expectHead(), send(answer)]), expectEnd()]]);
    const fetch = createFetch(direct);
    const get = () => fetch(`http://${server.authority}/`, { integrity: digest('sha256') });
    for (const answer of [await get(), await get()]) {
      assert.deepEqual(
        [answer.bodyUsed, answer.url, await answer.text()],
        [false, `http://${server.authority}/`, 'body'],
      );
    }
    for (let count = 0; count < 2; count++) {
      await assert.rejects(get(), ({ message, cause }: Error) => {
        assert.deepEqual([message, (cause as Error).name], ['fetch failed', 'InvalidResponse']);
        return true;
      });
    }
    fetch.closeIdleConnections();
    server.check();
  });
});
