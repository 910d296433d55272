/**
 * Encodes FormData as multipart/form-data (RFC 7578, in the form of the HTML standard). The parts are not copied: a
 * Blob made of Blobs knows its length and can be read several times.
 */

import { builtin } from '../io/builtin.ts';
import { bare } from '../options.ts';

/** Encodes a form; the type of the Blob has the boundary. */
export function multipartBlob(form: FormData): Blob {
  const boundary = `----dugong-${builtin.crypto.randomBytes(16).toString('hex')}`;
  const parts: (string | Blob)[] = [];
  form.forEach((value, name) => {
    const disposition = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCRLF(name))}"`;
    if (typeof value === 'string') {
      parts.push(`${disposition}\r\n\r\n${withCRLF(value)}\r\n`);
    } else {
      const type = value.type || 'application/octet-stream';
      parts.push(`${disposition}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n');
    }
  });
  return new Blob([...parts, `--${boundary}--\r\n`], bare({ type: `multipart/form-data; boundary=${boundary}` }));
}

function withCRLF(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, '\r\n');
}

function escaped(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}
