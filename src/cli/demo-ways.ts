/**
 * The ways of the demo to fetch documents. All are coroutines.
 */

import { type Coroutine, coAll, HTTPConnection, Transfer, type TransferJob } from '../index.ts';
import { type DemoDocument, digestOf } from './demo-documents.ts';

/** What is to be fetched, and what it must be. */
export interface Documents {
  readonly origin: string;
  readonly documents: readonly DemoDocument[];
}

/** What has come. */
export interface DemoCounts {
  done: number;
  missing: number;
  /** Documents that are not what they should be. */
  wrong: number;
  bytes: number;
}

/** A way to fetch. */
export interface DemoWay {
  readonly name: string;
  coFetch(what: Documents): Coroutine<DemoCounts>;
}

export const DEMO_WAYS: readonly DemoWay[] = [
  { name: 'one by one, one connection', coFetch: coOneByOne },
  { name: 'pipelined, one connection', coFetch: coPipelined },
  { name: 'in bulk (Transfer), as dugong get', coFetch: coInBulk },
];

const nothing = (): DemoCounts => ({ done: 0, missing: 0, wrong: 0, bytes: 0 });

function* coOneByOne({ origin, documents }: Documents): Coroutine<DemoCounts> {
  const counts = nothing();
  using connection = new HTTPConnection(origin);
  for (const document of documents) {
    yield* connection.coSendRequest('GET', document.path);
    yield* coTake(connection, document, counts);
  }
  return counts;
}

function* coPipelined({ origin, documents }: Documents): Coroutine<DemoCounts> {
  const counts = nothing();
  using connection = new HTTPConnection(origin);
  yield* coAll([coSendAll(connection, documents), coTakeAll(connection, documents, counts)]);
  return counts;
}

function* coSendAll(connection: HTTPConnection, documents: readonly DemoDocument[]): Coroutine<void> {
  for (const { path } of documents) yield* connection.coSendRequest('GET', path);
}

function* coTakeAll(
  connection: HTTPConnection,
  documents: readonly DemoDocument[],
  counts: DemoCounts,
): Coroutine<void> {
  for (const document of documents) yield* coTake(connection, document, counts);
}

function* coTake(connection: HTTPConnection, document: DemoDocument, counts: DemoCounts): Coroutine<void> {
  const { status } = yield* connection.coReadResponse();
  const body = yield* connection.coReadAll();
  if (status === 404) counts.missing++;
  else counts.done++;
  if (status !== 404) counts.bytes += body.length;
  const { content } = document;
  const isRight = content === undefined ? status === 404 : status === 200 && content.equals(body);
  if (!isRight) counts.wrong++;
}

function* coInBulk({ origin, documents }: Documents): Coroutine<DemoCounts> {
  const counts = nothing();
  const jobs = documents.map(
    (document): TransferJob => ({
      url: origin + document.path,
      tag: document,
      ...(document.content && { digest: { algorithm: 'sha-256', value: digestOf(document.content) } }),
    }),
  );
  yield* new Transfer({ proxy: false }).coRun(jobs, ({ outcome, body, bytes, job: { tag } }) => {
    const { content } = tag as DemoDocument;
    if (outcome === 'missing') counts.missing++;
    if (outcome === 'done') counts.done++;
    if (outcome === 'done') counts.bytes += bytes;
    const isRight = content === undefined ? outcome === 'missing' : body !== undefined && content.equals(body);
    if (!isRight) counts.wrong++;
  });
  return counts;
}
