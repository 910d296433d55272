/**
 * A job on its way to a result, and the request that is to be sent for it next. After a redirect that is another request.
 */

import { Asking, type RequestParts } from '../client/asking.ts';
import type { HTTPResponse } from '../client/http-response.ts';
import { asError } from '../errors.ts';
import { targetOf } from '../fetch/co-fetch.ts';
import { Content, contentAtHand } from '../fetch/content.ts';
import { checkedURL, type FetchRequest, fetchRequest } from '../fetch/fetch-request.ts';
import { redirected } from '../fetch/redirect.ts';
import type { CallTrace, RequestTrace } from '../fetch/trace.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import type { Host } from './host.ts';
import type { TransferJob, TransferResult, TransferSink, Verification } from './transfer-job.ts';
import type { TransferOptions } from './transfer-options.ts';

/** How a job ends. The reason of a failure may be anything: a sink, a body or a signal may have given it. */
export interface Ending
  extends Pick<TransferResult, 'outcome'>,
    Partial<Pick<TransferResult, 'body' | 'mayHaveBeenProcessed'>> {
  readonly error?: unknown;
}

/** A job that has no result yet. */
export class Work {
  /** As it was given. */
  readonly given: TransferJob;
  /** The same, read once and checked. */
  job: TransferJob;
  readonly index: number;
  readonly trace: CallTrace | undefined;
  readonly redirects: { readonly status: number; readonly url: string }[] = [];
  sink: TransferSink | undefined;
  /** Whether the body becomes part of the result. */
  toMemory = false;
  attempts = 0;
  /** When the first request was sent, on the clock. */
  begunAt: number | undefined;
  response: HTTPResponse | undefined;
  bytes = 0;
  verification: Verification = 'none';
  dueAt = 0;
  duration = 0;
  remoteAddress: string | undefined;
  retryAt: number | undefined;

  constructor(job: TransferJob, index: number, trace: CallTrace | undefined) {
    this.given = job;
    this.job = job;
    this.index = index;
    this.trace = trace;
  }

  /** The job has been checked. */
  check(job: TransferJob): void {
    const { sink = 'memory' } = job;
    this.job = job;
    this.toMemory = sink === 'memory';
    this.sink = typeof sink === 'object' ? sink : undefined;
  }

  result(url: string, { outcome, error, body, mayHaveBeenProcessed = false }: Ending): TransferResult {
    return {
      job: this.given,
      index: this.index,
      outcome,
      url,
      redirects: this.redirects,
      response: this.response,
      body,
      bytes: this.bytes,
      verification: this.verification,
      attempts: this.attempts,
      error: error === undefined ? undefined : asError(error),
      mayHaveBeenProcessed,
      retryAt: this.retryAt,
      duration: this.duration,
      remoteAddress: this.remoteAddress,
    };
  }
}

export class Attempt extends Asking {
  readonly work: Work;
  readonly host: Host;
  readonly request: FetchRequest;
  readonly #before: TransferOptions['beforeRequest'];
  trace: RequestTrace | undefined;
  /** Whether it was asked again because its response was not certain. */
  askedAgain = false;
  /** Whether the latest request asks for a part of the document. */
  asksForPart = false;
  /** Called when the request goes out. */
  onSending: (() => void) | undefined;
  /** Losses that were seen by the one that counts attempts. */
  lossesSeen = 0;

  constructor(work: Work, request: FetchRequest, use: { host: Host; before: TransferOptions['beforeRequest'] }) {
    const body = work.job.body;
    super({ method: request.method, path: '/', options: { body: request.content?.data } });
    if (typeof body === 'function' && request.content !== undefined) this.renew();
    this.work = work;
    this.request = request;
    this.host = use.host;
    this.#before = use.before;
  }

  get url(): string {
    return this.request.url.href;
  }

  override parts(): RequestParts {
    const { request, work } = this;
    const { url, method, content } = request;
    const headers = this.trace === undefined && this.#before === undefined ? request.headers : this.#fields();
    this.asksForPart = headers.has('Range');
    this.onSending?.();
    const given = work.job.body;
    const body = content === undefined ? undefined : typeof given === 'function' ? given() : content.data;
    return { method, path: targetOf(url), options: { headers, host: headers.get('Host'), body } };
  }

  #fields(): HTTPHeaders {
    const { url, method, headers } = this.request;
    const fields = new HTTPHeaders(this.trace?.headers ?? headers);
    this.#before?.({ url, method, headers: fields, job: this.work.given });
    return fields;
  }
}

/** Stands for a body that a function makes for each attempt. */
const MADE_LATER = new Content('');

/** The first request of a job. @throws TypeError */
export function firstRequest({ url, method = 'GET', headers, body }: TransferJob): FetchRequest {
  const whole = typeof body === 'function' ? { content: MADE_LATER, type: undefined } : contentAtHand(body);
  if (body !== undefined && whole === undefined) {
    throw new TypeError('the body of a job is given as a whole, or by a function that gives it');
  }
  return fetchRequest({
    url: checkedURL(url),
    method,
    headers,
    content: whole?.content,
    contentType: whole?.type,
    host: 'of the caller',
    referrer: undefined,
  });
}

/** The request that a redirect asks for. @throws InvalidResponse, UnsupportedResponse */
export function nextRequest({ request }: Attempt, response: HTTPResponse): FetchRequest {
  return redirected(request, response);
}
