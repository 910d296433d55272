/**
 * The options of `sendRequest`: they are looked at before anything is sent, since what is not understood would silently not be
 * done.
 */

import { shownValue } from '../io/shown-value.ts';
import { ownOptions } from '../options.ts';
import type { SendRequestOptions } from './http-connection.ts';

const NAMES = ['body', 'headers', 'expect100', 'upgrade', 'contentMD5', 'contentDigest'] as const;

/** @throws TypeError for what is no object of options, e.g. a body, for an option that does not exist, or has a wrong type */
export function sendOptions(given: SendRequestOptions | undefined): SendRequestOptions {
  const options = ownOptions('sendRequest()', given, NAMES);
  const { upgrade, expect100, contentMD5 } = options;
  if (upgrade !== undefined && typeof upgrade !== 'string') {
    throw new TypeError(`upgrade must be a string, got ${shownValue(upgrade)}`);
  }
  assertFlag('expect100', expect100);
  assertFlag('contentMD5', contentMD5);
  return options;
}

function assertFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new TypeError(`${name} must be true or false, got ${shownValue(value)}`);
}
