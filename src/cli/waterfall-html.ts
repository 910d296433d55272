/**
 * The frame of the waterfall's page: its text, its figures, its data. Nothing is loaded, and the page's policy lets nothing run
 * but its own program. URLs and messages come from servers: as text they are escaped, as data they are in a block that holds no
 * character that HTML knows.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { printable } from '../inspection.ts';
import type { RequestPhase, SetUpPhase, Totals, WaterfallData } from './page/data.ts';
import { count, counted, duration, size } from './page/format.ts';

type Swatch = RequestPhase | SetUpPhase | 'failed' | 'again';

const LEGEND: readonly (readonly [Swatch, string])[] = [
  ['blocked', 'not sent yet'],
  ['send', 'sending'],
  ['held', 'held behind an earlier response'],
  ['wait', 'waiting for the first byte'],
  ['receive', 'receiving'],
  ['dns', 'name lookup'],
  ['connect', 'connecting'],
  ['tls', 'TLS'],
  ['failed', 'failed, or cut'],
  ['again', 'sent again'],
];

/** A run that was shorter by a smaller part than this has saved nothing. */
const NOTHING_SAVED = 0.02;

export function waterfallHTML(data: WaterfallData): string {
  const style = bundled('page.css');
  const program = bundled('main.js');
  const sources = `style-src '${digest(style)}'; script-src '${digest(program)}'`;
  const policy = `default-src 'none'; ${sources}; base-uri 'none'; form-action 'none'`;
  const title = text(data.title);
  const name = `Waterfall of ${counted(data.requests.slot.length, 'request')}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="began">Recorded <time datetime="${data.began}">${data.began.slice(0, 19).replace('T', ' ')} UTC</time></p>
${figures(data.totals)}
${comparison(data.totals)}
</header>
<main>
<section aria-labelledby="picture">
<div class="bar">
<h2 id="picture">Requests over time</h2>
<div class="tools" role="group" aria-label="View">
<button type="button" id="earlier" aria-label="Earlier">◀</button>
<button type="button" id="later" aria-label="Later">▶</button>
<button type="button" id="out" aria-label="Zoom out">−</button>
<button type="button" id="in" aria-label="Zoom in">+</button>
<button type="button" id="all">Whole run</button>
<button type="button" id="toggle" aria-expanded="false" aria-controls="table">Show as a table</button>
</div>
</div>
<p class="lead">Each line is a request in flight, from left to right in time; lines of one connection are together.</p>
${legend()}
<div id="frame">
<svg id="axis" aria-hidden="true"></svg>
<div id="chart" tabindex="0" role="application" aria-roledescription="waterfall" aria-labelledby="picture"
aria-describedby="keys"><svg id="lanes" role="img" aria-labelledby="lanes-title lanes-desc">
<title id="lanes-title">${name}</title>
<desc id="lanes-desc">${summary(data.totals)}</desc>
</svg>
</div>
<div id="details" role="tooltip" hidden></div>
</div>
<p id="keys" class="hint">Drag, or turn the wheel with Shift, to move; turn the wheel with Ctrl, or pinch, to zoom. With the
keyboard: the arrow keys go from request to request, + and − zoom, 0 shows the whole run, Escape closes the details.</p>
<p id="told" class="unseen" aria-live="polite"></p>
<noscript><p>The picture is drawn by the page's own program: scripts are switched off.</p></noscript>
</section>
<section id="table" aria-label="Requests as a table" hidden></section>
</main>
<script type="application/json" id="data">${json(data)}</script>
<script>${program}</script>
</body>
</html>
`;
}

function figures({
  documents,
  redirects,
  missing,
  failed,
  again,
  bytes,
  wall,
  connections,
  origins,
  depth,
  leftOut,
}: Totals): string {
  const all: [string, string][] = [
    ['documents', count(documents)],
    ['bytes', size(bytes)],
    ['wall time', duration(wall)],
    [connections === 1 ? 'connection' : 'connections', count(connections)],
    ['most in flight on one connection', count(depth)],
  ];
  if (origins > 1) all.push(['origins', count(origins)]);
  if (redirects > 0) all.push(['redirects', count(redirects)]);
  if (missing > 0) all.push(['missing (4xx, 5xx)', count(missing)]);
  if (failed > 0) all.push(['failed', count(failed)]);
  if (again > 0) all.push(['sent again', count(again)]);
  if (leftOut > 0) all.push(['left out: too many', count(leftOut)]);
  return `<dl class="figures">${all.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`;
}

/** Two bars: this run, and the same one request at a time. */
function comparison({ wall, oneAtATime }: Totals): string {
  const saved = oneAtATime - wall;
  if (wall === 0) return '';
  if (saved < wall * NOTHING_SAVED) return '<p>No time was saved by sending requests ahead of responses.</p>';
  const bar = (name: string, time: number, kind: string): string => {
    const width = Math.max(2, Math.round((time / oneAtATime) * 1000));
    const svg = `<svg class="${kind}" aria-hidden="true" viewBox="0 0 1000 16" preserveAspectRatio="none">`;
    const cell = `<td>${svg}<rect width="${width}" height="16"/></svg></td>`;
    return `<tr><th scope="row">${name}</th>${cell}<td class="time">${duration(time)}</td></tr>`;
  };
  return `<table class="saved">
<caption><strong>At least ${duration(saved)} saved</strong> by sending requests ahead of the responses</caption>
<tbody>${bar('this run', wall, 'now')}${bar('one at a time', oneAtATime, 'then')}</tbody>
</table>
<p class="hint">One at a time: over the same connections, each request after the response to the one before, in the shortest round
trip seen.</p>`;
}

function summary({ documents, bytes, wall, connections, failed }: Totals): string {
  const failures = failed === 0 ? '' : ` ${counted(failed, 'request')} failed.`;
  const run = `${counted(documents, 'document')}, ${size(bytes)}, in ${duration(wall)}`;
  return `${run} over ${counted(connections, 'connection')}.${failures} Each lane has the connections to an origin that followed one
another, each line in it one request in flight. The button "Show as a table" has the same data as text.`;
}

function legend(): string {
  const items = LEGEND.map(([kind, name]) => `<li><span class="swatch ${kind}" aria-hidden="true"></span>${name}</li>`);
  return `<ul class="legend" aria-label="Legend">${items.join('')}</ul>
<p class="meaning"><b>Held behind an earlier response:</b> a connection answers in the order of the requests, so this response
waits for those before it; its request has been sent already, so no round trip lies between them. Where requests are sent ahead,
the blue pieces follow one another like the steps of a staircase.</p>`;
}

/** A file of the page, as built. */
function bundled(name: string): string {
  return readFileSync(new URL(name, new URL('../../dist/cli/page/', import.meta.url)), 'utf8').trim();
}

function digest(source: string): string {
  return `sha256-${createHash('sha256').update(source).digest('base64')}`;
}

/** JSON in which no character means anything to HTML. */
function json(data: WaterfallData): string {
  return JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function text(value: string): string {
  return printable(value).replace(/[&<>"']/g, (each) => ENTITIES.get(each) ?? '');
}
