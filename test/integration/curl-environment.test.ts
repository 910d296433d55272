/**
 * The proxies of the environment, as curl sees them and as we do: both are asked for the same URL in the same environment. Where
 * they differ, the row says so.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { proxyFromEnvironment } from '../../src/index.ts';
import { programMissing, programPath } from '../support/daemon.ts';
import { listen } from '../support/listen.ts';
import { timeLimit } from '../support/time-limit.ts';

type Way = 'by proxy' | 'directly';

interface Row {
  readonly host: string;
  /** PROXY stands for the address of the proxy. */
  readonly env: Readonly<Record<string, string>>;
  readonly way: Way;
  /** Where curl goes another way. */
  readonly curl?: Way;
}

const http_proxy = 'http://PROXY';
const rows: readonly Row[] = [
  { host: 'a.example', env: {}, way: 'directly' },
  { host: 'a.example', env: { http_proxy }, way: 'by proxy' },
  { host: 'a.example', env: { http_proxy: 'PROXY' }, way: 'by proxy' },
  { host: 'a.example', env: { http_proxy: '' }, way: 'directly' },
  { host: 'a.example', env: { all_proxy: 'PROXY' }, way: 'by proxy' },
  { host: 'a.example', env: { ALL_PROXY: http_proxy }, way: 'by proxy' },
  { host: 'a.example', env: { https_proxy: http_proxy, HTTPS_PROXY: http_proxy }, way: 'directly' },
  // What others read in upper case is read by curl in lower case alone, because of CGI; we look whether this is CGI.
  { host: 'a.example', env: { HTTP_PROXY: http_proxy }, way: 'by proxy', curl: 'directly' },
  { host: 'a.example', env: { HTTP_PROXY: http_proxy, REQUEST_METHOD: 'GET' }, way: 'directly' },

  { host: 'a.example', env: { http_proxy, no_proxy: '*' }, way: 'directly' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'a.example' }, way: 'directly' },
  { host: 'a.example', env: { http_proxy, NO_PROXY: 'b,a.example' }, way: 'directly' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'b a.example' }, way: 'directly' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'b , a.example ,c' }, way: 'directly' },
  { host: 'A.Example', env: { http_proxy, no_proxy: 'a.eXAMPLE' }, way: 'directly' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'a.example.' }, way: 'directly' },
  { host: 'b.a.example', env: { http_proxy, no_proxy: 'a.example' }, way: 'directly' },
  { host: 'c.b.a.example', env: { http_proxy, no_proxy: '.a.example' }, way: 'directly' },
  { host: 'a.example', env: { http_proxy, no_proxy: '.a.example' }, way: 'directly' },
  { host: 'ba.example', env: { http_proxy, no_proxy: 'a.example' }, way: 'by proxy' },
  { host: 'a.example.org', env: { http_proxy, no_proxy: 'a.example' }, way: 'by proxy' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'b.a.example' }, way: 'by proxy' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '127.0.0.1' }, way: 'directly' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '0.0.1' }, way: 'by proxy' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '127.0.0.0/8' }, way: 'directly' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '127.0.0.1/32' }, way: 'directly' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '126.0.0.0/8' }, way: 'by proxy' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '127.0.0.1/33' }, way: 'by proxy' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: 'localhost' }, way: 'by proxy' },
  { host: '[::1]', env: { http_proxy, no_proxy: '::1' }, way: 'directly' },
  { host: '[0:0::1]', env: { http_proxy, no_proxy: '::1' }, way: 'directly' },
  { host: '[::1]', env: { http_proxy, no_proxy: 'fd00::/8' }, way: 'by proxy' },
  { host: 'a.example.', env: { http_proxy, no_proxy: 'a.example' }, way: 'directly' },
  { host: 'a.example.', env: { http_proxy, no_proxy: 'a.example.' }, way: 'directly' },
  { host: 'b.a.example.', env: { http_proxy, no_proxy: '.a.example' }, way: 'directly' },
  { host: 'b.a.example', env: { http_proxy, no_proxy: '.a.example.' }, way: 'directly' },
  { host: 'ba.example.', env: { http_proxy, no_proxy: 'a.example' }, way: 'by proxy' },
  { host: 'a.example', env: { http_proxy, no_proxy: '.' }, way: 'by proxy' },
  { host: 'a.example', env: { http_proxy, no_proxy: ', ,,b' }, way: 'by proxy' },
  { host: 'a.example', env: { http_proxy, no_proxy: '', NO_PROXY: 'a.example' }, way: 'directly' },
  { host: 'a.example', env: { http_proxy: '', all_proxy: http_proxy }, way: 'by proxy' },
  { host: 'xn--bcher-kva.example', env: { http_proxy, no_proxy: 'xn--bcher-kva.EXAMPLE' }, way: 'directly' },
  // Spellings of one address that URLs know: curl compares some of them as names.
  { host: '127.1', env: { http_proxy, no_proxy: '127.0.0.1' }, way: 'directly' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '0x7f.1' }, way: 'directly', curl: 'by proxy' },
  { host: '[::1]', env: { http_proxy, no_proxy: '[::1]' }, way: 'directly', curl: 'by proxy' },
  { host: '127.0.0.1', env: { http_proxy, no_proxy: '0.0.0.0/0' }, way: 'directly', curl: 'by proxy' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'b,*' }, way: 'directly', curl: 'by proxy' },
  // An asterisk before a domain, and ports, are read by others, and not by curl.
  { host: 'b.a.example', env: { http_proxy, no_proxy: '*.a.example' }, way: 'directly', curl: 'by proxy' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'a.example:ORIGIN' }, way: 'directly', curl: 'by proxy' },
  { host: 'a.example', env: { http_proxy, no_proxy: 'a.example:1' }, way: 'by proxy' },
];

describe('the environment, read by curl and by us,', { skip: programMissing('curl') }, () => {
  const servers: Server[] = [];
  let proxy = 0;
  let origin = 0;
  before(async () => {
    [proxy, origin] = (await Promise.all(
      ['by proxy', 'directly'].map((answer) => {
        const server = createServer((_request, response) => response.end(answer));
        servers.push(server);
        return listen(server, { host: '127.0.0.1', port: 0 });
      }),
    )) as [number, number];
  });
  after(() => {
    for (const server of servers) server.close();
  });

  function environment({ env }: Row): Record<string, string> {
    const address = (text: string) => text.replace('PROXY', `127.0.0.1:${proxy}`).replace('ORIGIN', `${origin}`);
    return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, address(value)]));
  }

  async function curl(url: string, env: Record<string, string>): Promise<string> {
    const limit = `${timeLimit(20_000) / 1000}`;
    // -q: without the user's own configuration. No name is resolved elsewhere.
    const args = ['-q', '--silent', '--show-error', '--max-time', limit, '--resolve', `*:${origin}:127.0.0.1`, url];
    return (await promisify(execFile)(programPath('curl') ?? '', args, { env })).stdout;
  }

  for (const row of rows) {
    test(`leads to ${row.host} ${row.way}: ${JSON.stringify(row.env)}`, async () => {
      const url = `http://${row.host}:${origin}/`;
      const env = environment(row);
      assert.equal(proxyFromEnvironment(url, env) === undefined ? 'directly' : 'by proxy', row.way);
      assert.equal(await curl(url, env), row.curl ?? row.way);
    });
  }
});
