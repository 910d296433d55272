/**
 * What is sent: method, fields and body, from the flags. It reads the files that -d and -H name, and standard input.
 */

import { fstatSync, readFileSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { acceptEncoding } from '../fetch/content-coding.ts';
import { HTTPHeaders } from '../index.ts';
import type { Given } from './given.ts';
import type { Interruption } from './interruption.ts';
import { reasonOf, UsageError } from './usage-error.ts';

/** A request, but for its URL. */
export interface RequestForm {
  readonly method: string;
  /** Header fields; each character is one byte. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | undefined;
}

/** A field; without a value it is not sent. */
type Field = readonly [name: string, value: string | undefined];

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/** The request that the flags describe. A signal ends the reading of standard input. @throws UsageError */
export async function requestForm(
  given: Given,
  { version, interruption }: { version: string; interruption: Interruption },
): Promise<RequestForm> {
  const { json, head, request } = given;
  const body = await bodyOf(given, interruption);
  const type = json !== undefined ? JSON_TYPE : body && FORM;
  const headers = fields(given, { version, type });
  assertFields(headers);
  const method = request ?? (head ? 'HEAD' : body === undefined ? 'GET' : 'POST');
  if (body !== undefined && /^(GET|HEAD)$/i.test(method))
    throw new UsageError(`-X ${method}: a request with this method has no body: leave -X or the body away`);
  return { method, headers, body };
}

/** The flags exclude each other. */
async function bodyOf({ data, dataBinary, json }: Given, interruption: Interruption): Promise<Buffer | undefined> {
  if (data !== undefined) return joined(await pieces(data, (text) => lineNamed(text, '-d', interruption)), '&');
  if (json !== undefined) return joined(await pieces(json, (text) => textNamed(text, '--json', interruption)), '');
  return dataBinary && joined(await pieces(dataBinary, (text) => textNamed(text, '--data-binary', interruption)), '&');
}

function joined(parts: readonly Buffer[], separator: string): Buffer {
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(separator), part])));
}

/** One after the other: one of them may be standard input. */
async function pieces(texts: readonly string[], read: (text: string) => Promise<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for (const text of texts) all.push(await read(text));
  return all;
}

/** The value of a flag: the text itself, or what @FILE or @- (standard input) names. @throws UsageError naming `option` */
async function textNamed(text: string, option: string, interruption: Interruption): Promise<Buffer> {
  if (text === '@-') return await standardInput(`${option} @-`, interruption);
  return text.startsWith('@') ? contentOf(text.slice(1), `${option} ${text}`) : Buffer.from(text);
}

/** As textNamed, but a file becomes one line, as in curl: without CR, LF and NUL. */
export async function lineNamed(text: string, option: string, interruption: Interruption): Promise<Buffer> {
  const bytes = await textNamed(text, option, interruption);
  return text.startsWith('@') ? Buffer.from(bytes.filter((byte) => ![0x00, 0x0a, 0x0d].includes(byte))) : bytes;
}

/** All of standard input. @throws UsageError naming `option` if it cannot be read; the reason of the signal */
export async function standardInput(option: string, interruption: Interruption): Promise<Buffer> {
  const { signal } = interruption;
  try {
    interruption.watch();
    if (process.stdin.readableDidRead || process.stdin.readableEnded)
      throw new Error('standard input was read already');
    if (fstatSync(0).isDirectory()) throw new Error('standard input is a folder');
    return await buffer(addAbortSignal(signal, process.stdin));
  } catch (error) {
    signal.throwIfAborted();
    throw new UsageError(`${option}: ${reasonOf(error)}`);
  }
}

