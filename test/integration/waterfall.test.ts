/** The waterfall's page in a real browser: pointer, keyboard, zoom, colours, a narrow screen, many requests. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, mock, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { HTTPConnection, type HTTPResponse } from 'dugong';
import type { Browser, Page } from 'playwright-core';
import { Waterfall } from '../../src/cli/waterfall.ts';
import { chromiumMissing, startChromium } from '../support/chromium.ts';
import { startDistantServer } from '../support/distant-server.ts';
import { createFetch, direct } from '../support/held-fetches.ts';
import { timeLimit } from '../support/time-limit.ts';
import { pipelineTraced, publish, traced } from '../support/traced-pipeline.ts';

const skip = chromiumMissing();
const HOSTILE = `/"></script><script>injected=1</script><img src=x onerror=injected=1>'\u202e\u0000&lt;`;
const folder = mkdtempSync(join(tmpdir(), 'dugong-waterfall-'));
after(() => rmSync(folder, { recursive: true }));

/** A run over two connections of a pipeline, one of which is cut, and of a fetch that gets, misses and fails. */
async function recordedRun(): Promise<string> {
  const paths = Array.from({ length: 40 }, (_, index) => `/${index}.txt`);
  await using server = await startDistantServer({
    ...{ roundTrip: 8, speed: 5000, size: (path) => (path.endsWith('.txt') ? 2000 : undefined) },
    cutAt: (connection) => (connection === 0 ? 15 : undefined),
  });
  const origin = `http://127.0.0.1:${server.port}`;
  const waterfall = new Waterfall(`A run ${HOSTILE}`);
  waterfall.start();
  for (let left: readonly string[] = paths; left.length > 0; ) {
    using connection = new HTTPConnection(origin);
    left = await pipelineTraced(connection, origin, { paths: left, depth: 8 });
  }
  const fetch = createFetch(direct);
  for (const path of ['/a.txt', '/missing']) await (await fetch(origin + path)).text();
  await assert.rejects(fetch('http://127.0.0.1:10/refused'));
  const request = traced('http://server.example', HOSTILE);
  publish('dugong:request:create', { request });
  publish('dugong:request:error', { request, error: new Error(`lost ${HOSTILE}`) });
  fetch.closeIdleConnections();
  return waterfall.stop();
}

/** 5,000 requests over 4 connections, 32 in flight on each. */
function manyRequests(): string {
  let time = 0;
  mock.method(performance, 'now', () => time);
  const waterfall = new Waterfall('Many requests');
  waterfall.start();
  const response = { status: 200 } as HTTPResponse;
  const origin = 'http://server.example';
  const events: { readonly at: number; publish(): void }[] = [];
  for (let lane = 0; lane < 4; lane++) {
    const connection = new HTTPConnection(origin);
    for (let index = 0; index < 1250; index++) {
      const request = traced(origin, `/${lane}/${index}`);
      const ends = 20 + index * 0.8;
      const sent = Math.max(0, ends - 25.6);
      events.push({ at: sent, publish: () => publish('dugong:request:create', { request }) });
      events.push({
        at: sent,
        publish: () => publish('dugong:request:send', { request, connection, reused: index > 0 }),
      });
      events.push({ at: sent + 0.01, publish: () => publish('dugong:request:sent', { request }) });
      events.push({ at: ends - 0.5, publish: () => publish('dugong:request:headers', { request, response }) });
      events.push({ at: ends, publish: () => publish('dugong:request:end', { request, response, bytes: 1000 }) });
    }
  }
  for (const event of events.sort((one, other) => one.at - other.at)) {
    time = event.at;
    event.publish();
  }
  const page = waterfall.stop();
  mock.restoreAll();
  return page;
}

/** What the page says wrongly, or asks for. */
const wrong: string[] = [];
let browser: Browser;
let run: string;
let many: string;

before(async () => {
  if (skip !== false) return;
  browser = await startChromium();
  run = pageFile('run', await recordedRun());
  many = pageFile('many', manyRequests());
});
after(async () => await browser?.close());
afterEach(() => assert.deepEqual(wrong.splice(0), []));

function pageFile(name: string, page: string): string {
  const file = join(folder, `${name}.html`);
  writeFileSync(file, page);
  return pathToFileURL(file).href;
}

async function opened(url: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 }, ...options });
  page.setDefaultTimeout(timeLimit(20_000));
  page.on('console', (message) => void wrong.push(message.text()));
  page.on('pageerror', (error) => void wrong.push(error.message));
  page.on('request', (request) => void (request.url() === url || wrong.push(request.url())));
  await page.goto(url);
  await page.locator('#chart[data-drawn]').waitFor();
  return page;
}

