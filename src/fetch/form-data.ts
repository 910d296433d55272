/**
 * Parses a complete body as FormData: multipart/form-data (RFC 7578, RFC 2046 5.1) or
 * application/x-www-form-urlencoded, as the fetch standard does ("package data"). The byte ranges of
 * http1/byteranges-decoder.ts, which have lengths, are another format.
 */

import { Buffer } from 'node:buffer';
import { parameterOf } from '../http1/grammar.ts';
import { HTTPHeaders } from '../http1/headers.ts';
import { bare } from '../options.ts';

const MULTIPART = /^multipart\/form-data[\t ]*(?:;|$)/i;
const URLENCODED = /^application\/x-www-form-urlencoded[\t ]*(?:;|$)/i;
const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/** Parses the body. @throws TypeError if the Content-Type names no form, or the body is not valid */
export function formDataOf(bytes: Uint8Array, contentType: string | null): FormData {
  const type = contentType ?? '';
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (URLENCODED.test(type)) return urlencodedForm(body);
  if (MULTIPART.test(type)) return multipartForm(body, parameterOf(type, 'boundary') ?? '');
  throw new TypeError(`a body of Content-Type ${JSON.stringify(type)} is no form: multipart/form-data or urlencoded`);
}

function urlencodedForm(body: Buffer): FormData {
  const form = new FormData();
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) form.append(name, value);
  return form;
}

function multipartForm(body: Buffer, boundary: string): FormData {
  if (boundary === '') throw broken('its Content-Type names no boundary');
  const form = new FormData();
  const first = Buffer.from(`--${boundary}`);
  const delimiter = Buffer.concat([CRLF, first]);
  // The first delimiter may be the first bytes. Text before it is for readers without MIME.
  let at = body.subarray(0, first.length).equals(first) ? first.length : endOf(body, delimiter, 0);
  while (!startsWith(body, '--', at)) {
    const start = endOfLine(body, at);
    // A part without fields begins with the empty line.
    const head = startsWith(body, '\r\n', start) ? start : endOf(body, HEAD_END, start);
    const content = head === start ? start + CRLF.length : head;
    const end = endOf(body, delimiter, content);
    appendPart(form, body.toString('utf8', start, content), body.subarray(content, end - delimiter.length));
    at = end;
  }
  return form;
}

function appendPart(form: FormData, head: string, content: Buffer): void {
  const fields = partFields(head);
  const disposition = fields.get('Content-Disposition') ?? '';
  const name = dispositionParameter(disposition, 'name');
  if (!/^form-data[\t ]*;/i.test(disposition) || name === undefined) throw broken('a part of it has no name');
  const filename = dispositionParameter(disposition, 'filename');
  if (filename === undefined) {
    form.append(name, new TextDecoder('utf-8', bare({ ignoreBOM: true })).decode(content));
  } else {
    const type = utf8(fields.get('Content-Type') ?? 'text/plain');
    form.append(name, new File([new Uint8Array(content)], filename, bare({ type })));
  }
}

/**
 * The fields of a part. Names and values may be UTF-8, which HTTPHeaders does not accept, so each byte becomes one
 * character.
 */
function partFields(head: string): HTTPHeaders {
  const fields = new HTTPHeaders();
  for (const line of head.split('\r\n').filter((each) => each !== '')) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw broken('a part of it has a field without a name');
    fields.append(line.slice(0, colon), Buffer.from(line.slice(colon + 1).trim(), 'utf8').toString('latin1'));
  }
  return fields;
}

/**
 * A parameter of Content-Disposition as browsers write it (RFC 7578 4.2): line ends and quotes percent-encoded, no
 * backslash escapes.
 */
function dispositionParameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;[\\t ]*${name}=(?:"([^"]*)"|([^\\t ;"]+))`, 'i').exec(disposition);
  if (match === null) return undefined;
  const [, quoted, plain = ''] = match;
  return utf8(quoted ?? plain)
    .replaceAll(/%0A/gi, '\n')
    .replaceAll(/%0D/gi, '\r')
    .replaceAll('%22', '"');
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function startsWith(body: Buffer, text: string, at: number): boolean {
  return body.toString('latin1', at, at + text.length) === text;
}

/**
 * The offset behind the next line end; only blanks may come before it (RFC 2046 5.1.1, "transport padding"). @throws
 * TypeError
 */
function endOfLine(body: Buffer, at: number): number {
  const end = endOf(body, CRLF, at);
  if (body.toString('latin1', at, end - CRLF.length).trim() !== '') throw broken('a delimiter of it has no end');
  return end;
}

/** The offset behind the next `what`. @throws TypeError if there is none */
function endOf(body: Buffer, what: Buffer, from: number): number {
  const index = body.indexOf(what, from);
  if (index < 0) throw broken('it is cut short');
  return index + what.length;
}

function broken(why: string): TypeError {
  return new TypeError(`the body is no multipart/form-data: ${why}`);
}
