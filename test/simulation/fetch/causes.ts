/** Decides which errors the planned faults of a call can lead to. */

import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  type DugongError,
  HostnameNotResolvable,
  Interrupted,
  InvalidResponse,
  SystemError,
  TLSError,
  UnsupportedResponse,
} from '../client.ts';
import type { Book } from './origin.ts';
import {
  type AnswerPlan,
  type ConnectionPlan,
  type Hop,
  isRepeatable,
  type MachinePlan,
  type OriginPlan,
} from './plan.ts';
import type { Blocking, Called } from './results.ts';

interface Circumstances {
  readonly origins: readonly OriginPlan[];
  readonly machine: MachinePlan;
  readonly book: Book;
  readonly call: Called;
  readonly hops: readonly Hop[];
  /** Whether the time limits are so high that only silence exceeds them. */
  readonly silent: boolean;
  readonly blocking: Blocking | undefined;
  readonly blocks: boolean;
}

/** Why this error is not explained; undefined: it is. */
export function mayFail(error: DugongError, given: Circumstances): string | undefined {
  const check = CHECKS.find(([kind]) => error instanceof kind);
  if (check === undefined) return `${error.name} is no error of a fetch`;
  return check[1](given) ? undefined : `nothing explains this ${error.name}`;
}

type Check = readonly [
  kind: abstract new (...given: never[]) => DugongError,
  explained: (given: Circumstances) => boolean,
];

const CHECKS: readonly Check[] = [
  [HostnameNotResolvable, (given) => someOrigin(given, ({ lookup }) => lookup === 'EAI_NONAME')],
  [DNSUnavailable, (given) => isShort(given) || someOrigin(given, ({ lookup }) => lookup.startsWith('EAI_'))],
  [TLSError, (given) => someOrigin(given, ({ secure }) => secure !== 'no' && secure !== 'yes') || isCut(given)],
  [ConnectionTimedOut, isSilent],
  [InvalidResponse, isInvalid],
  [UnsupportedResponse, isUnsupported],
  [
    SystemError,
    (given) => isShort(given) || isCut(given) || someConnection(given, ({ connect }) => connect !== 'accept'),
  ],
  [ConnectionClosed, isClosed],
  [Interrupted, ({ blocking }) => blocking?.interruptible === true],
];

function someOrigin({ origins, hops }: Circumstances, is: (origin: OriginPlan) => boolean): boolean {
  return hops.some(({ origin }) => is(origins[origin] as OriginPlan));
}

/** Whether some connection is so, among those that were begun. */
function someConnection({ origins, hops, book }: Circumstances, is: (connection: ConnectionPlan) => boolean): boolean {
  return hops.some(({ origin }) =>
    (origins[origin] as OriginPlan).connections.slice(0, book.attempts[origin] ?? 0).some(is),
  );
}

function isShort({ machine }: Circumstances): boolean {
  return machine.noDescriptor > 0 || machine.noBuffers > 0;
}

function isCut(given: Circumstances): boolean {
  return someConnection(given, ({ cut }) => cut !== null && cut.how !== 'stall' && cut.how !== 'hole');
}

/** Whether some server has sent bytes that belong to no response: the next request gets them. */
function isStray({ hops, book }: Circumstances): boolean {
  return book.made.some(({ plan, seen }) => plan.stray > 0 && hops.some(({ origin }) => origin === seen.origin));
}

function isInvalid(given: Circumstances): boolean {
  const { hops } = given;
  // Compressed data show where they end.
  const zipped = hops.some(({ answer }) => answer.gzip && answer.framing === 'close') && isCut(given);
  return zipped || isStray(given) || hops.some(({ answer }) => answer.malformed !== 'no');
}

/** Whether a time limit may pass. A fetch during a blocking call may find its time over before it could do anything. */
function isSilent(given: Circumstances): boolean {
  if (!given.silent || (given.blocks && given.blocking === undefined)) return true;
  const silences = someConnection(
    given,
    ({ connect, cut }) =>
      cut?.how === 'hole' ||
      cut?.how === 'stall' ||
      connect === 'hole' ||
      connect === 'timeout' ||
      connect === 'unreachable-late',
  );
  return (
    silences ||
    someOrigin(given, ({ lookup }) => lookup === 'never') ||
    given.hops.some(({ answer }) => answer.delay < 0)
  );
}

function isUnsupported({ blocking, call, hops }: Circumstances): boolean {
  if (blocking !== undefined && hops.some(({ answer }) => sizeOnWire(answer) > blocking.maxBodySize)) return true;
  const redirects = hops.some(({ answer }) => answer.redirect !== null);
  const circles = hops.some(({ answer }) => answer.redirect !== null && answer.redirect.answer === null);
  return circles || (redirects && (call.mode === 'error' || !isRepeatable(call.upload)));
}

function isClosed(given: Circumstances): boolean {
  const { call, hops } = given;
  if (isCut(given) || isStray(given) || isShort(given)) return true;
  if (
    hops.some(
      ({ answer }) => answer.close === 'reset' || answer.close === 'instead' || (answer.early && call.upload !== null),
    )
  )
    return true;
  if (someOrigin(given, ({ secure }) => secure === 'truncates' || secure === 'refuses')) return true;
  return !hops.every(({ method }) => REPEATED.has(method)) || !isRepeatable(call.upload) ? closesAtAll(given) : false;
}

const REPEATED: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

/** Whether one of its servers has closed a connection that might have been used again. */
function closesAtAll({ hops, book, origins }: Circumstances): boolean {
  return hops.some(({ origin }) =>
    book.connections.some(
      (met) => met.origin === origin && met.closed && met.requests > 0 && origins[origin] !== undefined,
    ),
  );
}

/** The limit is for received bytes, too: compression makes small bodies larger. */
function sizeOnWire({ size, gzip }: AnswerPlan): number {
  return gzip ? size + GZIP_OVERHEAD : size;
}

/** Bytes, more than enough. */
const GZIP_OVERHEAD = 64;
