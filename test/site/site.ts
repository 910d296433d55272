/**
 * The built documentation site: its files, and its pages in a browser, from disk and from a server. It needs `npm run docs` before it,
 * and takes longer than `npm test` may, so it is no part of that (and not named `*.test.ts`): `npm run docs:test`.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { after, afterEach, before, describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromiumMissing, startChromium } from '../support/chromium.ts';
import { repository } from '../support/compiled.ts';
import { timeLimit } from '../support/time-limit.ts';
import { anchorsOf, contentOf, files, linksOf, SITE, scriptedLinks, targetOf } from './built-site.ts';
import { FOCUSED, LOW_CONTRAST } from './in-page.ts';
import { publicExports } from './public-members.ts';

assert.ok(existsSync(join(SITE, 'index.html')), 'there is no docs/site: npm run docs');
const all = files();
const pages = all.filter((file) => file.endsWith('.html'));
const CONNECTION = 'classes/dugong.HTTPConnection.html';

function firstOf(folder: string, count: number): string[] {
  return pages.filter((page) => page.startsWith(folder)).slice(0, count);
}

/** One of each kind, and what has much in it. */
const KINDS = [
  'index.html',
  'reference/index.html',
  'decisions/index.html',
  'debugging.html',
  'command.html',
  'state-diagrams.html',
  'tls-matrix.html',
  'changelog.html',
  'modules/dugong.html',
  CONNECTION,
  'interfaces/dugong.HTTPConnectionOptions.html',
  'types/dugong.Coroutine.html',
  'functions/dugong.pipeline.html',
  'variables/dugong.POLLIN.html',
  ...['tutorial', 'how-to', 'explanation', 'moving-here'].flatMap((folder) => firstOf(`${folder}/`, 2)),
  ...firstOf('source/', 1),
];

