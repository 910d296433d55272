/** The program of the waterfall's page. */

import { Chart } from './chart.ts';
import { addControls } from './controls.ts';
import type { WaterfallData } from './data.ts';
import { Model } from './model.ts';
import { byId } from './svg.ts';
import { Table } from './table.ts';

const data: WaterfallData = JSON.parse(byId('data', HTMLScriptElement).text);
const model = new Model(data);
addControls(new Chart(model), model);

const table = new Table(model, byId('table', HTMLElement));
const toggle = byId('toggle', HTMLButtonElement);
toggle.addEventListener('click', () => toggle.setAttribute('aria-expanded', String(table.toggle())));
