/** Compares what the servers saw with what the client said, at the end of a world. */

import type { SeenRequest, Server } from '../servers/servers.ts';
import { type Account, type Attempt, expectedStatus } from './account.ts';
import type { ConnectionPlan, LinkPlan } from './plan.ts';

export function judged(account: Account, server: Server, plan: ConnectionPlan): string[] {
  const { link, attempts } = account;
  const known = new Map(attempts.map((attempt) => [attempt.target, attempt]));
  const problems: string[] = [...account.problems];
  const seen = new Map<string, SeenRequest>();
  for (const request of server.log.requests) {
    if (request.method === 'CONNECT') continue;
    const target = targetOf(request);
    const attempt = known.get(target);
    if (attempt === undefined) problems.push(`the server has ${request.method} ${target}, which was never sent`);
    else problems.push(...ofRequest(request, attempt, seen.has(target)));
    seen.set(target, request);
  }
  for (const target of account.deniedProcessing) {
    if (seen.has(target)) problems.push(`${target} is said to be unprocessed, but the server has it`);
  }
  for (const attempt of attempts) if (attempt.answered) problems.push(...ofAnswer(attempt, server));
  // One connection may block the thread until the time limit of the other one.
  const again = attempts.length > link.requests.length && plan.way !== 'mixed';
  if (account.open.length > 0 ? heals(link, plan) : again && isSound(link, plan)) {
    problems.push(`connection ${link.index} must be answered, but: ${account.results.join('; ')}`);
  }
  return problems;
}

/** Requests to proxies have the whole URL. */
function targetOf({ target }: SeenRequest): string {
  return target.replace(/^http:\/\/[^/]*/, '');
}

function* ofRequest(request: SeenRequest, attempt: Attempt, again: boolean): Generator<string> {
  const { method, body, complete } = request;
  const { target } = attempt;
  if (again) yield `the server has ${target} twice`;
  if (method !== attempt.request.method) yield `the server has ${method} for ${attempt.request.method} ${target}`;
  if (!attempt.upload.subarray(0, body.length).equals(body)) yield `the server has another body of ${target}`;
  else if (body.length > attempt.given) yield `the server has more of the body of ${target} than was given`;
  else if (complete && body.length < attempt.upload.length && !attempt.refused) {
    yield `the server takes ${body.length} of ${attempt.upload.length} bytes of ${target} for the whole body`;
  }
}

function* ofAnswer(attempt: Attempt, { log }: Server): Generator<string> {
  const { target } = attempt;
  const sent = log.answers.filter((answer) => targetOf(answer.request) === target);
  if (sent.length !== 1) yield `${target} has its answer, but the server has answered it ${sent.length} times`;
  const [answer] = sent;
  if (answer === undefined) return;
  if (answer.status !== expectedStatus(attempt)) yield `the server has answered ${target} with ${answer.status}`;
}

/** Whether every request must be answered at the first attempt, unless the thread is blocked. */
function isSound(link: LinkPlan, plan: ConnectionPlan): boolean {
  const { connect, cut, interruption, most, requests, shape, network, expectation } = link;
  if (cut || interruption || (connect !== 'accept' && connect !== 'at-once') || most < requests.length) return false;
  // A program that sends everything first may wait for ever where buffers are small.
  if (!heals(link, plan) || (shape === 'ahead' && network === 'tiny')) return false;
  return requests.every((request, index) => {
    const { answer, upload } = request;
    const ends = answer.close !== undefined || answer.framing === 'close';
    return !(ends && index < requests.length - 1) && !(upload?.expect && expectation !== 'grant');
  });
}

/** Whether every request must have been answered in the end: no fault repeats for ever. */
function heals({ requests }: LinkPlan, { noDescriptor, noBuffers }: ConnectionPlan): boolean {
  return noDescriptor + noBuffers === 0 && requests.every(({ answer, early }) => !early && answer.close !== 'reset');
}
