/**
 * Reads one body, and prints its length and by how many bytes the peak of this process's memory is above what it was before.
 * Arguments: "readAll" or "fetchSync", a port of 127.0.0.1, the limit of the body.
 */

import { HTTPConnection } from '../../src/index.ts';
import { fetchSync } from '../../src/sync/index.ts';

const [, , reader, port, limit] = process.argv;

function readAll(): number {
  using connection = new HTTPConnection('127.0.0.1', {
    port: Number(port),
    limits: { bodyInMemory: Number(limit) },
  });
  connection.sendRequest('GET', '/');
  connection.readResponse();
  return connection.readAll().length;
}

function fetched(): number {
  const response = fetchSync(`http://127.0.0.1:${port}/`, { maxBodySize: Number(limit), proxy: false });
  const before = peak();
  const { length } = response.bytes();
  // A copy, which is not the question.
  copied = peak() - before;
  return length;
}

/** The most memory that was ever resident. */
function peak(): number {
  return process.resourceUsage().maxRSS * 1024;
}

let copied = 0;
const before = process.memoryUsage.rss();
const length = reader === 'readAll' ? readAll() : fetched();
console.log(JSON.stringify({ length, grown: peak() - copied - before }));
