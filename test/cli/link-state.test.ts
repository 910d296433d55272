import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deservesGet, linkState } from '../../src/cli/link-state.ts';
import { ConnectionClosed, HostnameNotResolvable, InvalidResponse } from '../../src/errors.ts';
import type { TransferResult } from '../../src/index.ts';

type Answer = Parameters<typeof deservesGet>[0];

function answer(status: number, redirects: TransferResult['redirects'] = []): Answer {
  return { response: { status } as TransferResult['response'], redirects, error: undefined };
}

const failed = (error: Error): Answer => ({ response: undefined, redirects: [], error });

describe('a link', () => {
  test('is alive, missing, or blocked for programs', () => {
    const states = {
      200: 'alive',
      206: 'alive',
      304: 'alive',
      416: 'alive',
      404: 'missing',
      410: 'missing',
      500: 'missing',
    };
    for (const [status, state] of Object.entries(states))
      assert.equal(linkState(answer(Number(status))), state, status);
    for (const status of [403, 429, 503, 999]) assert.equal(linkState(answer(status)), 'blocked');
    assert.equal(linkState(failed(new InvalidResponse('?'))), 'failed');
  });

  test('is alive elsewhere after redirects', () => {
    assert.equal(linkState(answer(200, [{ status: 301, url: 'http://x/' }])), 'redirected');
    assert.equal(linkState(answer(404, [{ status: 301, url: 'http://x/' }])), 'missing');
  });

  test('is asked for with GET when HEAD has failed, but for 410 and 429', () => {
    for (const status of [400, 403, 404, 405, 500, 501, 503])
      assert.equal(deservesGet(answer(status)), true, String(status));
    for (const status of [200, 410, 429]) assert.equal(deservesGet(answer(status)), false, String(status));
    assert.equal(deservesGet(failed(new InvalidResponse('a HEAD with a body'))), true);
    assert.equal(deservesGet(failed(new ConnectionClosed('gone', { phase: 'response head' as never }))), true);
    assert.equal(deservesGet(failed(new HostnameNotResolvable('x'))), false);
  });
});
