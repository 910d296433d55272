/**
 * The response of a proxy that refused a tunnel, as ProxyError has it. Logs show its body as text, and no secrets.
 */

import type { ProxyAnswer } from '../errors.ts';
import type { HTTPHeaders } from '../http1/headers.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { shownAs } from '../inspection.ts';

/** Bytes of the body that logs show. */
const SHOWN = 1000;

/** The refusal. */
export class ProxyRefusal implements ProxyAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: HTTPHeaders;
  readonly body: Buffer;

  constructor({ status, reason, headers }: ResponseHead, body: Buffer) {
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.body = body;
  }

  /** For logs: hides the values of fields that hold secrets. */
  toJSON(): object {
    return { ...this, headers: this.headers.withoutSecrets(), body: this.body.toString('utf8', 0, SHOWN) };
  }

  static {
    shownAs(ProxyRefusal, (answer) => answer.toJSON());
  }
}
