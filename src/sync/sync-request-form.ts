/**
 * The FormData of the drop-in replacement for sync-request, and its encoding (RFC 7578).
 */

import { bytesOf } from '../client/given-bytes.ts';
import { multipartBlob } from '../client/multipart-blob.ts';
import { blobBytes } from '../fetch/blob-bytes.ts';
import { Content } from '../fetch/content.ts';
import type { RequestContent } from '../fetch/sync-body.ts';
import { bare } from '../options.ts';

/** The entries of a form, in order. */
export let entriesOf: (form: FormData) => readonly (readonly [string, string | Blob, string?])[];

/**
 * A form that the option `form` sends as multipart/form-data (RFC 7578).
 *
 * @example
 * ```js
 * import request, { FormData } from 'dugong/sync-request';
 *
 * const form = new FormData();
 * form.append('name', 'ann');
 * form.append('file', Buffer.from('a,b\n'), 'report.csv');
 * const text = request('POST', 'http://localhost:8080/form', { form }).getBody('utf8');
 * console.log(text.includes('filename="report.csv"')); // true
 * ```
 */
export class FormData {
  readonly #entries: [string, string | Blob, string?][] = [];

  /**
   * Adds an entry with the name `key` to the form. Bytes and Blobs are files; a string is one only if it has a
   * `fileName`.
   *
   * @param fileName default: the name of a File, otherwise "blob"
   * @throws TypeError for a `value` that is no string, Blob or bytes
   */
  append(key: string, value: string | Blob | Uint8Array, fileName?: string): void {
    this.#entries.push(entry(key, value, fileName));
  }

  static {
    entriesOf = (form) => form.#entries;
  }
}

/** Makes an entry: bytes and Blobs are files, a string only if it has a file name. */
function entry(key: string, value: unknown, fileName: string | undefined): [string, string | Blob, string?] {
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value);
    return fileName === undefined ? [key, text] : [key, new Blob([text]), fileName];
  }
  if (value instanceof Blob) return [key, value, fileName ?? (value instanceof File ? value.name : 'blob')];
  const bytes = bytesOf(value);
  if (bytes === undefined)
    throw new TypeError(`a value of a form must be a string, bytes or a Blob, got ${typeof value}`);
  return [key, new Blob([new Uint8Array(bytes)]), fileName ?? 'blob'];
}

/** Encodes a form. @throws TypeError for a value that is no form, and for Blobs that cannot be read */
export function formContent(form: unknown): RequestContent {
  const given = form instanceof FormData ? platformForm(form) : form;
  if (!(given instanceof globalThis.FormData)) {
    throw new TypeError('the option form must be a FormData, as request.FormData makes them');
  }
  const blob = multipartBlob(given);
  return { content: new Content(blobBytes(blob)), type: blob.type };
}

function platformForm(form: FormData): globalThis.FormData {
  const all = new globalThis.FormData();
  for (const [key, value, fileName] of entriesOf(form)) {
    if (typeof value === 'string') all.append(key, value);
    else all.append(key, new File([value], fileName ?? 'blob', bare({ type: value.type })));
  }
  return all;
}
