/**
 * The options of `sendRequest`: they are looked at before anything is sent, since what is not understood would silently not be
 * done.
 */

import type { SendRequestOptions } from './http-connection.ts';

const NAMES: ReadonlySet<string> = new Set<keyof SendRequestOptions>([
  'body',
  'contentDigest',
  'contentMD5',
  'expect100',
  'headers',
  'upgrade',
]);

/** @throws TypeError for what is no object of options, e.g. a body, for an option that does not exist, or has a wrong type */
export function checkSendOptions(options: SendRequestOptions): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    const what = options === null ? 'null' : ArrayBuffer.isView(options) ? 'bytes' : typeof options;
    throw new TypeError(`the options of a request must be an object, such as {body: ...}, got ${what}`);
  }
  for (const name in options) {
    if (!NAMES.has(name)) throw new TypeError(`sendRequest() has no option "${name}"`);
  }
  const { upgrade } = options;
  if (upgrade !== undefined && typeof upgrade !== 'string') {
    throw new TypeError(`upgrade must be a string, got ${typeof upgrade}`);
  }
}
