/**
 * Exchanges as promises and by a fetch, with the server at the port given, while Object.prototype has members that would abort or
 * change them, visible as told.
 */

import { createFetch, HTTPConnection } from '../../src/index.ts';

const [port, visibility] = process.argv.slice(2);
/** Node makes its streams when they are first looked at: it would obey the members below. */
const { stdout, stderr } = process;

const members = {
  signal: AbortSignal.abort(),
  timeout: 1,
  expect100: true,
  upgrade: 'evil',
  redirect: 'error',
  integrity: 'sha256-x',
  credentials: 'x',
  cache: 'x',
  mode: 'navigate',
  referrerPolicy: 'x',
  dispatcher: {},
  statusText: 'evil',
  proxy: 'http://192.0.2.1:1',
  tls: true,
  pieces: ['evil'],
  headers: 'evil',
  status: 1,
  body: 'evil',
  error: 'evil',
  errno: 1,
  highWaterMark: 'evil',
  0: 'evil',
  1: 'evil',
};
for (const [name, value] of Object.entries(members)) {
  const descriptor = { configurable: true, writable: true, enumerable: visibility === 'enumerable', value };
  Object.defineProperty(Object.prototype, name, descriptor);
}

const lookup = (): string[] => ['127.0.0.1'];
const connection = new HTTPConnection('localhost', { port: Number(port), lookup });
await connection.promises.sendRequest('PUT', '/', { body: new Blob(['blob']) });
await connection.promises.readResponse({});
const text = await connection.promises.readText();
connection.disconnect();
const fetch = createFetch({ proxy: false, connection: { lookup } });
/** Whole, encoded, without a body, with a status beyond those of Response, and twice. */
const fetched: string[] = [];
for (let count = 0; count < 4; count++) {
  const response = await fetch(`http://localhost:${port}/`, {});
  fetched.push(`${response.status} ${await response.text()}`);
}
const answer = await fetch(`http://localhost:${port}/`, {});
const copy = answer.clone();
fetched.push(`${await answer.text()}, ${await copy.text()}`);
fetch.closeIdleConnections();
if (stderr.writable) stdout.write(`${text}: ${fetched.join('; ')}\n`);