/** The times that are visible, after what was asked for has been drawn. */
async function visible(page: Page): Promise<[number, number]> {
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  const [begin = 0, end = 0] = String(await page.locator('#chart').getAttribute('data-drawn'))
    .split(' ')
    .map(Number);
  return [begin, end];
}

/** Moves the pointer over the first bar that is received. */
async function hoverFirst(page: Page): Promise<void> {
  const { x, y } = await page.evaluate<{ x: number; y: number }>(`(() => {
    const [, left, top] = /^M([\\d.-]+) ([\\d.-]+)/.exec(document.querySelector('path.receive').getAttribute('d'));
    const box = document.querySelector('#lanes').getBoundingClientRect();
    return { x: box.left + Number(left) + 0.5, y: box.top + Number(top) + 1 };
  })()`);
  await page.mouse.move(x, y);
}

describe('the page', { skip }, () => {
  test('shows what happened, loads nothing, and runs nothing of what a server says', async () => {
    const page = await opened(run);
    const text = await page.locator('body').innerText();
    assert.match(text, /documents\s+41\s/);
    assert.match(text, /missing \(4xx, 5xx\)\s+1\s/);
    assert.match(text, /Connection #1, then/);
    for (const kind of ['receive', 'held', 'wait', 'connect', 'failed', 'again']) {
      assert.notEqual(await page.locator(`#lanes path.${kind}`).getAttribute('d'), '', kind);
    }
    await page.locator('#toggle').click();
    assert.equal(await page.evaluate('typeof injected'), 'undefined');
    assert.equal(await page.locator('script').count(), 2);
    assert.equal(await page.locator('img').count(), 0);
    const last = page.locator('#table tbody tr').filter({ hasText: '</script>' });
    assert.match(await last.innerText(), /<script>injected=1<\/script>.*\\u202e\\u0000&lt;/s);
    await page.close();
  });

  test('shows details beside the pointer, and hides them behind it', async () => {
    const page = await opened(run);
    assert.equal(await page.locator('#details').isVisible(), false);
    await hoverFirst(page);
    const details = await page.locator('#details').innerText();
    assert.match(details, /^GET http:\/\/127\.0\.0\.1:\d+\/\d+\.txt\s+200 · 2 kB · from [\d.]+ ms on/);
    assert.match(details, /connection \d to 127\.0\.0\.1, made in [\d.]+ ms \(/);
    assert.match(details, /receiving\s+[\d.]+ ms\s+in all\s+[\d.]+ ms/);
    assert.equal(await page.locator('#lanes .shown').count(), 1);
    await page.mouse.move(5, 5);
    await page.locator('#details').waitFor({ state: 'hidden' });
    await page.close();
  });

  test('is used by keyboard: from request to request, lane to lane, and told to screen readers', async () => {
    const page = await opened(run);
    const told = page.locator('#told');
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press('Tab');
      if (await page.locator('#chart:focus').count()) break;
    }
    const request = async (): Promise<string> => /^GET \S+:\d+(\S+):/.exec(await told.innerText())?.[1] ?? '';
    assert.equal(await request(), '/0.txt');
    assert.match(await told.innerText(), /Request 1 of \d+ in lane 1/);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.equal(await request(), '/2.txt');
    assert.match(await told.innerText(), /held behind an earlier response/);
    assert.match(await page.locator('#details').innerText(), /held behind an earlier response\s+\(\/1\.txt\)/);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await request(), '/1.txt');
    await page.keyboard.press('ArrowDown');
    assert.match(await told.innerText(), /in lane 3/);
    await page.keyboard.press('ArrowUp');
    assert.match(await told.innerText(), /in lane 1/);
    const before = await visible(page);
    await page.keyboard.press('+');
    await page.keyboard.press('PageDown');
    const after = await visible(page);
    assert.ok(after[1] - after[0] < before[1] - before[0] && after[0] > before[0]);
    await page.keyboard.press('0');
    assert.deepEqual(await visible(page), before);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#details').isVisible(), false);
    await page.close();
  });

  test('is zoomed and moved by buttons, wheel and pointer, within the run', async () => {
    const page = await opened(many);
    const whole = await visible(page);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    const closer = await visible(page);
    assert.ok(closer[0] > whole[0] && closer[1] < whole[1]);
    await page.getByRole('button', { name: 'Later' }).click();
    const later = await visible(page);
    assert.ok(later[0] > closer[0]);
    await page.getByRole('button', { name: 'Earlier' }).click();
    await page.mouse.move(600, 600);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -400);
    await page.keyboard.up('Control');
    const wheeled = await visible(page);
    assert.ok(wheeled[1] - wheeled[0] < closer[1] - closer[0]);
    await page.mouse.down();
    await page.mouse.move(500, 600, { steps: 4 });
    await page.mouse.up();
    const dragged = await visible(page);
    const moved = (wheeled[1] - wheeled[0]) / 11.4;
    assert.ok(Math.abs(dragged[0] - wheeled[0] - moved) < moved / 10, `${dragged[0] - wheeled[0]} for ${moved}`);
    for (let clicks = 0; clicks < 40; clicks++) await page.getByRole('button', { name: 'Earlier' }).click();
    assert.equal((await visible(page))[0], whole[0]);
    await page.getByRole('button', { name: 'Whole run' }).click();
    assert.deepEqual(await visible(page), whole);
    await page.close();
  });

  test('has its data as a table, too, a page of rows at a time', async () => {
    const page = await opened(many);
    const toggle = page.locator('#toggle');
    assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
    await toggle.click();
    assert.equal(await toggle.getAttribute('aria-expanded'), 'true');
    const caption = page.locator('#table caption');
    assert.match(await caption.innerText(), /^Requests 1 to 100 of 5,000/);
    assert.equal(await page.locator('#table tbody tr').count(), 100);
    await page.getByRole('button', { name: 'Next rows' }).click();
    assert.match(await caption.innerText(), /^Requests 101 to 200 of 5,000/);
    await toggle.click();
    assert.equal(await page.locator('#table').isVisible(), false);
    await page.close();
  });

  test('draws 5,000 requests in a moment', async () => {
    const page = await opened(many);
    const times = await page.evaluate<number[]>(`(async () => {
      const times = [];
      const button = document.getElementById('in');
      for (let round = 0; round < 12; round++) {
        const before = performance.now();
        (round % 4 === 3 ? document.getElementById('all') : button).click();
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        times.push(performance.now() - before);
      }
      return times;
    })()`);
    const middle = times.sort((one, other) => one - other)[6] ?? 0;
    assert.ok(middle < timeLimit(250), `${middle} ms`);
    assert.ok((await page.locator('#lanes *').count()) < 500);
    await page.close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`has enough contrast in its ${colorScheme} colours (WCAG 2.1, 1.4.3 and 1.4.11)`, async () => {
      const page = await opened(run, { colorScheme });
      await page.locator('#toggle').click();
      await hoverFirst(page);
      const low = await page.evaluate<string[]>(CONTRAST);
      assert.deepEqual(low, []);
      const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      assert.equal(background === 'rgb(255, 255, 255)', colorScheme === 'light');
      await page.close();
    });
  }

  test('fits on a narrow screen', async () => {
    const page = await opened(run, { viewport: { width: 320, height: 640 }, hasTouch: true });
    await page.locator('#toggle').click();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
    await page.locator('#chart').scrollIntoViewIfNeeded();
    await hoverFirst(page);
    const box = await page.locator('#details').boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 320);
    await page.close();
  });
});

