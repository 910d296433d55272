/**
 * For `node --import`: makes the document server of the five-ways example, and nothing else, send a wrong first byte in each
 * document that it sends as a whole.
 */

import { ServerResponse } from 'node:http';

const { end } = ServerResponse.prototype;

ServerResponse.prototype.end = function wrongEnd(this: ServerResponse, ...args: unknown[]): ServerResponse {
  const [content] = args;
  if (this.statusCode === 200 && content instanceof Uint8Array && content.length > 0) {
    const wrong = Buffer.from(content);
    wrong[0] = (wrong[0] ?? 0) ^ 1;
    args[0] = wrong;
  }
  return end.apply(this, args as Parameters<typeof end>);
};
