/** What is asked, and what is answered: functions of the number of the request, so that client and server know the same. */

/** The path says the number, and nothing else does. */
export function pathOf(number: number): string {
  return `/${number}`;
}

/** @returns -1 for a path that is none of {@link pathOf} */
export function numberOf(path: string): number {
  return /^\/[0-9]+$/.test(path) ? Number(path.slice(1)) : -1;
}

/** Well mixed bits of the number. */
function hash(number: number): number {
  let value = Math.imul(number + 1, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

export function methodOf(number: number): 'GET' | 'HEAD' | 'POST' {
  const choice = hash(number) % 16;
  if (choice === 0) return 'HEAD';
  return choice < 3 ? 'POST' : 'GET';
}

/** No two requests have the same, or one that begins as the other. */
function content(number: number, length: number): string {
  return `<${number}>`.repeat(Math.ceil(length / 3)).slice(0, length);
}

/** What is sent with the request; undefined for none. */
export function uploadOf(number: number): string | undefined {
  return methodOf(number) === 'POST' ? content(number, hash(number + 7) % 300) : undefined;
}

/** The body of the response, as its reader gets it. Most are small. */
export function bodyOf(number: number): string {
  if (methodOf(number) === 'HEAD') return '';
  const bits = hash(number + 13);
  return content(number, bits % 64 === 0 ? 5_000 + (bits % 20_000) : (bits >>> 8) % 300);
}

/** All of the response as it goes over the wire; a length or chunks say where it ends, never the end of the connection. */
export function wireOf(number: number): string {
  const body = bodyOf(number);
  const bits = hash(number + 29);
  const before = bits % 32 === 0 ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' : '';
  const head = `${before}HTTP/1.1 200 OK\r\nX-Number: ${number}\r\n`;
  if (bits % 3 !== 0) {
    const length = methodOf(number) === 'HEAD' ? 1000 : body.length;
    return `${head}Content-Length: ${length}\r\n\r\n${body}`;
  }
  if (methodOf(number) === 'HEAD') return `${head}Transfer-Encoding: chunked\r\n\r\n`;
  const size = 1 + (bits % 97);
  let chunks = '';
  for (let at = 0; at < body.length; at += body.length > 1000 ? 4096 : size) {
    const part = body.slice(at, at + (body.length > 1000 ? 4096 : size));
    chunks += `${part.length.toString(16)}\r\n${part}\r\n`;
  }
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\nX-Trailer: ${number}\r\n\r\n`;
}
