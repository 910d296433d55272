/**
 * Shows the lines of a message head without its secrets: values of fields for credentials, cookies and keys, and user names and
 * passwords in URLs. What is malformed is hidden rather than shown. It knows nothing of connections.
 */

import { HIDDEN, isSecretName, printable, shownField } from '../inspection.ts';

const FIELD = /^[!#$%&'*+.^_`|~\w-]+:/;
const STATUS_LINE = /^HTTP\/\d/;
const BARE = /[\r\n]/;
const LONGEST_REASON = 200;

/** The lines of a request head that this library has made. */
export function shownRequestHead([requestLine = '', ...fields]: readonly string[]): string[] {
  return [withoutUserinfo(requestLine), ...shownFields(fields)];
}

/** The lines of a response head as they were received, whether malformed or not, up to the empty line. */
export function shownResponseHead(lines: readonly string[]): string[] {
  const [first = '', ...fields] = lines;
  // A line that lacks its end may go on with a field.
  const isStatusLine = STATUS_LINE.test(first) && !BARE.test(first) && !(/[:=]/.test(first) && mayHoldSecret(first));
  return isStatusLine ? [withoutUserinfo(first), ...shownFields(fields)] : shownFields(lines);
}

/** The lines of a header or trailer section, up to its empty line. */
export function shownFields(section: readonly string[]): string[] {
  const shown: string[] = [];
  let hiding = false;
  for (const line of section) {
    if (line === '') break;
    const field = BARE.test(line) ? undefined : FIELD.exec(line)?.[0];
    // What follows a secret without being a field of its own belongs to it.
    hiding = field === undefined ? hiding || mayHoldSecret(line) : isSecretName(field);
    if (!hiding) shown.push(withoutUserinfo(line));
    else shown.push(field === undefined ? HIDDEN : `${field} ${HIDDEN}`);
  }
  return shown;
}

/** A reason phrase, as messages say it. */
export function shownReason(reason: string): string {
  return printable(reason, LONGEST_REASON).trimEnd();
}

/** Whether the line looks as if it held a secret, whatever bytes are between those of the name. */
export function mayHoldSecret(line: string): boolean {
  return isSecretName(line.replace(/[^\w-]/g, ''));
}

/** `text` without user names and passwords of URLs. */
export function withoutUserinfo(text: string): string {
  return shownField('', text);
}
