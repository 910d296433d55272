/** Moves the picture, and goes through its requests: by buttons, keys, wheel, pointer and touch. */

import type { Chart } from './chart.ts';
import type { Model } from './model.ts';
import { byId } from './svg.ts';

const CLOSER = 0.6;
const STEP = 0.25;
/** Pixels of a wheel for a factor of e. */
const WHEEL = 300;
/** A pointer that moves less has clicked. */
const CLICK = 4;

export function addControls(chart: Chart, model: Model): void {
  addButtons(chart);
  addKeys(chart, model);
  addWheel(chart);
  addPointers(chart);
}

function addButtons({ view }: Chart): void {
  const actions: Record<string, () => void> = {
    earlier: () => view.pan(-STEP),
    later: () => view.pan(STEP),
    in: () => view.zoom(CLOSER),
    out: () => view.zoom(1 / CLOSER),
    all: () => view.showAll(),
  };
  for (const [id, action] of Object.entries(actions)) byId(id, HTMLButtonElement).addEventListener('click', action);
}

function addKeys(chart: Chart, model: Model): void {
  const { view, element } = chart;
  const actions: Record<string, () => void> = {
    ArrowRight: () => chart.visit(besides(chart, model, 1)),
    ArrowLeft: () => chart.visit(besides(chart, model, -1)),
    ArrowDown: () => chart.visit(inLane(chart, model, 1)),
    ArrowUp: () => chart.visit(inLane(chart, model, -1)),
    Home: () => chart.visit(0),
    End: () => chart.visit(model.count - 1),
    PageUp: () => view.pan(-STEP),
    PageDown: () => view.pan(STEP),
    '+': () => view.zoom(CLOSER, middleOf(chart, model)),
    '=': () => view.zoom(CLOSER, middleOf(chart, model)),
    '-': () => view.zoom(1 / CLOSER, middleOf(chart, model)),
    '0': () => view.showAll(),
    Escape: () => chart.show(undefined),
  };
  element.addEventListener('keydown', (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (action === undefined || model.count === 0) return;
    event.preventDefault();
    action();
  });
  element.addEventListener('focus', () => {
    if (element.matches(':focus-visible') && model.count > 0) chart.visit(chart.request ?? 0);
  });
  element.addEventListener('blur', () => chart.show(undefined));
}

/** The neighbour in time, within the lane. */
function besides({ request }: Chart, model: Model, step: 1 | -1): number {
  if (request === undefined) return 0;
  const lane = model.data.lanes[model.laneOf(request)];
  if (lane === undefined) return request;
  return Math.max(lane.first, Math.min(request + step, lane.first + lane.count - 1));
}

/** The request of the same time in the next lane that has any. */
function inLane({ request }: Chart, model: Model, step: 1 | -1): number {
  if (request === undefined) return 0;
  for (let lane = model.laneOf(request) + step; lane in model.data.lanes; lane += step) {
    const found = model.nearest(lane, model.sent(request));
    if (found !== undefined) return found;
  }
  return request;
}

function middleOf({ view, request }: Chart, model: Model): number {
  if (request === undefined) return view.width / 2;
  return Math.max(0, Math.min(view.width, view.x((model.sent(request) + model.endOf(request)) / 2)));
}

/** The plain wheel scrolls the page. A pinch on a touchpad is a wheel with Ctrl. */
function addWheel({ view, element }: Chart): void {
  const onWheel = (event: WheelEvent): void => {
    const { deltaX, deltaY } = event;
    if (event.ctrlKey || event.metaKey) view.zoom(Math.exp(deltaY / WHEEL), xOf(event, element));
    else if (event.shiftKey) view.pan((deltaX + deltaY) / view.width);
    else if (Math.abs(deltaX) > Math.abs(deltaY)) view.pan(deltaX / view.width);
    else return;
    event.preventDefault();
  };
  element.addEventListener('wheel', onWheel, { passive: false });
}

function addPointers(chart: Chart): void {
  const { view, element } = chart;
  /** Where the pressed pointers are. */
  const pressed = new Map<number, number>();
  let moved = 0;
  const spread = (): number => Math.abs([...pressed.values()].reduce((one, other) => one - other));
  element.addEventListener('pointerdown', (event) => {
    pressed.set(event.pointerId, xOf(event, element));
    moved = 0;
  });
  element.addEventListener('pointermove', (event) => {
    const x = xOf(event, element);
    const before = pressed.get(event.pointerId);
    if (before === undefined) return show(chart, event);
    moved += Math.abs(x - before);
    if (moved < CLICK) return;
    const apart = pressed.size > 1 ? spread() : 0;
    pressed.set(event.pointerId, x);
    if (pressed.size > 1) view.zoom(Math.max(1, apart) / Math.max(1, spread()), x);
    else {
      if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
      chart.show(undefined);
      view.pan((before - x) / view.width);
    }
  });
  element.addEventListener('pointerup', (event) => {
    pressed.delete(event.pointerId);
    if (moved < CLICK) show(chart, event);
  });
  element.addEventListener('pointercancel', (event) => void pressed.delete(event.pointerId));
  element.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse' && !element.matches(':focus-visible')) chart.show(undefined);
  });
  element.addEventListener('dblclick', (event) => view.zoom(CLOSER ** 2, xOf(event, element)));
}

function show(chart: Chart, event: PointerEvent): void {
  const x = xOf(event, chart.element);
  const y = event.clientY - chart.element.getBoundingClientRect().top;
  const found = chart.at(x, y);
  if (found !== chart.request || found !== undefined) chart.show(found, { x, y });
}

function xOf(event: MouseEvent, element: Element): number {
  return event.clientX - element.getBoundingClientRect().left;
}
