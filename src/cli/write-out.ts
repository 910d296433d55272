/**
 * The text of `-w`: a template with curl's variables, filled with a result. It reads the file of the template.
 */

import { isIPv6 } from 'node:net';
import type { TransferResult } from '../index.ts';
import type { Given } from './given.ts';
import type { Interruption } from './interruption.ts';
import { printable, printableJSON } from './printable.ts';
import { lineNamed } from './request.ts';
import type { Voice } from './voice.ts';

/** What a result does not know. */
export interface WriteOutDetails {
  /** The path of the file that was written. */
  readonly file?: string | null;
  /** The exit status of the command if this were the only document. */
  readonly exitCode?: number;
}

type Value = string | number | undefined;
type Variable = (result: TransferResult, details: WriteOutDetails) => Value;

const status: Variable = ({ response }) => response?.status ?? 0;

/** curl's names. */
const VARIABLES: Readonly<Record<string, Variable>> = {
  content_type: ({ response }) => text(response?.headers.get('Content-Type')),
  errormsg: ({ error }) => error?.message,
  exitcode: (_, { exitCode = 0 }) => exitCode,
  filename_effective: (_, { file }) => file ?? undefined,
  http_code: status,
  http_version: ({ response }) => response?.httpVersion ?? '0',
  method: ({ job, response }) => response?.method ?? job.method ?? 'GET',
  num_headers: ({ response }) => response?.headers.size ?? 0,
  num_redirects: ({ redirects }) => redirects.length,
  num_retries: ({ attempts }) => Math.max(0, attempts - 1),
  redirect_url: ({ response, url }) => redirection(response?.status, response?.headers.get('Location'), url),
  remote_ip: ({ remoteAddress }) => addressOf(remoteAddress).ip,
  remote_port: ({ remoteAddress, url }) =>
    remoteAddress === undefined ? 0 : (addressOf(remoteAddress).port ?? portOf(url)),
  response_code: status,
  scheme: ({ url }) => (URL.canParse(url) ? new URL(url).protocol.slice(0, -1) : undefined),
  size_download: ({ bytes }) => bytes,
  speed_download: ({ bytes, duration }) => (duration > 0 ? Math.round((bytes / duration) * 1000) : 0),
  time_total: ({ duration }) => duration / 1000,
  url: ({ job }) => String(job.url),
  url_effective: ({ url }) => url,
  urlnum: ({ index }) => index,
};

/** How a number is shown, unless as an integer. */
const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  http_code: (value) => String(value).padStart(3, '0'),
  response_code: (value) => String(value).padStart(3, '0'),
  time_total: (value) => value.toFixed(6),
};

/** `%{name}`, `%header{name}`, `%%`, and backslash escapes. Anything else stays as it is. */
const TOKEN = /%%|%(header)?\{([^}]*)\}|\\[nrt]/g;
const ESCAPES: Readonly<Record<string, string>> = { '%%': '%', '\\n': '\n', '\\r': '\r', '\\t': '\t' };

/** Fills the template. A variable that is not known gives nothing. */
export function formatWriteOut(template: string, result: TransferResult, details: WriteOutDetails = {}): string {
  return template.replace(TOKEN, (token, header: string | undefined, name: string | undefined) => {
    if (name === undefined) return ESCAPES[token] ?? token;
    if (header !== undefined) return printable(text(result.response?.headers.getAll(name)[0]) ?? '');
    return shown(name, result, details);
  });
}

/** The template of -w: its text, or @FILE, or @- for standard input. It says which variables are not known. @throws UsageError */
export async function writeOutTemplate(
  { writeOut }: Pick<Given, 'writeOut'>,
  { voice, interruption }: { voice: Pick<Voice, 'say'>; interruption: Interruption },
): Promise<string | undefined> {
  if (writeOut === undefined) return undefined;
  const template = (await lineNamed(writeOut, '-w', interruption)).toString();
  for (const warning of writeOutWarnings(template)) voice.say(warning);
  return template;
}

/** The warnings about variables that are not known, each once, in curl's words. */
function writeOutWarnings(template: string): string[] {
  const names = [...template.matchAll(TOKEN)].filter(([, header, name]) => header === undefined && name !== undefined);
  const unknown = new Set(names.map(([, , name = '']) => name).filter((name) => !isKnown(name)));
  return [...unknown].map((name) => `unknown --write-out variable: '${name}'`);
}

function isKnown(name: string): boolean {
  return Object.hasOwn(VARIABLES, name) || name === 'json' || name === 'header_json';
}

function shown(name: string, result: TransferResult, details: WriteOutDetails): string {
  if (name === 'json') return printableJSON(allOf(result, details));
  if (name === 'header_json') return printableJSON(fieldsOf(result));
  const value = Object.hasOwn(VARIABLES, name) ? VARIABLES[name]?.(result, details) : undefined;
  if (typeof value !== 'number') return printable(value ?? '');
  return FORMATS[name]?.(value) ?? String(value);
}

/** All variables by name; null for one without a value. */
function allOf(result: TransferResult, details: WriteOutDetails): object {
  return Object.fromEntries(
    Object.entries(VARIABLES).map(([name, variable]) => [name, variable(result, details) ?? null]),
  );
}

/** The values of each field by its name in lower case. */
function fieldsOf({ response }: TransferResult): object {
  const fields: Record<string, string[]> = Object.create(null);
  for (const [name, value] of response?.headers ?? []) {
    const key = name.toLowerCase();
    fields[key] = [...(fields[key] ?? []), text(value) ?? ''];
  }
  return fields;
}

/** Fields have a character for each byte. Most servers mean UTF-8. */
function text(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const decoded = Buffer.from(value, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? value : decoded;
}

/** Where a redirect that was not followed leads. */
function redirection(status: number | undefined, location: string | undefined, base: string): string | undefined {
  if (status === undefined || status < 300 || status > 399 || location === undefined) return undefined;
  return URL.canParse(location, base) ? new URL(location, base).href : undefined;
}

/** Splits `1.2.3.4:80`, `[::1]:80`, or an address alone. */
function addressOf(address: string | undefined): {
  readonly ip: string | undefined;
  readonly port: number | undefined;
} {
  if (address === undefined || isIPv6(address)) return { ip: address, port: undefined };
  const [, ip = address, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return { ip, port: port === undefined ? undefined : Number(port) };
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
