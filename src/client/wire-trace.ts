/**
 * The trace of one connection, for the outputs that the environment names (io/trace-output.ts): its lines, and the steps of connecting.
 * It decides nothing, and exists only if there is an output. Without one, the hooks of the connection test for undefined.
 *
 * A line is "#connection milliseconds mark text". The mark is `*` for a note; `>` for what is sent, `<` for what is received, each with
 * the number of the request on the connection. What messages say, and hide, is in message-trace.ts.
 */

import { wallTimeText } from '../clock.ts';
import { printable } from '../inspection.ts';
import type { ConnectOptions } from '../io/connection-attempts.ts';
import type { TLSTransport } from '../io/tls.ts';
import { connectionLabel, escapedBytes, type TraceOutput, traceOutput, traceTime } from '../io/trace-output.ts';
import type { Transport } from '../io/transport.ts';
import { authority } from './authority.ts';
import { withoutUserinfo } from './shown-head.ts';

/** Bytes of a body in one line. Each may take four characters, so that no line is too long. */
const BODY_LINE = 1900;
/** The port is always named. */
const NO_DEFAULT = 0;
/** Most characters of a note. */
const LONGEST_NOTE = 4000;

/** The trace of one connection. */
export class WireTrace {
  readonly #output: TraceOutput;
  readonly #label = connectionLabel();

  private constructor(output: TraceOutput, peer: string) {
    this.#output = output;
    this.note(`connection to ${peer}, ${wallTimeText()}`);
  }

  /** Undefined if the environment asks for no trace. */
  static begin(peer: string): WireTrace | undefined {
    const output = traceOutput();
    return output && new WireTrace(output, peer);
  }

  /** Whether secrets and bodies are shown. */
  get secrets(): boolean {
    return this.#output.secrets;
  }

  note(text: string): void {
    this.#write('*', [printable(withoutUserinfo(text), LONGEST_NOTE)]);
  }

  /** Lines of text, each character of which is one byte. */
  lines(mark: string, texts: readonly string[]): void {
    this.#write(mark, texts.map(escapedBytes));
  }

  /** The bytes of a body, in as many lines as it takes. */
  bytes(mark: string, data: Uint8Array): void {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at += BODY_LINE)
      this.lines(mark, [`| ${bytes.toString('latin1', at, at + BODY_LINE)}`]);
  }

  #write(mark: string, texts: readonly string[]): void {
    const begin = `${this.#label} ${traceTime()} ${mark}`;
    this.#output.write(texts.map((text) => (text === '' ? begin : `${begin} ${text}`)));
  }

  // --- connecting ----------------------------------------------------------------------------------------------------

  /** `options` that report each attempt, too. */
  attempts<T extends ConnectOptions>(port: number, options: T): T {
    return {
      ...options,
      onAttempt: (address) => this.note(`connecting to ${authority(address, port, NO_DEFAULT)}`),
      onFailure: (failure) => {
        this.note(`failed: ${failure.message}`);
        options.onFailure?.(failure);
      },
    };
  }

  connected({ fd, remoteAddress }: Transport): void {
    this.note(`connected${remoteAddress === undefined ? '' : ` to ${remoteAddress}`}, descriptor ${fd}`);
  }

  secured(transport: TLSTransport): void {
    const certificate = transport.getPeerCertificate();
    const { authorizationError, alpnProtocol } = transport;
    const facts = [
      `${transport.getProtocol()} ${transport.getCipher()?.standardName}`,
      `ALPN ${alpnProtocol ?? 'none'}`,
      ...(transport.isSessionReused() ? ['a resumed session'] : []),
      `certificate of ${String(certificate?.subject?.CN ?? '(no common name)')}`,
      ...(certificate?.subjectaltname === undefined ? [] : [certificate.subjectaltname]),
      authorizationError === undefined ? 'verified' : `NOT VERIFIED: ${authorizationError}`,
    ];
    this.note(facts.join(', '));
  }
}
