/** The details of one request: in a box beside it, and as a sentence for screen readers. All that comes from servers is text. */

import type { RequestPhase } from './data.ts';
import { duration, size } from './format.ts';
import { type Model, PHASES, type RequestView } from './model.ts';
import { html } from './svg.ts';

const NAMES = {
  blocked: 'not sent yet',
  send: 'sending',
  held: 'held behind an earlier response',
  wait: 'waiting for the first byte',
  receive: 'receiving',
} as const;
const STEPS = { dns: 'name lookup', connect: 'connecting', tls: 'TLS' } as const;
/** Phases that are shorter, in ms, are not named. */
const SHORTEST = 0.005;

function lasting({ phases }: RequestView): RequestPhase[] {
  return PHASES.filter((phase) => phases[phase] >= SHORTEST);
}

export function outcome({ status, error, attempt }: RequestView): string {
  const answer = status === 0 ? 'no response' : String(status);
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  return `${error === undefined ? answer : `failed (${answer})`}${again}`;
}

function onConnection({ connection: { number, address } }: RequestView): string {
  return number === 0 ? 'not sent' : `connection ${number}${address === undefined ? '' : ` to ${address}`}`;
}

/** How the connection was made; empty if that was not seen. */
function madeIn({ connection: { steps } }: RequestView): string {
  const all = steps.reduce((sum, [, lasted]) => sum + lasted, 0);
  const each = steps.map(([step, lasted]) => `${STEPS[step]} ${duration(lasted)}`);
  return steps.length === 0 ? '' : `, made in ${duration(all)} (${each.join(', ')})`;
}

export function detailElements(model: Model, request: RequestView): HTMLElement[] {
  const { method, url, bytes, phases, begin, end, error } = request;
  const previous = phases.held > 0 ? model.before(request.index) : undefined;
  const rows = lasting(request).map((phase) => {
    const behind = phase === 'held' && previous !== undefined ? ` (${previous.path})` : '';
    return html(
      'tr',
      {},
      html('th', { scope: 'row' }, html('span', { class: `swatch ${phase}` }), `${NAMES[phase]}${behind}`),
      html('td', {}, duration(phases[phase])),
    );
  });
  const total = html(
    'tr',
    { class: 'total' },
    html('th', { scope: 'row' }, 'in all'),
    html('td', {}, duration(end - begin)),
  );
  return [
    html('p', { class: 'url' }, html('b', {}, method), ` ${url}`),
    html('p', {}, `${outcome(request)} · ${size(bytes)} · from ${duration(begin)} on`),
    html('p', { class: 'quiet' }, `${onConnection(request)}${madeIn(request)}`),
    ...(error === undefined ? [] : [html('p', { class: 'error' }, error)]),
    html('table', {}, html('tbody', {}, ...rows, total)),
  ];
}

export function sentence(model: Model, request: RequestView): string {
  const { method, url, bytes, phases, begin, end, error, lane, index } = request;
  const times = lasting(request).map((phase) => `${NAMES[phase]} ${duration(phases[phase])}`);
  const position = `Request ${index - lane.first + 1} of ${lane.count} in lane ${model.laneOf(index) + 1}`;
  const failure = error === undefined ? '' : ` ${error}.`;
  const what = `${method} ${url}: ${outcome(request)}, ${size(bytes)}, ${onConnection(request)}${madeIn(request)}.${failure}`;
  const when = `From ${duration(begin)} on, ${duration(end - begin)} in all: ${times.join(', ')}.`;
  return `${what} ${when} ${position}.`;
}