describe('the files of the site', () => {
  test('link to files and anchors that exist, also by the navigation and the search', (t: TestContext) => {
    const links = [...pages.flatMap(linksOf), ...scriptedLinks()];
    const known = new Set(all);
    // A script puts them into each page.
    const icons = anchorsOf('assets/icons.js');
    const anchors = new Map(pages.map((page) => [page, anchorsOf(page)]));
    const inner = links.flatMap((link) => {
      const target = targetOf(link);
      return target === undefined ? [] : [{ ...link, ...target }];
    });
    const broken = inner.filter(
      ({ file, anchor }) =>
        !known.has(file) || (anchor !== '' && !anchors.get(file)?.has(anchor) && !icons.has(anchor)),
    );
    assert.deepEqual([...new Set(broken.map(({ from, href }) => `${from}: ${href}`))], []);
    assert.ok(pages.length > 100 && inner.length > 5000);
    t.diagnostic(
      `${pages.length} pages, ${inner.length} links within the site, ${links.length - inner.length} to others`,
    );
  });

  test('load nothing from elsewhere', () => {
    for (const page of pages) {
      assert.doesNotMatch(
        contentOf(page),
        /<(?:script|img|iframe|link|source)\b[^>]*\b(?:src|href)="(?:https?:)?\/\//,
        page,
      );
    }
    for (const file of all.filter((each) => each.endsWith('.css'))) {
      assert.doesNotMatch(contentOf(file), /url\(["']?(?:https?:)?\/\/|@import/, file);
    }
  });

  test('have a title, a language, a description and one first heading', () => {
    for (const page of pages) {
      const content = contentOf(page);
      const title = /<title>([^<]+)<\/title>/.exec(content)?.[1] ?? '';
      assert.notEqual(title, '', page);
      assert.match(content, /<html [^>]*\blang="en"/, page);
      assert.match(content, /<meta name="description" content="[^"]{10,}"/, page);
      assert.doesNotMatch(content, /TypeDoc<\/a>/, page);
      assert.equal([...content.matchAll(/<h1[ >]/g)].length, 1, `${page} has one h1`);
    }
  });

  test('have a page or an anchor for every public export and member', (t: TestContext) => {
    const exports = publicExports();
    const missing: string[] = [];
    for (const { name, entries, members } of exports) {
      const page = [...entries]
        .flatMap((entry) =>
          ['classes', 'interfaces', 'types', 'functions', 'variables'].map(
            (kind) => `${kind}/${entry.replace('/', '_')}.${name}.html`,
          ),
        )
        .find((path) => pages.includes(path));
      if (page === undefined) missing.push(name);
      // A class that is exported as a type has no constructor.
      const anchors =
        page === undefined ? new Set() : anchorsOf(page).add(page.startsWith('interfaces/') ? 'constructor' : '');
      missing.push(
        ...members
          .filter((member) => !anchors.has(member.toLowerCase().replaceAll(':', '')))
          .map((member) => `${name}.${member}`),
      );
    }
    assert.deepEqual(missing, []);
    const count = exports.reduce((sum, { members }) => sum + members.length, 0);
    assert.ok(exports.length > 80 && count > 400);
    t.diagnostic(`${exports.length} exports, ${count} members`);
  });
});

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

/** Serves the files as they are. */
async function startServer(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURI(new URL(request.url ?? '', 'http://localhost').pathname.slice(1));
    const found = all.includes(path);
    response.writeHead(found ? 200 : 404, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(found ? readFileSync(join(SITE, path)) : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('the pages in a browser', { skip: chromiumMissing() }, () => {
  let browser: Browser;
  let server: Server;
  const bases = { disk: `${pathToFileURL(SITE).href}/`, server: '' };
  /** What a page complains about, or asks for elsewhere. */
  const wrong: string[] = [];

  before(async () => {
    server = await startServer();
    bases.server = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await startChromium();
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });
  afterEach(() => assert.deepEqual(wrong.splice(0), []));

  async function blank(base: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options });
    page.setDefaultTimeout(timeLimit(20_000));
    await page.route(
      ({ href }) => !href.startsWith(base) && !href.startsWith('data:'),
      (route) => route.abort(),
    );
    page.on('console', (message) => void wrong.push(`${page.url()}: ${message.text()}`));
    page.on('pageerror', (error) => void wrong.push(`${page.url()}: ${error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith('data:'))
        wrong.push(`asks for ${request.url()}`);
    });
    return page;
  }

  async function show(page: Page, url: string): Promise<void> {
    await page.goto(url);
    await page.waitForFunction('document.body.style.display === "" && document.querySelector("#tsd-nav-container a")');
  }

  for (const from of ['disk', 'server'] as const) {
    test(`from ${from}: say nothing to the console, and ask for nothing elsewhere`, async () => {
      const page = await blank(bases[from]);
      for (const kind of KINDS) {
        await show(page, bases[from] + kind);
        assert.equal(await page.evaluate('[...document.images].every((each) => each.naturalWidth > 0)'), true, kind);
        const icons = await page.evaluate(
          `[...document.querySelectorAll('use')].filter((each) => !document.querySelector(each.getAttribute('href'))).length`,
        );
        assert.equal(icons, 0, `${kind} has icons that are not there`);
      }
      await page.close();
    });

    for (const key of ['/', 'Control+k']) {
      test(`from ${from}: ${key} opens the search, which finds readInto, and Enter goes there`, async () => {
        const page = await blank(bases[from]);
        await show(page, `${bases[from]}index.html`);
        await page.keyboard.press(key);
        await page.locator('#tsd-search-input:focus').waitFor();
        await page.keyboard.type('readInto');
        const first = page.locator('#tsd-search-results li').first();
        await first.waitFor();
        assert.match(await first.innerText(), /HTTPConnection\.\s*readInto$/);
        await page.keyboard.press('Enter');
        await page.waitForURL(`**/${CONNECTION}#readinto`);
        assert.equal(await page.locator('#readinto').isVisible(), true);
        await page.close();
      });
    }

    test(`from ${from}: a button copies exactly the text of its block, with the clipboard and without`, async () => {
      const source = readFileSync(join(repository, 'docs/debugging.md'), 'utf8');
      const blocks = [...source.matchAll(/^```\w[^\n]*\n(.*?)\n```$/gms)].map(({ 1: text }) => text);
      assert.ok(blocks.length > 3);
      const page = await blank(bases[from]);
      for (const refused of [false, true]) {
        await show(page, `${bases[from]}debugging.html`);
        if (refused)
          await page.evaluate(
            `navigator.clipboard && (navigator.clipboard.writeText = () => Promise.reject(new Error()))`,
          );
        await page.evaluate(`document.body.prepend(document.createElement('textarea'))`);
        const copied: string[] = [];
        for (const button of await page.locator('pre > button').all()) {
          await button.focus();
          await page.keyboard.press('Enter');
          await page.waitForFunction('document.activeElement.textContent === "Copied"');
          const area = page.locator('textarea').first();
          await area.fill('');
          await area.focus();
          await page.keyboard.press('Control+v');
          copied.push(await area.inputValue());
        }
        assert.deepEqual(copied, blocks, refused ? 'by selection' : 'by the clipboard');
      }
      await page.close();
    });
  }

  test('are used by keyboard: past the navigation, through all of it, always with a visible focus', async () => {
    const page = await blank(bases.disk);
    await show(page, `${bases.disk}debugging.html`);
    await page.keyboard.press('Tab');
    await page.waitForFunction(`document.querySelector('.skip').getBoundingClientRect().top >= 0`);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main-content');
    await show(page, `${bases.disk}debugging.html`);
    const kinds = new Set<string>();
    for (let presses = 0; presses < 300; presses++) {
      await page.keyboard.press('Tab');
      const { kind, outlined, inView } = await page.evaluate<{ kind: string; outlined: boolean; inView: boolean }>(
        FOCUSED,
      );
      if (kind === 'BODY' || (kind === '.skip' && kinds.size > 1)) break;
      assert.ok(outlined && inView, `${kind} (after ${presses + 1} presses)`);
      kinds.add(kind);
    }
    for (const kind of [
      '.skip',
      '#tsd-toolbar-links a',
      '#tsd-search-trigger',
      '#main-content .tsd-typography a',
      'pre > button',
      '#tsd-theme',
      '.tsd-page-navigation a',
      '#tsd-nav-container a',
    ]) {
      assert.ok(kinds.has(kind), `${kind} gets the focus`);
    }
    await page.close();
  });

  test('have a menu on a narrow screen, which the keyboard opens, too', async () => {
    const page = await blank(bases.disk, { viewport: { width: 360, height: 740 } });
    await show(page, `${bases.disk}index.html`);
    const tutorial = page.locator('.site-menu a').filter({ hasText: 'Reference' }).first();
    assert.equal(await tutorial.isVisible(), false);
    await page.locator('#tsd-toolbar-menu-trigger').focus();
    await page.keyboard.press('Enter');
    await tutorial.waitFor();
    assert.equal(await page.evaluate(`document.activeElement.closest('.site-menu') !== null`), true);
    await page.close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`have enough contrast in ${colorScheme} colours (WCAG 2.1, 1.4.3)`, async (t: TestContext) => {
      const page = await blank(bases.disk, { colorScheme });
      let texts = 0;
      for (const kind of KINDS) {
        await show(page, bases.disk + kind);
        const found = await page.evaluate<{ low: string[]; texts: number }>(LOW_CONTRAST);
        assert.deepEqual(found.low, [], kind);
        texts += found.texts;
      }
      const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      assert.equal(background === 'rgb(255, 255, 255)', colorScheme === 'light');
      // The switch is stronger than what the system prefers.
      await page.locator('#tsd-theme').selectOption(colorScheme === 'light' ? 'dark' : 'light');
      assert.notEqual(await page.evaluate('getComputedStyle(document.body).backgroundColor'), background);
      t.diagnostic(`${texts} texts`);
      await page.close();
    });
  }

  test('have enough contrast in the search, too', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await blank(bases.disk, { colorScheme });
      await show(page, `${bases.disk}index.html`);
      await page.keyboard.press('/');
      await page.keyboard.type('read');
      await page.locator('#tsd-search-results li').first().waitFor();
      await page.keyboard.press('ArrowDown');
      await page.waitForFunction(`getComputedStyle(document.getElementById('tsd-search')).opacity === '1'`);
      assert.deepEqual((await page.evaluate<{ low: string[] }>(LOW_CONTRAST)).low, []);
      await page.close();
    }
  });

  test('are no wider than a screen of 360 px', async (t: TestContext) => {
    // What scripts add is not on the page at this width.
    const page = await blank(bases.disk, { viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
    const wide: string[] = [];
    for (const each of pages) {
      await page.goto(bases.disk + each);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > 360) wide.push(`${each}: ${width}`);
    }
    assert.deepEqual(wide, []);
    t.diagnostic(`${pages.length} pages`);
    await page.close();
  });
});