/** Names the texts with a contrast below 4.5 to their background, and the shapes with one below 3. */
const CONTRAST = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255);
  const light = (color) => {
    const [red, green, blue] = channels(color).map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [least, most] = [light(one), light(other)].sort((a, b) => a - b);
    return (most + 0.05) / (least + 0.05);
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const low = [];
  const check = (what, [one, other], least) => {
    const found = contrast(one, other);
    if (found < least) low.push(what + ': ' + found.toFixed(2));
  };
  const texts = [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility()
    && !each.matches('script, [disabled]') && [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''));
  for (const each of texts) {
    const { color, fill } = getComputedStyle(each);
    const what = each.tagName + '.' + each.getAttribute('class') + ' ' + each.textContent.slice(0, 20);
    check(what, [each.closest('svg') ? fill : color, behind(each)], 4.5);
  }
  const band = getComputedStyle(document.querySelector('.band')).fill;
  const page = getComputedStyle(document.body).backgroundColor;
  for (const each of document.querySelectorAll('#lanes path')) {
    for (const other of [band, page]) check('path ' + each.getAttribute('class'), [getComputedStyle(each).fill, other], 3);
  }
  for (const each of document.querySelectorAll('.swatch, .saved rect')) {
    const { backgroundColor, fill } = getComputedStyle(each);
    check('swatch ' + each.className, [each.tagName === 'rect' ? fill : backgroundColor, behind(each.parentElement)], 3);
  }
  if (texts.length < 40) low.push('only ' + texts.length + ' texts');
  return low;
})()`;
