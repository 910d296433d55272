/**
 * Makes waterfall.png: `node --import tsx docs/images/waterfall.ts` (after `npm run build`; it needs Chromium). With a path as
 * argument it leaves the page there, too. The server is a round trip of 30 ms away, and cuts one connection.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { HTTPConnection } from 'dugong';
import { Waterfall } from '../../src/cli/waterfall.ts';
import { startChromium } from '../../test/support/chromium.ts';
import { startDistantServer } from '../../test/support/distant-server.ts';
import { pipelineTraced } from '../../test/support/traced-pipeline.ts';

const DOCUMENTS = 160;
const CONNECTIONS = 2;

const names = Array.from(
  { length: DOCUMENTS },
  (_, index) => `/handbook/chapter-${String(index + 1).padStart(3, '0')}.html`,
);
const sizes = new Map(
  names.map((name, index) => [name, 600 + ((index * 7919) % 23) * 400 + (index % 37 === 20 ? 40_000 : 0)]),
);

await using server = await startDistantServer({
  roundTrip: 30,
  speed: 2000,
  size: (path) => sizes.get(path),
  cutAt: (connection) => (connection === 1 ? 40 : undefined),
});
const waterfall = new Waterfall('160 documents, 30 ms away, over two connections');
waterfall.start();
const share = Math.ceil(names.length / CONNECTIONS);
const shares = Array.from({ length: CONNECTIONS }, (_, index) => names.slice(index * share, (index + 1) * share));
await Promise.all(
  shares.map(async (paths) => {
    for (let left: readonly string[] = paths; left.length > 0; ) {
      using connection = new HTTPConnection('localhost', { port: server.port });
      left = await pipelineTraced(connection, `http://localhost:${server.port}`, { paths: left, depth: 16 });
    }
  }),
);
const page = waterfall.stop().replaceAll(`http://localhost:${server.port}`, 'http://docs.example');

const folder = mkdtempSync(join(tmpdir(), 'dugong-'));
const browser = await startChromium();
try {
  const file = process.argv[2] ?? join(folder, 'waterfall.html');
  writeFileSync(file, page);
  const view = await browser.newPage({ viewport: { width: 1200, height: 760 }, colorScheme: 'light' });
  await view.goto(pathToFileURL(file).href);
  await view.locator('#chart[data-drawn]').waitFor();
  await view.screenshot({ path: fileURLToPath(new URL('./waterfall.png', import.meta.url)), fullPage: true });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