/** The content of a file that a flag names. @throws UsageError naming `option` */
export function contentOf(file: string, option: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${option}: ${reasonOf(error)}`);
  }
}

/** The usual fields that the flags take away. */
export function takenAway(given: Given): readonly string[] {
  const own = (given.header ?? []).flatMap(headerFields);
  const named = new Map(own.map(([name, value]) => [name.toLowerCase(), value]));
  if (given.userAgent === '' && !named.has('user-agent')) named.set('user-agent', undefined);
  const isEmpty = (name: string): boolean => named.has(name) && named.get(name) === undefined;
  return ['User-Agent', 'Accept', 'Authorization'].filter((name) => isEmpty(name.toLowerCase()));
}

/** Fields of each request, which "Name:" cannot take away, with the reason. */
const LASTING: ReadonlyMap<string, string> = new Map([
  ['host', 'each request has one (RFC 9112 3.2)'],
  [
    'accept-encoding',
    'without it a server may send any coding; "Accept-Encoding;" asks for none, as the usual value does',
  ],
]);

/** The fields to send. Some servers refuse requests without the first two. */
function fields(given: Given, { version, type }: { version: string; type: string | undefined }): [string, string][] {
  const own = (given.header ?? []).flatMap(headerFields);
  for (const [name, value] of own) if (value === undefined) assertRemovable(name);
  const named = new Set(own.map(([name]) => name.toLowerCase()));
  const { userAgent = `dugong/${version}`, referer, user, compressed } = given;
  // Without "=" it is the name of a cookie file.
  const cookies = (given.cookie ?? []).filter((each) => each.includes('=')).join('; ');
  const usual: Field[] = [
    ['User-Agent', userAgent === '' ? undefined : asBytes(userAgent)],
    ['Accept', type === JSON_TYPE ? JSON_TYPE : '*/*'],
    ['Accept-Encoding', compressed ? codings(named) : undefined],
    ['Content-Type', type],
    ['Referer', referer && asBytes(referer)],
    ['Cookie', cookies === '' ? undefined : asBytes(cookies)],
    ['Authorization', user === undefined ? undefined : basic(user)],
  ];
  const all = [...usual.filter(([name]) => !named.has(name.toLowerCase())), ...own];
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

/** @throws UsageError if a request has the field in any case */
function assertRemovable(name: string): void {
  const reason = LASTING.get(name.toLowerCase());
  if (reason !== undefined) throw new UsageError(`-H: ${name} cannot be taken away: ${reason}`);
}

/** Before anything is done. @throws UsageError; the message shows no value */
function assertFields(headers: readonly (readonly [string, string])[]): void {
  try {
    new HTTPHeaders(headers);
  } catch (error) {
    throw new UsageError(`-H: ${reasonOf(error)}`);
  }
}

/** The value of Authorization for "name:password" (RFC 7617). @throws UsageError */
function basic(user: string): string {
  if (!user.includes(':')) throw new UsageError('-u: give NAME:PASSWORD, or NAME: for an empty password');
  if (/\p{Cc}/u.test(user)) throw new UsageError('-u: a user name or password has no control characters');
  return `Basic ${Buffer.from(user).toString('base64')}`;
}

/** The value of Accept-Encoding for --compressed, for a request with these fields. */
function codings(named: ReadonlySet<string>): string | undefined {
  return acceptEncoding(new HTTPHeaders(named.has('range') ? { Range: '' } : {}));
}

/** Parses -H as curl does: "Name;" sends an empty field, "Name:" sends none, @FILE has a field in each line. */
function headerFields(text: string): Field[] {
  if (!text.startsWith('@')) return [headerField(text)];
  const lines = contentOf(text.slice(1), `-H ${text}`).toString().split(/\r?\n/);
  return lines.filter((line) => line.trim() !== '').map(headerField);
}

function headerField(text: string): Field {
  const [, name, mark, rest = ''] = /^([^:;]+)([:;])(.*)$/s.exec(text) ?? [];
  if (name === undefined || (mark === ';' && rest !== '')) {
    // The text may be a secret.
    throw new UsageError('-H: a field looks like "Accept: text/html"');
  }
  const value = withoutWhitespace(rest);
  return [name, mark === ':' && value === '' ? undefined : asBytes(value)];
}

/** One character for each byte of the UTF-8 text that the terminal sent. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Removes spaces and tabs (RFC 9110 5.6.3). A no-break space belongs to the value. */
function withoutWhitespace(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
